"""Posing as PagerDuty: `POST /v2/enqueue`. Clients know 202 and 400, and little else."""

from collections.abc import Iterator
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from incident_intake.domain.message import Parsed
from incident_intake.entrypoints.reception import Reception
from incident_intake.entrypoints.sources.pagerduty import InvalidEvent, pagerduty
from tocsin import json_body
from tocsin.errors import InputError, Unavailable
from tocsin.problems import Problem, unavailable

MAX_BYTES = 512 * 1024
SOURCE = "pagerduty"


def routes(reception: Reception) -> list[Route]:
    """Return the routes, with and without a trailing slash."""

    async def enqueue(request: Request) -> Response:
        try:
            return await _enqueue(request, reception)
        except Problem as problem:
            return problem.response()

    return [
        Route("/v2/enqueue", enqueue, methods=["POST"]),
        Route("/v2/enqueue/", enqueue, methods=["POST"]),
    ]


async def _enqueue(request: Request, reception: Reception) -> Response:
    body = await request.body()
    if len(body) > MAX_BYTES:
        return _invalid([f"Event is larger than {MAX_BYTES // 1024} KB"])
    try:
        payload = json_body.parse(body)
    except InputError as error:
        return _answer(
            400,
            status="Unrecognized object",
            message="Event object format is unrecognized",
            errors=["JSON parse error", str(error)],
        )
    admitted = await reception.admit(request, SOURCE, _routing_key(payload))
    if admitted is None:
        return _invalid([_key_mistake(payload)])
    refused: list[str] = []
    try:
        parsed = pagerduty(payload, reception.receipt(admitted))
    except InputError as error:
        # Refused as PagerDuty would, yet kept: somebody must hear of an alert that nobody reads.
        refused = error.errors if isinstance(error, InvalidEvent) else [str(error)]
        parsed = Parsed((), (str(error),))
    try:
        await reception.keep(admitted, parsed)
    except Unavailable as error:
        raise unavailable("Neither Kafka nor the database takes events now; try again.") from error
    if refused:
        return _invalid(refused)
    return _answer(
        202, status="success", message="Event processed", dedup_key=_echo(payload, parsed)
    )


def _routing_key(payload: Any) -> Iterator[str]:  # noqa: ANN401 - JSON.
    if isinstance(payload, dict) and isinstance(payload.get("routing_key"), str):
        yield payload["routing_key"]


def _key_mistake(payload: Any) -> str:  # noqa: ANN401 - JSON.
    if isinstance(payload, dict) and payload.get("routing_key"):
        return "'routing_key' is invalid"
    return "'routing_key' is missing or blank"


def _echo(payload: Any, parsed: Parsed) -> str:  # noqa: ANN401 - JSON.
    # The sender's own key comes back as it was sent, even where ours is its hash.
    return str(payload.get("dedup_key") or parsed.messages[0].dedup_key)


def _invalid(errors: list[str]) -> Response:
    return _answer(400, status="invalid event", message="Event object is invalid", errors=errors)


def _answer(code: int, **body: object) -> Response:
    return Response(orjson.dumps(body), status_code=code, media_type="application/json")
