"""What an incident owes: that somebody is paged in time, or that it is said why nobody is.

Each time it is triggered, or people are asked for by name, it owes anew, under its version then; an
answer, or a page that was decided on that version or a later one, discharges it.
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
    PageRequested,
)
from tocsin.obligations import Obligation, plain

PAGED = "paged"
PAGED_WITHIN = timedelta(seconds=60)
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
        text=plain(f"somebody is paged for {about}: {incident.title}"),
        owed_at=now,
        due_at=now + within,
        version=fact.version,
    )


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
