"""What an incident owes: that somebody is paged in time, or that it is said why nobody is.

Each time it is triggered, or people are asked for by name, it owes anew, under its version then; an
answer, or a page that was decided on that version or a later one, discharges it. So what somebody
owes who has it already is for people who were asked for by name.
"""

from datetime import datetime, timedelta

from incident_intake.domain.incident import Incident
from tocsin.events import (
    EscalationExhausted,
    Event,
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
    PageRequested,
)
from tocsin.obligations import Obligation, plain

PAGED = "paged"
PAGED_WITHIN = timedelta(seconds=60)
MOST_NAMED = 100  # Characters: what the incident is has to fit beside them.
TRIGGERS = (
    IncidentTriggered,
    IncidentReopened,
    IncidentUnacknowledged,
    IncidentReassigned,
    IncidentEscalated,
)
ANSWERS = (IncidentAcknowledged, IncidentSnoozed, IncidentResolved, IncidentMerged)
OUTCOMES = (PageRequested, EscalationExhausted)


def identity(incident_id: str) -> str:
    """Return the id of what this incident owes."""
    return f"{PAGED}/{incident_id}"


def owed(
    incident: Incident, fact: IncidentEvent, now: datetime, within: timedelta
) -> Obligation | None:
    """Return what the incident owes because of this fact; most facts owe nothing."""
    if not isinstance(fact, TRIGGERS):
        return None
    about = f"incident #{incident.number} of {incident.service} ({incident.severity})"
    return Obligation(
        obligation_id=identity(incident.incident_id),
        kind=PAGED,
        subject=incident.incident_id,
        text=plain(f"{_who(fact)} is paged for {about}: {incident.title}"),
        owed_at=now,
        due_at=now + within,
        version=fact.version,
    )


def _who(fact: IncidentEvent) -> str:
    if isinstance(fact, IncidentReassigned | IncidentEscalated):
        return plain(" or ".join(fact.to), MOST_NAMED)
    return "somebody"


def is_answered(incident: Incident, fact: IncidentEvent) -> bool:
    """Return whether nobody is owed a page any more because of this fact."""
    if isinstance(fact, NoteAdded):
        return fact.acknowledged and fact.by.kind == "user" and not incident.asked.facts
    return isinstance(fact, ANSWERS)


def outcome(event: Event) -> tuple[str, int] | None:
    """Return which obligation this event of escalation discharges, and up to which version."""
    match event:
        case PageRequested(incident_id=incident_id, incident_version=version):
            return identity(incident_id), version
        case EscalationExhausted(incident_id=incident_id, incident_version=told):
            # A release that did not tell it could mean any; the first is certain.
            return identity(incident_id), told or 1
        case _:
            return None
