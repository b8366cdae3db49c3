"""Errors over HTTP: RFC 9457 problem+json with a stable type."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

PROBLEM = "application/problem+json"
TYPE_PREFIX = "urn:tocsin:problem:"


class Problem(Exception):  # noqa: N818 - RFC 9457's own word.
    """An error answer: status, a stable type slug, one sentence, and whatever helps to mend it."""

    def __init__(
        self,
        status: int,
        slug: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        **more: Any,  # noqa: ANN401 - RFC 9457 extension members are JSON.
    ) -> None:
        """Keep the parts; `response` puts them together."""
        super().__init__(detail)
        self.status = status
        self.slug = slug
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more

    def response(self) -> Response:
        """Return the problem+json answer."""
        body = {
            "type": TYPE_PREFIX + self.slug,
            "title": self.slug.replace("-", " ").capitalize(),
            "status": self.status,
            "detail": self.detail,
            **self.more,
        }
        return Response(
            orjson.dumps(body), status_code=self.status, headers=self.headers, media_type=PROBLEM
        )


def unavailable(detail: str, seconds: int = 5) -> Problem:
    """Return the 503 that makes every sender try again."""
    return Problem(503, "unavailable", detail, {"Retry-After": str(seconds)})
