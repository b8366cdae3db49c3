"""Prometheus Alertmanager's webhook, version 4.

Every alert speaks for itself: the status of the group is computed after its alerts were cut to
`max_alerts`, so it can say resolved while others fire. An alert that is absent keeps its state.
"""

from typing import Any

from incident_intake.domain import severity
from incident_intake.domain.fingerprint import dedup_key
from incident_intake.domain.message import AlertMessage, Parsed, Receipt
from incident_intake.entrypoints.sources import promlike, reading
from tocsin.errors import InputError


def alertmanager(payload: Any, receipt: Receipt) -> Parsed:  # noqa: ANN401 - JSON.
    """Return the messages of one notification."""
    del receipt
    notification = reading.mapping(payload, "body")
    if "alerts" not in notification:
        raise InputError("alerts: is required; is this an Alertmanager webhook?")
    return reading.each(reading.items(notification["alerts"], "alerts"), "alerts", _message)


def _message(value: Any, place: str) -> AlertMessage:  # noqa: ANN401 - JSON.
    alert = reading.mapping(value, place)
    status = reading.one_of(alert.get("status"), f"{place}.status", ("firing", "resolved"))
    labels = reading.labels(alert.get("labels"), f"{place}.labels")
    annotations = reading.labels(alert.get("annotations"), f"{place}.annotations")
    fingerprint = reading.string(alert.get("fingerprint"), f"{place}.fingerprint")
    if not labels and not fingerprint:
        raise InputError(f"{place}.labels: is required; they say which alert this is")
    resolved = status == "resolved"
    ended_at = reading.instant(alert.get("endsAt"), f"{place}.endsAt")
    return AlertMessage(
        dedup_key=dedup_key(fingerprint, labels),
        action="resolve" if resolved else "trigger",
        title=promlike.title(labels, annotations),
        severity=severity.from_labels(labels),
        description=promlike.description(annotations),
        labels=reading.bounded(labels),
        links=promlike.links(alert, annotations),
        started_at=reading.instant(alert.get("startsAt"), f"{place}.startsAt"),
        ended_at=ended_at if resolved else None,
    )
