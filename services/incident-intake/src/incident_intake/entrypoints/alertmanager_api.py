"""Posing as an Alertmanager: API v2, as Prometheus, rulers and amtool speak it.

Answers are those of the real one: exactly 200 with an empty body, and its own error bodies.
What it would refuse is kept nevertheless once the key is known.
"""

from datetime import datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from incident_intake.domain.alert import Alert
from incident_intake.domain.message import Parsed
from incident_intake.domain.suppression import matched_labels
from incident_intake.entrypoints.reception import Reception
from incident_intake.entrypoints.sources.prometheus import RefusedByAlertmanager, sort_out
from incident_intake.ports import AlertFilter, IntakeUnitOfWork
from tocsin import json_body, matching
from tocsin.errors import InputError, Unavailable
from tocsin.problems import Problem, unavailable
from tocsin.unit_of_work import Store

SOURCE = "prometheus"
LIMIT = 500
MAX_FILTERS = 50
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]


def routes(
    reception: Reception, store: Store[IntakeUnitOfWork], started_at: datetime
) -> list[Route]:
    """Return the routes, with and without a trailing slash."""

    async def alerts(request: Request) -> Response:
        try:
            if request.method == "POST":
                return await _post(request, reception)
            if request.method in {"GET", "HEAD"}:
                return await _list(request, reception, store)
        except Problem as problem:
            return problem.response()
        message = f"method {request.method} is not allowed, but [POST,GET] are"
        return _json(405, {"code": 405, "message": message}, {"Allow": "POST,GET"})

    async def status(_request: Request) -> Response:
        return _json(200, _status(started_at))

    async def healthy(_request: Request) -> Response:
        return PlainTextResponse("OK")

    async def ready(_request: Request) -> Response:
        is_ready = reception.catalog.loaded
        return PlainTextResponse("OK" if is_ready else "Loading", 200 if is_ready else 503)

    return [
        Route("/api/v2/alerts", alerts, methods=METHODS),
        Route("/api/v2/alerts/", alerts, methods=METHODS),
        Route("/api/v2/status", status, methods=["GET"]),
        Route("/-/healthy", healthy, methods=["GET"]),
        Route("/-/ready", ready, methods=["GET"]),
    ]


async def _post(request: Request, reception: Reception) -> Response:
    admitted = await reception.admit(request, SOURCE)
    if admitted is None:
        return _unauthorized()
    kind = admitted.content_type.partition(";")[0].strip().lower()
    if kind != "application/json":
        message = f'unsupported media type "{kind}", only [application/json] are allowed'
        return _json(415, {"code": 415, "message": message})
    refusal: RefusedByAlertmanager | None
    try:
        payload = json_body.parse(admitted.body)
    except InputError as error:
        message = f'parsing alerts body from "" failed, because {error}'
        return _json(400, {"code": 400, "message": message})
    try:
        parsed, refusal = sort_out(payload, reception.receipt(admitted))
    except RefusedByAlertmanager as error:
        parsed, refusal = Parsed((), (str(error),)), error
    try:
        await reception.keep(admitted, parsed)
    except Unavailable as error:
        raise unavailable("Neither Kafka nor the database takes alerts now; try again.") from error
    return Response() if refusal is None else _json(refusal.status, refusal.body)


async def _list(request: Request, reception: Reception, store: Store[IntakeUnitOfWork]) -> Response:
    admitted = await reception.admit(request, SOURCE)
    if admitted is None:
        return _unauthorized()
    filters = request.query_params.getlist("filter")
    if len(filters) > MAX_FILTERS:
        return _json(400, f"bad matcher format: more than {MAX_FILTERS} filters")
    try:
        matchers = [matching.parse(text) for text in filters]
    except ValueError as error:
        return _json(400, f"bad matcher format: {error}")
    wanted = AlertFilter(statuses=("firing", "suppressed"), integration=admitted.name)
    async with store.read() as uow:
        found = await uow.alerts.listed(wanted, None, LIMIT)
    return _json(
        200,
        [_gettable(each) for each in found if matching.all_match(matchers, matched_labels(each))],
    )


def _gettable(alert: Alert) -> dict[str, Any]:
    ends_at = alert.expires_at or alert.received_at
    annotations = {"summary": alert.title, "description": alert.description}
    return {
        "annotations": {name: text for name, text in annotations.items() if text},
        "endsAt": _time(ends_at),
        "fingerprint": alert.dedup_key,
        "receivers": [{"name": "tocsin"}],
        "startsAt": _time(alert.started_at or alert.first_received_at),
        "status": {
            "inhibitedBy": [],
            "silencedBy": [alert.silence_id] if alert.silence_id else [],
            "state": "active" if alert.status == "firing" else "suppressed",
        },
        "updatedAt": _time(alert.received_at),
        "generatorURL": next((link.href for link in alert.links if link.text == "source"), ""),
        "labels": dict(alert.labels),
    }


def _status(started_at: datetime) -> dict[str, Any]:
    return {
        "cluster": {"status": "disabled", "peers": []},
        "config": {"original": ""},
        "uptime": _time(started_at),
        "versionInfo": {
            "branch": "",
            "buildDate": "",
            "buildUser": "",
            "goVersion": "",
            "revision": "",
            "version": "0.27.0",
        },
    }


def _time(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _unauthorized() -> Response:
    body = {"code": 401, "message": "the integration key is missing or unknown"}
    return _json(401, body, {"WWW-Authenticate": 'Bearer realm="tocsin"'})


def _json(code: int, body: Any, headers: dict[str, str] | None = None) -> Response:  # noqa: ANN401 - JSON.
    return Response(
        orjson.dumps(body) + b"\n",
        status_code=code,
        headers=headers,
        media_type="application/json",
    )
