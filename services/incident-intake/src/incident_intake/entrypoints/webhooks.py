"""`POST /v1/alerts/{source}`: webhooks by the name of the tool that sends them."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from incident_intake.domain.message import Parsed
from incident_intake.entrypoints.reception import Reception
from incident_intake.entrypoints.sources import SOURCES, STRICT
from tocsin import json_body
from tocsin.errors import InputError, Unavailable
from tocsin.problems import Problem, unavailable


def routes(reception: Reception) -> list[Route]:
    """Return the routes; senders are never redirected, so both spellings exist."""

    async def alerts(request: Request) -> Response:
        try:
            return await _alerts(request, reception)
        except Problem as problem:
            return problem.response()

    return [
        Route("/v1/alerts/{source}", alerts, methods=["POST"]),
        Route("/v1/alerts/{source}/", alerts, methods=["POST"]),
    ]


async def _alerts(request: Request, reception: Reception) -> Response:
    name = request.path_params["source"]
    source = SOURCES.get(name)
    if source is None:
        known = ", ".join(sorted(SOURCES))
        raise Problem(404, "unknown-source", f"No source has this name; there are: {known}.")
    admitted = await reception.admit(request, name)
    if admitted is None:
        raise Problem(
            401,
            "unauthorized",
            "The integration key is missing or unknown. Send it as Authorization: Bearer KEY, as"
            " X-Tocsin-Key, or in the path: /k/KEY/…",
            {"WWW-Authenticate": 'Bearer realm="tocsin"'},
        )
    try:
        payload = json_body.parse(admitted.body)
    except InputError as error:
        raise Problem(400, _slug(error), str(error)) from error
    try:
        parsed = source(payload, reception.receipt(admitted))
    except InputError as error:
        parsed = Parsed((), (str(error),))
    if parsed.unreadable and name in STRICT:
        raise _invalid(parsed)
    try:
        event_ids = await reception.keep(admitted, parsed)
    except Unavailable as error:
        raise unavailable("Neither Kafka nor the database takes alerts now; try again.") from error
    return _answer(parsed, event_ids)


def _slug(error: InputError) -> str:
    is_broken = isinstance(error, json_body.BrokenJsonError)
    return "broken-json" if is_broken else "excessive-json"


def _invalid(parsed: Parsed) -> Problem:
    mistakes = [
        {"field": field, "message": message.strip()}
        for field, _, message in (reason.partition(":") for reason in parsed.unreadable)
    ]
    detail = "; ".join(parsed.unreadable)
    return Problem(422, "invalid", detail, field=mistakes[0]["field"], errors=mistakes)


def _answer(parsed: Parsed, event_ids: list[str]) -> Response:
    body: dict[str, object] = {"accepted": len(event_ids), "event_ids": event_ids}
    if parsed.unreadable:
        body["unreadable"] = list(parsed.unreadable)
        body["detail"] = "What could not be read was kept, and an incident tells of it."
    return Response(orjson.dumps(body), status_code=202, media_type="application/json")
