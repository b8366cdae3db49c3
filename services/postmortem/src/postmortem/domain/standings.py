"""Where an incident stands now: the one row that the console's lists and pages are made of.

triggered -> acknowledged -> resolved, and back; each event of the incident moves it on
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import singledispatch
from typing import Any

from postmortem.domain.facts import Status
from tocsin import events as e
from tocsin.catalog.naming import in_words
from tocsin.events import Envelope, Event, IncidentEvent


@dataclass(frozen=True, slots=True)
class Standing:
    """An incident as it stands after `version` events. `holder` says who has it, until `until`.

    While it is triggered, `holder` is whom it was given to, who have not answered yet.
    `number` is None while the event that opened it has not arrived.
    """

    incident_id: str
    version: int = 0
    number: int | None = None
    title: str = ""
    service: str = ""
    severity: str = ""
    urgency: str = ""
    status: Status = "unknown"
    team: str = ""
    policy: str = ""
    description: str = ""
    runbook: str = ""
    holder: str = ""
    until: datetime | None = None
    triggered_at: datetime | None = None
    resolved_at: datetime | None = None
    alerts: int = 0
    firing: int = 0

    @property
    def is_open(self) -> bool:
        """Whether somebody has to do something about it."""
        return self.status in {"triggered", "acknowledged"}

    def is_next(self, event: IncidentEvent) -> bool:
        """Whether this event follows on the last one heard: none is missing between them."""
        return event.version == self.version + 1

    def hears(self, envelope: Envelope[IncidentEvent]) -> "Standing":
        """Return the incident after its next event."""
        event = envelope.data
        changes = _changes(event, self, envelope.time)
        return replace(self, **changes, version=max(self.version, event.version))


def standing(incident_id: str, envelopes: Iterable[Envelope[Event]]) -> Standing:
    """Return where an incident stands after these events, in whatever order they arrived."""
    own = [envelope for envelope in envelopes if isinstance(envelope.data, IncidentEvent)]
    found = Standing(incident_id)
    for envelope in sorted(own, key=_place):
        found = found.hears(envelope)  # type: ignore[arg-type]  # Found by its data's type.
    return found


def _place(envelope: Envelope[Event]) -> tuple[int, bool, str]:
    # Announced again stands for all before it, so it comes behind what it repeats.
    again = isinstance(envelope.data, e.IncidentTriggered) and envelope.data.again
    return envelope.version or 0, again, envelope.event_id


@singledispatch
def _changes(event: IncidentEvent, before: Standing, at: datetime) -> dict[str, Any]:
    """Return what an event changes; most notes and marks change nothing here."""
    del event, before, at
    return {}


@_changes.register
def _(event: e.IncidentTriggered, before: Standing, at: datetime) -> dict[str, Any]:
    if event.again and before.number is not None:
        return {}
    return {
        "number": event.number,
        "title": event.title,
        "service": event.service,
        "severity": event.severity,
        "urgency": event.urgency,
        "status": "triggered",
        "team": event.team or "",
        "policy": event.escalation_policy or "",
        "description": event.description,
        "runbook": event.runbook or "",
        "triggered_at": at,
        "alerts": int(event.alert is not None),
        "firing": int(event.alert is not None),
    }


@_changes.register
def _(event: e.AlertAdded, before: Standing, at: datetime) -> dict[str, Any]:
    del at
    return {"alerts": before.alerts + (not event.reopened), "firing": before.firing + 1}


@_changes.register
def _(event: e.AlertResolved, before: Standing, at: datetime) -> dict[str, Any]:
    del event, at
    return {"firing": max(before.firing - 1, 0)}


@_changes.register
def _(event: e.SeverityChanged, before: Standing, at: datetime) -> dict[str, Any]:
    del before, at
    return {"severity": event.severity, "urgency": event.urgency}


@_changes.register(e.IncidentAcknowledged)
@_changes.register(e.IncidentSnoozed)
def _(
    event: e.IncidentAcknowledged | e.IncidentSnoozed, before: Standing, at: datetime
) -> dict[str, Any]:
    del before, at
    return {"status": "acknowledged", "holder": event.by.name, "until": event.until}


@_changes.register(e.IncidentUnacknowledged)
@_changes.register(e.IncidentReopened)
def _(event: IncidentEvent, before: Standing, at: datetime) -> dict[str, Any]:
    del event, before, at
    return {"status": "triggered", "holder": "", "until": None, "resolved_at": None}


@_changes.register
def _(event: e.IncidentReassigned, before: Standing, at: datetime) -> dict[str, Any]:
    del before, at
    return {"status": "triggered", "holder": in_words(event.to), "until": None}


@_changes.register
def _(event: e.IncidentMerged, before: Standing, at: datetime) -> dict[str, Any]:
    del event, before
    return {"status": "merged", "until": None, "resolved_at": at}


@_changes.register
def _(event: e.IncidentResolved, before: Standing, at: datetime) -> dict[str, Any]:
    del event, before
    return {"status": "resolved", "until": None, "resolved_at": at}
