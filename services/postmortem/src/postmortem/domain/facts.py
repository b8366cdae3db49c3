"""What the events of an incident add up to: its state, its alerts, and who was paged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from postmortem.domain.document import Ids
from postmortem.domain.metrics import Metric, metrics
from postmortem.domain.timeline import TimelineEntry, timeline
from tocsin import events as e
from tocsin.events import Envelope, Event, Severity

Status = Literal["unknown", "triggered", "acknowledged", "resolved", "merged"]

_STATUS: dict[type[Event], Status] = {
    e.IncidentTriggered: "triggered",
    e.IncidentAcknowledged: "acknowledged",
    e.IncidentSnoozed: "acknowledged",
    e.IncidentUnacknowledged: "triggered",
    e.IncidentMerged: "merged",
    e.IncidentResolved: "resolved",
    e.IncidentReassigned: "triggered",
    e.IncidentReopened: "triggered",
}


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """One alert of the incident, and the events that tell of it."""

    alert_id: str
    title: str
    severity: str
    source: str
    started_at: datetime | None
    ended_at: datetime | None
    ended: str
    rests_on: Ids


@dataclass(frozen=True, slots=True)
class PagedFacts:
    """What one person was sent, and whether any of it is known to have reached them."""

    responder: str
    channels: tuple[str, ...]
    notifications: int
    reached: int
    failed: int
    first_at: datetime | None
    rests_on: Ids


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an incident. `events` stand in the order of its timeline, `story`."""

    incident_id: str
    events: tuple[Envelope[Event], ...]
    story: tuple[TimelineEntry, ...]
    alerts: tuple[AlertFacts, ...]
    metrics: tuple[Metric, ...]
    triggered: Envelope[e.IncidentTriggered] | None
    status: Status
    status_rests_on: Ids
    severities: tuple[Severity, ...]
    severities_rest_on: Ids

    @property
    def title(self) -> str:
        """The incident's title; its id while the event that opened it has not arrived."""
        return self.triggered.data.title if self.triggered else f"Incident {self.incident_id}"

    @property
    def service(self) -> str:
        """The service that was hit, if known yet."""
        return self.triggered.data.service if self.triggered else ""


def facts(incident_id: str, envelopes: Iterable[Envelope[Event]]) -> Facts:
    """Return what these events add up to."""
    by_id = {envelope.event_id: envelope for envelope in envelopes}
    story = timeline(by_id.values())
    events = tuple(by_id[entry.event_id] for entry in story)
    triggered = next((item for item in events if isinstance(item.data, e.IncidentTriggered)), None)
    status: Status = "unknown"
    status_rests_on: Ids = ()
    for item in events:
        if (found := _STATUS.get(type(item.data))) is not None:
            status, status_rests_on = found, (item.event_id,)
    severities, rest_on = _severities(events)
    return Facts(
        incident_id=incident_id,
        events=events,
        story=story,
        alerts=alerts(events),
        metrics=metrics(events),
        triggered=triggered,  # type: ignore[arg-type]  # Found by its data's type.
        status=status,
        status_rests_on=status_rests_on,
        severities=severities,
        severities_rest_on=rest_on,
    )


def _severities(events: Sequence[Envelope[Event]]) -> tuple[tuple[Severity, ...], Ids]:
    path: list[Severity] = []
    rests_on: list[str] = []
    for item in events:
        match item.data:
            case e.IncidentTriggered(again=True):
                continue  # As it stood; nothing changed.
            case e.IncidentTriggered(severity=severity) | e.SeverityChanged(severity=severity):
                path.append(severity)
                rests_on.append(item.event_id)
    return tuple(path), tuple(rests_on)


def alerts(events: Iterable[Envelope[Event]]) -> tuple[AlertFacts, ...]:
    """Return the alerts of an incident, in the order they joined it."""
    found: dict[str, list[Envelope[Event]]] = {}
    for item in events:
        match item.data:
            case e.IncidentTriggered(alert=e.AlertSummary() as alert) | e.AlertAdded(alert=alert):
                found.setdefault(alert.alert_id, []).append(item)
            case e.AlertResolved(alert_id=alert_id):
                found.setdefault(alert_id, []).append(item)
    return tuple(_alert(alert_id, items) for alert_id, items in found.items())


def _alert(alert_id: str, items: Sequence[Envelope[Event]]) -> AlertFacts:
    title, severity, source = alert_id, "", ""
    started_at = ended_at = None
    ended = ""
    for item in items:
        match item.data:
            case e.IncidentTriggered(alert=e.AlertSummary() as alert) | e.AlertAdded(alert=alert):
                title, severity, source = alert.title, alert.severity, alert.source
                started_at = started_at or alert.started_at or alert.received_at or item.time
                ended_at, ended = None, ""
            case e.AlertResolved() as end:
                title = title if severity else end.title
                ended_at, ended = end.ended_at or item.time, end.reason
    rests_on = tuple(item.event_id for item in items)
    return AlertFacts(alert_id, title, severity, source, started_at, ended_at, ended, rests_on)


def paged(events: Iterable[Envelope[Event]]) -> tuple[PagedFacts, ...]:
    """Return who was to be paged, in the order it was asked for, and what came of it."""
    found: dict[str, list[Envelope[Event]]] = {}
    for item in events:
        if isinstance(item.data, e.PageRequested | e.NotificationEvent | e.ResponderUnreachable):
            found.setdefault(item.data.responder, []).append(item)
    return tuple(_paged(responder, items) for responder, items in found.items())


def _paged(responder: str, items: Sequence[Envelope[Event]]) -> PagedFacts:
    sent = {
        item.data.notification_id: item
        for item in reversed(items)
        if isinstance(item.data, e.NotificationSent | e.NotificationDelivered)
    }
    reached = {
        item.data.notification_id
        for item in items
        if isinstance(item.data, e.NotificationDelivered)
    }
    failed = sum(isinstance(item.data, e.NotificationFailed) for item in items)
    channels = dict.fromkeys(
        item.data.channel for item in items if isinstance(item.data, e.NotificationEvent)
    )
    return PagedFacts(
        responder=responder,
        channels=tuple(channels),
        notifications=len(sent),
        reached=len(reached),
        failed=failed,
        first_at=min((item.time for item in sent.values()), default=None),
        rests_on=tuple(item.event_id for item in items),
    )
