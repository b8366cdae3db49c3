"""What each event of an incident's life means for its climb; a replay means nothing."""

from dataclasses import replace
from datetime import datetime

from escalation.domain import by_name, rising, wishing
from escalation.domain.escalation import Decision, Escalation
from escalation.domain.policy import frozen
from escalation.domain.restating import announced_again
from escalation.domain.status import Answer
from tocsin.catalog import Catalog
from tocsin.events import (
    AlertAdded,
    IncidentAcknowledged,
    IncidentEscalated,
    IncidentEvent,
    IncidentMerged,
    IncidentReassigned,
    IncidentReopened,
    IncidentResolved,
    IncidentSnoozed,
    IncidentTriggered,
    IncidentUnacknowledged,
    NoteAdded,
    SeverityChanged,
)

HEARD: tuple[type[IncidentEvent], ...] = (
    IncidentTriggered,
    AlertAdded,
    SeverityChanged,
    IncidentAcknowledged,
    IncidentUnacknowledged,
    IncidentSnoozed,
    IncidentReassigned,
    IncidentEscalated,
    NoteAdded,
    IncidentMerged,
    IncidentResolved,
    IncidentReopened,
)
ANSWERS: dict[type[IncidentEvent], Answer] = {
    IncidentAcknowledged: "acknowledged",
    IncidentSnoozed: "snoozed",
    IncidentResolved: "resolved",
    IncidentMerged: "merged",
}


def hear(climb: Escalation, event: IncidentEvent, now: datetime, catalog: Catalog) -> Decision:
    """Return what follows from an event, given all that was heard before."""
    if isinstance(event, IncidentTriggered):
        known = announced_again(climb, event, now, catalog)
        if known is not None:
            return known
    if event.version <= climb.version:
        return _caught_up(climb, event, now, catalog)
    if isinstance(event, NoteAdded):
        # Its version says nothing of whom to page: what is told again has to be heard still.
        return by_name.answered(climb, event)
    seen = replace(climb, version=event.version)
    if answer := ANSWERS.get(type(event)):
        return wishing.answered(seen, event, answer, now, catalog)
    return _paging(seen, event, now, catalog, is_first=climb.version == 0)


def _paging(
    seen: Escalation, event: IncidentEvent, now: datetime, catalog: Catalog, *, is_first: bool
) -> Decision:
    match event:
        case IncidentTriggered():
            described = replace(seen, incident=seen.incident.described_by(event))
            return described.start(now, catalog)
        case IncidentReopened():
            return seen.start(now, catalog)
        case IncidentUnacknowledged():
            return seen.resume(now, catalog)
        case IncidentReassigned():
            return by_name.reassigned(seen, event, now, catalog)
        case IncidentEscalated():
            # Its trigger was lost: who is asked for is not known to be all that must be woken.
            first = seen.start(now, catalog) if is_first else Decision(seen)
            return by_name.in_addition(first, event, now, catalog)
        case SeverityChanged(urgency="high") if seen.incident.urgency == "low" and _asks(seen):
            # Who was told in the way of what can wait has to be woken now.
            return rising.more_urgent(_told(seen, event), seen.incident, now, catalog)
        case _:
            changed = _told(seen, event)
            # Its trigger was lost, and whether somebody has it is not known: better paged twice.
            return changed.start(now, catalog) if is_first else Decision(changed)


def _asks(climb: Escalation) -> bool:
    """Return whether anybody is asked: where somebody has it, only who was asked for since."""
    return climb.is_climbing or bool(climb.pages)


def _told(climb: Escalation, event: IncidentEvent) -> Escalation:
    """Return the climb whose later pages tell what this event tells."""
    match event:
        case SeverityChanged(severity=severity, urgency=urgency):
            incident = replace(climb.incident, severity=severity, urgency=urgency)
        case AlertAdded(alert=alert, reopened=reopened):
            incident = climb.incident.with_alert(alert, reopened=reopened)
        case _:
            return climb
    return replace(climb, incident=incident)


def _caught_up(
    climb: Escalation, event: IncidentEvent, now: datetime, catalog: Catalog
) -> Decision:
    """A trigger that comes late still says what the incident is about, and so who is to be paged.

    The rounds of the last resort are counted on: no page of theirs is one of before.
    """
    if not isinstance(event, IncidentTriggered) or climb.incident.is_described:
        return Decision(climb)
    known = replace(climb, incident=climb.incident.described_by(event))
    policy = frozen(catalog, known.incident.service, known.incident.wanted_policy)
    if policy.missing or not (climb.is_climbing and climb.policy.missing):
        return Decision(known)
    return replace(known, policy=policy).climb_from(1, 1, now, catalog)
