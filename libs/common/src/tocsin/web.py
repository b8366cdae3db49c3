"""The HTTP side of every service: app factory, health, problem+json, auth, request caps."""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import orjson
import structlog
from fastapi import APIRouter, Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from tocsin import json_body
from tocsin.auth import (
    Admin,
    CatalogWriter,
    Principal,
    Reader,
    Writer,
    admin,
    reader,
    requires,
    writer,
)
from tocsin.errors import InputError, Refused, Unavailable
from tocsin.json_body import BrokenJsonError, ExcessiveJsonError
from tocsin.problems import Problem, unavailable
from tocsin.settings import ServiceSettings
from tocsin.web_limits import Limits, RequestLimits

__all__ = [
    "Admin",
    "CatalogWriter",
    "Limits",
    "Page",
    "Principal",
    "Problem",
    "Reader",
    "Writer",
    "admin",
    "after_cursor",
    "create_app",
    "cursor_of",
    "document",
    "idempotency_key",
    "reader",
    "requires",
    "unavailable",
    "writer",
]

log = structlog.get_logger(__name__)


T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """A list's answer: its items, and where the next ones start."""

    items: list[T]
    next: str | None = None


def cursor_of(value: str) -> str:
    """Return an opaque cursor for the item after which the next page starts."""
    return base64.urlsafe_b64encode(value.encode()).decode().rstrip("=")


def after_cursor(text: str | None) -> str | None:
    """Return what `cursor_of` was given; 422 where it was never a cursor of ours."""
    if text is None:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        return base64.b64decode(padded.encode(), altchars=b"-_", validate=True).decode()
    except ValueError as error:
        detail = "cursor: is not one that a list gave"
        raise Problem(422, "bad-cursor", detail, field="cursor") from error


def idempotency_key(request: Request) -> str | None:
    """Return the caller's Idempotency-Key, capped; ids derived from it make a repeat harmless."""
    key = request.headers.get("idempotency-key")
    if key is not None and not 0 < len(key) <= 255:  # noqa: PLR2004 - as the header's draft says.
        raise Problem(400, "bad-idempotency-key", "Idempotency-Key: must have 1 to 255 characters")
    return key


# FastAPI would export the path of every request, and in ours are keys and the tokens of links. What
# is traced and counted, `tocsin.telemetry` says.
_NO_TELEMETRY = TelemetryConfig(
    tracing=False, metrics=False, logs=False, operation_spans=False, auto_configure=False
)
Ready = Callable[[], Mapping[str, bool | str | int]]


def create_app(
    *,
    name: str,
    settings: ServiceSettings,
    routers: Sequence[APIRouter],
    routes: Sequence[BaseRoute] = (),
    ready: Ready = dict,
    limits: Limits | None = None,
    openapi_paths: Mapping[str, Any] | None = None,
) -> FastAPI:
    """Return a service's app.

    `routes` are plain Starlette routes, matched first: the fast path; `openapi_paths` documents
    them. `ready` says more about readiness; a value that is False makes the service not ready.
    What is added to `app.state.closing` is called when the process is told to stop: a stream that
    nobody ends would hold it up.
    """
    app = FastAPI(
        title=f"Tocsin {name}",
        version="1",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        openapi_url=None,
        telemetry=_NO_TELEMETRY,
    )
    app.state.api_tokens = settings.api_tokens
    app.state.ready = [ready]
    app.state.alive = []
    app.state.closing = []
    app.router.routes[:0] = list(routes)
    app.include_router(_service_router(app, openapi_paths or {}))
    for router in routers:
        app.include_router(router, dependencies=[Depends(_sane_json)])
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.add_middleware(RequestLimits, limits=limits or Limits())
    return app


def _service_router(app: FastAPI, openapi_paths: Mapping[str, Any]) -> APIRouter:
    router = APIRouter(tags=["service"])

    @router.get("/healthz")
    async def healthz() -> Response:
        """Alive: its loops make progress."""
        stalled = [text for check in app.state.alive for text in check()]
        return _json({"alive": not stalled, "stalled": stalled}, 503 if stalled else 200)

    @router.get("/readyz")
    async def readyz() -> Response:
        """May take work; says of each dependency how it is."""
        state: dict[str, bool | str | int] = {}
        for check in app.state.ready:
            state.update(check())
        is_ready = all(value is not False for value in state.values())
        return _json({"ready": is_ready, **state}, 200 if is_ready else 503)

    @router.get("/metrics")
    async def metrics() -> Response:
        """Prometheus text; the names are in docs/operations.md."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @router.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return _json(document(app, openapi_paths), 200)

    app.state.openapi_paths = openapi_paths
    return router


def document(app: FastAPI, openapi_paths: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the app's OpenAPI document, the plain routes' included."""
    found = app.openapi()
    paths = app.state.openapi_paths if openapi_paths is None else openapi_paths
    return {**found, "paths": {**paths, **found["paths"]}}


def _json(value: Mapping[str, Any], status: int) -> Response:
    return Response(orjson.dumps(value), status_code=status, media_type="application/json")


async def _problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    mistakes = [
        {"field": ".".join(str(part) for part in item["loc"]), "message": item["msg"]}
        for item in error.errors()
    ]
    if any(item["type"] == "json_invalid" for item in error.errors()):
        at = str(error.errors()[0].get("ctx", {}).get("error", "")) or mistakes[0]["message"]
        place = mistakes[0]["field"].removeprefix("body.")
        return Problem(400, "broken-json", f"not JSON: {at} (character {place})").response()
    detail = "; ".join(f"{item['field']}: {item['message']}" for item in mistakes)
    return Problem(422, "invalid", detail, errors=mistakes).response()


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    slugs = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}
    slug = slugs.get(error.status_code, "http-error")
    return Problem(error.status_code, slug, str(error.detail), error.headers).response()


async def _input(_request: Request, error: Exception) -> Response:
    if isinstance(error, Refused):
        return Problem(409, "refused", str(error)).response()
    slugs: dict[type, str] = {BrokenJsonError: "broken-json", ExcessiveJsonError: "excessive-json"}
    return Problem(400, slugs.get(type(error), "bad-request"), str(error)).response()


async def _sane_json(request: Request) -> None:
    """Refuse what is no message before each of its thousand keys is a mistake of its own."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind == "application/json" and (body := await request.body()):
        json_body.parse(body)


async def _away(_request: Request, error: Exception) -> Response:
    log.warning("request_unavailable", error=repr(error))
    return unavailable("A dependency does not answer; try again.").response()


_HANDLERS: dict[type[Exception], Any] = {
    Problem: _problem,
    RequestValidationError: _invalid,
    HTTPException: _http,
    InputError: _input,
    Unavailable: _away,
}
