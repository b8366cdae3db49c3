"""Notifications and incidents as rows, and back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import RowMapping

from notifier.domain.contact import ContactMethod
from notifier.domain.incident import Incident
from notifier.domain.notification import Notification
from notifier.domain.states import (
    Attempt,
    Delivered,
    Failed,
    Retrying,
    Sending,
    Sent,
    State,
    Waiting,
    Withdrawn,
    name_of,
)
from tocsin.events import AlertSummary

Columns = RowMapping | Mapping[str, Any]


def row_of(one: Notification) -> dict[str, Any]:
    """Return a notification's row. Text from outside is in `data`: JSON keeps a NUL escaped."""
    return {
        "notification_id": one.notification_id,
        "page_id": one.page_id,
        "incident_id": one.incident_id,
        "incident_version": one.incident_version,
        "purpose": one.purpose,
        "position": one.order,
        "state": name_of(one.state),
        "due_since": one.due_since,
        "wakes_at": one.wakes_at,
        "ended_at": None if one.wakes_at is not None else getattr(one.state, "at", None),
        "fence": one.fence,
        "attempt": one.attempt,
        "data": {
            "responder": one.responder,
            "contact": [one.contact.name, one.contact.channel, one.contact.address],
            "rule": one.rule,
            "state": _detail(one.state),
            "repeat_possible": one.repeat_possible,
            "failed_over": one.failed_over,
            "answered_meanwhile": one.answered_meanwhile,
            "about": one.about,
            "attempts": [_attempt_row(attempt) for attempt in one.attempts],
            "summary": one.summary,
            "covers": one.covers,
            "last_hope": one.last_hope,
            "holder": one.state.holder if isinstance(one.state, Sending) else "",
        },
    }


def notification_of(row: Columns) -> Notification:
    """Return the notification of a row."""
    data = row["data"]
    return Notification(
        notification_id=row["notification_id"],
        page_id=row["page_id"],
        incident_id=row["incident_id"],
        incident_version=row["incident_version"],
        responder=data["responder"],
        contact=ContactMethod(*data["contact"]),
        rule=data["rule"],
        order=row["position"],
        purpose=row["purpose"],
        due_since=row["due_since"],
        state=_state(row, data["state"], data.get("holder", "")),
        fence=row["fence"],
        attempt=row["attempt"],
        repeat_possible=data["repeat_possible"],
        failed_over=data["failed_over"],
        answered_meanwhile=data["answered_meanwhile"],
        about=data["about"],
        attempts=tuple(_attempt(attempt) for attempt in data["attempts"]),
        # Rows that an older release wrote have none of these.
        summary=data.get("summary", ""),
        covers=tuple(data.get("covers", ())),
        last_hope=data.get("last_hope", False),
    )


def _detail(state: State) -> list[str]:
    match state:
        case Sending(stop=detail) | Retrying(reason=detail) | Withdrawn(reason=detail):
            return [detail]
        case Sent(reference=detail) | Delivered(reference=detail):
            return [detail]
        case Failed(kind=kind, reason=reason):
            return [reason, kind]
        case Waiting():
            return []


def _state(row: Columns, detail: list[str], holder: str) -> State:
    match row["state"]:
        case "waiting":
            return Waiting(row["wakes_at"])
        case "sending":
            return Sending(row["wakes_at"], detail[0], holder)
        case "retrying":
            return Retrying(row["wakes_at"], detail[0])
        case "sent":
            return Sent(row["ended_at"], detail[0])
        case "delivered":
            return Delivered(row["ended_at"], detail[0])
        case "withdrawn":
            return Withdrawn(row["ended_at"], detail[0])
        case _:
            return Failed(row["ended_at"], cast("Any", detail[1]), detail[0])


def _attempt_row(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "ended_at": attempt.ended_at,
        "outcome": attempt.outcome,
        "reason": attempt.reason,
        "reference": attempt.reference,
        "retry_at": attempt.retry_at,
    }


def _attempt(data: Mapping[str, Any]) -> Attempt:
    retry_at = data["retry_at"]
    return Attempt(
        data["number"],
        datetime.fromisoformat(data["ended_at"]),
        data["outcome"],
        data["reason"],
        data["reference"],
        datetime.fromisoformat(retry_at) if retry_at else None,
    )


def incident_row(one: Incident) -> dict[str, Any]:
    """Return the row of an incident."""
    return {
        "incident_id": one.incident_id,
        "version": one.version,
        "number": one.number,
        "status": one.status,
        "answered_at_version": one.answered_at_version,
        "data": {
            "title": one.title,
            "service": one.service,
            "severity": one.severity,
            "urgency": one.urgency,
            "answered_by": one.answered_by,
            "more": one.more,
            "alerts": [alert.model_dump(mode="json") for alert in one.alerts],
        },
    }


def incident_of(row: Columns) -> Incident:
    """Return the incident of a row."""
    data = row["data"]
    return Incident(
        incident_id=row["incident_id"],
        version=row["version"],
        status=row["status"],
        number=row["number"],
        title=data["title"],
        service=data["service"],
        severity=data["severity"],
        urgency=data["urgency"],
        alerts=tuple(AlertSummary.model_validate(alert) for alert in data["alerts"]),
        more=data["more"],
        answered_at_version=row["answered_at_version"],
        answered_by=data["answered_by"],
    )
