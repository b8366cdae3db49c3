"""Prometheus itself, and whoever else talks to an Alertmanager: arrays for its API v2.

Firing while `endsAt` is ahead; every re-send moves it. An alert that is not sent again expires.
The same alert by way of an Alertmanager has the same identity: the fingerprint of its labels.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from incident_intake.domain import severity
from incident_intake.domain.fingerprint import fingerprint
from incident_intake.domain.message import AlertMessage, Parsed, Receipt
from incident_intake.entrypoints.sources import promlike, reading
from tocsin.errors import InputError

RESOLVE_TIMEOUT = timedelta(minutes=5)
CLOCK_SKEW = timedelta(seconds=30)
_LEGACY_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_URI = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*:[^\s]*|/[^\s]*)")


class RefusedByAlertmanager(InputError):  # noqa: N818 - what it is to the sender.
    """What Alertmanager refuses, with the status and the body that it answers."""

    def __init__(self, status: int, body: Any, reason: str) -> None:  # noqa: ANN401 - JSON.
        """Keep the answer; `reason` is for our own people."""
        super().__init__(reason)
        self.status = status
        self.body = body


def prometheus(payload: Any, receipt: Receipt) -> Parsed:  # noqa: ANN401 - JSON.
    """Return the messages of one POST."""
    return sort_out(payload, receipt)[0]


def sort_out(
    payload: Any,  # noqa: ANN401 - JSON.
    receipt: Receipt,
) -> tuple[Parsed, RefusedByAlertmanager | None]:
    """Return what could be read, and what Alertmanager would answer about the rest, if any."""
    if not isinstance(payload, list):
        raise _cannot_parse("cannot unmarshal object into Go value of type models.PostableAlerts")
    refusals: list[RefusedByAlertmanager] = []

    def convert(value: Any, place: str) -> AlertMessage:  # noqa: ANN401 - JSON.
        try:
            return _message(value, place, receipt)
        except RefusedByAlertmanager as refusal:
            refusals.append(refusal)
            raise

    parsed = reading.each(payload, "", convert)
    return parsed, _answer(refusals)


def _answer(refusals: list[RefusedByAlertmanager]) -> RefusedByAlertmanager | None:
    if not refusals:
        return None
    # What cannot be parsed at all comes first there, then what the schema refuses.
    for refusal in refusals:
        if isinstance(refusal.body, dict):
            return refusal
    text = "; ".join(str(refusal.body) for refusal in refusals)
    return RefusedByAlertmanager(400, text, "; ".join(map(str, refusals)))


def _cannot_parse(detail: str, place: str = "body") -> RefusedByAlertmanager:
    message = f'parsing alerts body from "" failed, because json: {detail}'
    return RefusedByAlertmanager(400, {"code": 400, "message": message}, f"{place}: {detail}")


def _message(value: Any, place: str, receipt: Receipt) -> AlertMessage:  # noqa: ANN401 - JSON.
    alert = _typed(value, place)
    try:
        labels = reading.labels(alert["labels"], f"{place}.labels", exact=True)
        annotations = reading.labels(alert.get("annotations"), f"{place}.annotations", exact=True)
        started_at = reading.instant(alert.get("startsAt"), f"{place}.startsAt")
        ends_at = reading.instant(alert.get("endsAt"), f"{place}.endsAt")
    except InputError as error:
        raise _cannot_parse(str(error), place) from error
    labels = {name: text for name, text in labels.items() if text}
    now = receipt.received_at
    started_at = started_at or ends_at or now
    _validate(labels, started_at, ends_at or now + RESOLVE_TIMEOUT, place, receipt)
    resolved = ends_at is not None and ends_at <= now
    expires_at = ends_at + CLOCK_SKEW if ends_at else now + RESOLVE_TIMEOUT
    return AlertMessage(
        # Over what was sent, so that it is the one that an Alertmanager computes.
        dedup_key=fingerprint({name: text for name, text in alert["labels"].items() if text}),
        action="resolve" if resolved else "trigger",
        title=promlike.title(labels, annotations),
        severity=severity.from_labels(labels),
        description=promlike.description(annotations),
        labels=reading.bounded(labels),
        links=promlike.links(alert, annotations),
        started_at=started_at,
        ended_at=ends_at if resolved else None,
        expires_at=None if resolved else expires_at,
    )


def _typed(value: Any, place: str) -> Mapping[str, Any]:  # noqa: ANN401 - JSON.
    index = place.strip("[]")
    if not isinstance(value, dict):
        raise _cannot_parse("cannot unmarshal into Go value of type models.PostableAlert", place)
    if value.get("labels") is None:
        body = {"code": 602, "message": f"{index}.labels in body is required"}
        raise RefusedByAlertmanager(422, body, f"{place}.labels: is required")
    generator = value.get("generatorURL")
    if generator is not None and not isinstance(generator, str):
        raise _cannot_parse("cannot unmarshal into Go struct field .generatorURL", place)
    if generator and not _URI.fullmatch(generator):
        message = f'{index}.generatorURL in body must be of type uri: "{generator[:200]}"'
        body = {"code": 601, "message": message}
        raise RefusedByAlertmanager(422, body, f"{place}.generatorURL: is not a URI")
    return value


def _validate(
    labels: Mapping[str, str], start: datetime, end: datetime, place: str, receipt: Receipt
) -> None:
    if not labels:
        raise RefusedByAlertmanager(
            400, "at least one label pair required", f"{place}.labels: must not be empty"
        )
    if end < start:
        raise RefusedByAlertmanager(
            400, "start time must be before end time", f"{place}.startsAt: is after endsAt"
        )
    if receipt.legacy_names:
        for name in sorted(labels):
            if not _LEGACY_NAME.fullmatch(name):
                body = f'invalid label set: invalid name "{name}"'
                raise RefusedByAlertmanager(400, body, f"{place}.labels: invalid name {name!r}")
