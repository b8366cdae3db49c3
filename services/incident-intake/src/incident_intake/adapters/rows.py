"""Rows and domain values, mapped by hand: what is searched is a column, the rest a document."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, MetaData, Row, Table, Text

from incident_intake.domain.alert import Alert
from incident_intake.domain.asked import Asked
from incident_intake.domain.counts import AlertCounts
from incident_intake.domain.incident import Incident
from incident_intake.domain.judgement import Judgement
from incident_intake.domain.suppression import Silence
from tocsin.events import EVENTS, Actor, Link
from tocsin.sql import Instant, Json, recipe_tables

METADATA = MetaData()
recipe_tables(METADATA)
ALERTS = Table(
    "alerts",
    METADATA,
    Column("alert_id", Text, primary_key=True),
    Column("service", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("integration", Text, nullable=False),
    Column("incident_id", Text),
    Column("silence_id", Text),
    Column("first_received_at", Instant, nullable=False),
    Column("data", Json, nullable=False),
    Index("alerts_newest", "first_received_at", "alert_id"),
    Index("alerts_incident", "incident_id"),
    Index("alerts_silence", "silence_id"),
)
MEMBERSHIPS = Table(
    "memberships",
    METADATA,
    Column("incident_id", Text, primary_key=True),
    Column("alert_id", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
)
INCIDENTS = Table(
    "incidents",
    METADATA,
    Column("incident_id", Text, primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("service", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("group_key", Text, nullable=False),
    Column("triggered_at", Instant, nullable=False),
    Column("data", Json, nullable=False),
    Index("incidents_group", "group_key", "status"),
)
COUNTERS = Table(
    "counters",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
SILENCES = Table(
    "silences",
    METADATA,
    Column("silence_id", Text, primary_key=True),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("data", Json, nullable=False),
    Index("silences_ends_at", "ends_at"),
)
_ALERT_INSTANTS = (
    "received_at",
    "started_at",
    "latest_start",
    "ended_at",
    "resolved_start",
    "learned_end_at",
    "expires_at",
)
_ALERT_PLAIN = (
    "dedup_key",
    "title",
    "severity",
    "source",
    "description",
    "labels",
    "ended_by",
    "times_received",
)
_INCIDENT_INSTANTS = ("acknowledged_at", "acknowledged_until", "snoozed_until", "resolved_at")
_INCIDENT_PLAIN = (
    "title",
    "severity",
    "urgency",
    "source",
    "version",
    "description",
    "rule",
)


def alert_row(alert: Alert) -> dict[str, Any]:
    """Return the row of an alert."""
    data: dict[str, Any] = {name: getattr(alert, name) for name in _ALERT_PLAIN}
    data["labels"] = dict(alert.labels)
    data["links"] = [[link.href, link.text] for link in alert.links]
    for name in _ALERT_INSTANTS:
        data[name] = getattr(alert, name)
    data["placed"] = _judgement_data(alert.placed)
    data["passed_over"] = _judgement_data(alert.passed_over)
    return {
        "alert_id": alert.alert_id,
        "service": alert.service,
        "status": alert.status,
        "integration": alert.integration,
        "incident_id": alert.incident_id,
        "silence_id": alert.silence_id,
        "first_received_at": alert.first_received_at,
        "data": data,
    }


def alert_of(row: Row[Any]) -> Alert:
    """Return the alert of a row."""
    data = row.data
    return Alert(
        alert_id=row.alert_id,
        service=row.service,
        status=row.status,
        integration=row.integration,
        incident_id=row.incident_id,
        silence_id=row.silence_id,
        first_received_at=row.first_received_at,
        links=tuple(Link.model_construct(href=href, text=text) for href, text in data["links"]),
        **{name: data[name] for name in _ALERT_PLAIN},
        **_instants(data, _ALERT_INSTANTS),
        # Rows of the first releases do not have them.
        placed=_judgement_of(data.get("placed")),
        passed_over=_judgement_of(data.get("passed_over")),
    )


def incident_row(incident: Incident) -> dict[str, Any]:
    """Return the row of an incident."""
    counts = incident.alerts
    data: dict[str, Any] = {name: getattr(incident, name) for name in _INCIDENT_PLAIN}
    data["alerts"] = [list(counts.firing), counts.resolved, counts.expired]
    data["acknowledged_by"] = _actor_data(incident.acknowledged_by)
    data["acknowledged_also_by"] = [_actor_data(by) for by in incident.acknowledged_also_by]
    data["resolved_by"] = _actor_data(incident.resolved_by)
    for name in _INCIDENT_INSTANTS:
        data[name] = getattr(incident, name)
    data["catalog_version"] = incident.catalog_version
    data["asked"] = [[one.TYPE, one.model_dump(mode="json")] for one in incident.asked.facts]
    data["asked_answered"] = incident.asked.answered
    return {
        "incident_id": incident.incident_id,
        "number": incident.number,
        "service": incident.service,
        "status": incident.status,
        "group_key": incident.group_key,
        "triggered_at": incident.triggered_at,
        "data": data,
    }


def incident_of(row: Row[Any]) -> Incident:
    """Return the incident of a row."""
    data = row.data
    firing, resolved, expired = data["alerts"]
    return Incident(
        incident_id=row.incident_id,
        number=row.number,
        service=row.service,
        status=row.status,
        group_key=row.group_key,
        triggered_at=row.triggered_at,
        alerts=AlertCounts(tuple(firing), resolved, expired),
        acknowledged_by=_actor_of(data["acknowledged_by"]),
        acknowledged_also_by=tuple(
            Actor(kind=kind, name=name) for kind, name in data["acknowledged_also_by"]
        ),
        resolved_by=_actor_of(data["resolved_by"]),
        catalog_version=data.get("catalog_version", 0),
        asked=_asked_of(data),
        **{name: data[name] for name in _INCIDENT_PLAIN},
        **_instants(data, _INCIDENT_INSTANTS),
    )


def silence_row(silence: Silence) -> dict[str, Any]:
    """Return the row of a silence."""
    return {
        "silence_id": silence.silence_id,
        "starts_at": silence.starts_at,
        "ends_at": silence.ends_at,
        "created_at": silence.created_at,
        "data": {
            "matchers": list(silence.matchers),
            "created_by": silence.created_by,
            "comment": silence.comment,
        },
    }


def silence_of(row: Row[Any]) -> Silence:
    """Return the silence of a row."""
    return Silence(
        silence_id=row.silence_id,
        matchers=tuple(row.data["matchers"]),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        created_by=row.data["created_by"],
        created_at=row.created_at,
        comment=row.data["comment"],
    )


def _instants(data: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {
        name: None if data[name] is None else datetime.fromisoformat(data[name]) for name in names
    }


def _asked_of(data: Mapping[str, Any]) -> Asked:
    """Return whom an incident asks for by name; rows of the releases before do not say it."""
    facts: Any = tuple(EVENTS[kind].model_validate(one) for kind, one in data.get("asked", ()))
    return Asked(facts, tuple(data.get("asked_answered", ())))


def _actor_data(actor: Actor | None) -> list[str] | None:
    return None if actor is None else [actor.kind, actor.name]


def _actor_of(data: list[Any] | None) -> Actor | None:
    return None if data is None else Actor(kind=data[0], name=data[1])


def _judgement_data(judgement: Judgement | None) -> list[Any] | None:
    if judgement is None:
        return None
    return [judgement.code, judgement.at, judgement.rule, judgement.catalog_version]


def _judgement_of(data: list[Any] | None) -> Judgement | None:
    if data is None:
        return None
    code, at, rule, catalog_version = data
    return Judgement(code, datetime.fromisoformat(at), rule, catalog_version)
