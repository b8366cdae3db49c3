"""Facts to envelopes, with ids that make the same decision, made twice, one event."""

from dataclasses import replace
from datetime import datetime

from escalation.domain.escalation import LATE, Escalation
from escalation.domain.status import Cause, Exhausted
from tocsin import ids
from tocsin.events import (
    AnnouncementRequested,
    Envelope,
    EscalationExhausted,
    EscalationStarted,
    Event,
    LevelSkipped,
    PageEvent,
    PageRequested,
    PageWithdrawn,
)
from tocsin.unit_of_work import Timer

SOURCE = "escalation"
TIMER_KIND = "escalation"


def cause_of(envelope: Envelope[Event]) -> Cause:
    """Return what is kept of an event, so that a timer can continue its chain and its trace."""
    correlation = envelope.correlation_id or envelope.event_id
    return Cause(envelope.event_id, correlation, envelope.traceparent)


def caused_by_climb(
    fact: PageEvent, climb: Escalation, cause: Cause | None, now: datetime
) -> Envelope[Event]:
    """Return the envelope of a fact about a climb."""
    identity = fact_id(fact, climb.cycle)
    return Envelope(
        data=fact,
        time=now,
        source=SOURCE,
        event_id=identity,
        causation_id=cause.event_id if cause else None,
        correlation_id=cause.correlation_id if cause else identity,
        traceparent=cause.traceparent if cause else None,
    )


def due_at(envelope: Envelope[Event]) -> datetime:
    """Return when what follows from an event was to follow: at once, from when it was accepted."""
    accepted_at = getattr(envelope.data, "accepted_at", None)
    return min(accepted_at or envelope.time, envelope.time)


def held_up(fact: PageEvent, due: datetime | None, now: datetime) -> PageEvent:
    """Return the fact; a page that an outage held up says when it was to be requested."""
    asks = isinstance(fact, PageRequested | AnnouncementRequested)
    if due is None or now - due <= LATE or not asks:
        return fact
    return fact.model_copy(update={"due_at": due})


def said_again(
    fact: PageEvent, climb: Escalation, cause: Cause | None, now: datetime
) -> Envelope[Event]:
    """Return the envelope of a fact that was told before: no inbox may pass it over as known."""
    first = caused_by_climb(fact, climb, cause, now)
    return replace(first, event_id=ids.derived("again", first.event_id, now.isoformat()))


def fact_id(fact: PageEvent, cycle: int) -> str:
    """Return the id that this fact always has."""
    incident = fact.incident_id
    match fact:
        case PageRequested(page_id=page_id):
            return ids.derived("page-requested", page_id)
        case PageWithdrawn(page_id=page_id):
            return ids.derived("page-withdrawn", page_id)
        case AnnouncementRequested(announcement_id=announcement_id):
            return ids.derived("announcement-requested", announcement_id)
        case LevelSkipped(loop=loop, level=level):
            return ids.derived("level-skipped", incident, str(cycle), str(loop), str(level))
        case EscalationStarted():
            return ids.derived("escalation-started", incident, str(cycle))
        case EscalationExhausted():
            return ids.derived("escalation-exhausted", incident, str(cycle))
        case _:
            return ids.new()


def timer_of(climb: Escalation) -> Timer | None:
    """Return the timer for the climb's deadline.

    Each place of a climb has a timer of its own and none is ever cancelled: one that fires late
    finds the climb elsewhere and does nothing. So the transaction of an acknowledgement never
    waits for the lock of a timer that is just firing.
    """
    deadline = climb.deadline
    if deadline is None:
        return None
    loop, level = (climb.rounds, 0) if isinstance(climb.status, Exhausted) else climb.place
    incident_id = climb.incident.incident_id
    identity = f"escalation/{incident_id}/{climb.cycle}/{loop}/{level}"
    return Timer(identity, TIMER_KIND, incident_id, deadline)
