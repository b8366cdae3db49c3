"""An incident and its alerts from what was told of them: for a database that is older than that.

Facts are the truth: they are what others have acted on. So a restored database takes them over as
they are, and decides nothing anew.
"""

from dataclasses import replace
from datetime import datetime

from incident_intake.domain.alert import Alert
from incident_intake.domain.asked import NOBODY, UNANSWERED
from incident_intake.domain.incident import Incident
from tocsin.events import (
    AlertAdded,
    AlertResolved,
    AlertSummary,
    IncidentAcknowledged,
    IncidentEscalated,
    IncidentEvent,
    IncidentReassigned,
    IncidentResolved,
    IncidentSnoozed,
    IncidentTriggered,
    IncidentUnacknowledged,
    NoteAdded,
    SeverityChanged,
)


def recalled(
    incident: Incident | None, fact: IncidentEvent, alert: Alert | None, at: datetime
) -> Incident | None:
    """Return the incident after a fact that was told `at`; one that is known changes nothing.

    `alert` is the one that the fact is about, as it was before. None: nobody knows the beginning.
    """
    if incident is None:
        return _begun(fact, at)
    if fact.version <= incident.version:
        return incident
    return replace(_told(incident, fact, alert, at), version=fact.version)


def _begun(fact: IncidentEvent, at: datetime) -> Incident | None:
    if not isinstance(fact, IncidentTriggered):
        return None
    return Incident.triggered(fact, at).incident


def _told(incident: Incident, fact: IncidentEvent, alert: Alert | None, at: datetime) -> Incident:
    match fact:
        case AlertAdded(alert=joined, reopened=reopened):
            expired = alert is not None and alert.status == "expired"
            counts = incident.alerts.returns(expired=expired) if reopened else incident.alerts
            return replace(incident, alerts=counts.fires(joined.severity))
        case AlertResolved(reason=reason):
            severity = alert.severity if alert else incident.severity
            counts = incident.alerts.ends(severity, expired=reason == "expired")
            return replace(incident, alerts=counts)
        case SeverityChanged(severity=severity, urgency=urgency):
            return replace(incident, severity=severity, urgency=urgency)
        case _:
            return _answered(incident, fact, at)


def _answered(incident: Incident, fact: IncidentEvent, at: datetime) -> Incident:
    """Return the incident after a fact about who has it, and who is asked for."""
    match fact:
        case IncidentUnacknowledged():
            return replace(incident, **UNANSWERED)
        case IncidentReassigned():
            return replace(incident, **{**UNANSWERED, "asked": incident.asked.then(fact)})
        case IncidentEscalated():
            return replace(incident, asked=incident.asked.then(fact))
        case IncidentAcknowledged(by=by, until=until):
            taken = replace(incident, status="acknowledged", acknowledged_by=by, acknowledged_at=at)
            alone = replace(taken, acknowledged_also_by=(), asked=NOBODY)
            return replace(alone, acknowledged_until=until, snoozed_until=None)
        case NoteAdded(acknowledged=True, by=by):
            also = incident.acknowledged_also_by
            known = by == incident.acknowledged_by or by in also
            asked = incident.asked.answered_by(by)
            return replace(
                incident, asked=asked, acknowledged_also_by=also if known else (*also, by)
            )
        case IncidentSnoozed(until=until):
            return replace(incident, snoozed_until=until, acknowledged_until=None, asked=NOBODY)
        case IncidentResolved(by=by, reason=reason):
            over = replace(incident, status="resolved", resolved_by=by, resolved_at=at)
            dismissed = over.alerts.dismissed() if reason == "command" else over.alerts
            ended = replace(over, acknowledged_until=None, snoozed_until=None, asked=NOBODY)
            return replace(ended, alerts=dismissed)
        case _:
            return incident


def firing(alert: Alert | None, summary: AlertSummary, incident: Incident, at: datetime) -> Alert:
    """Return an alert that joined an incident; what its summary leaves out, nobody knows now."""
    first = summary.received_at or at
    known = alert or Alert(
        alert_id=summary.alert_id,
        service=incident.service,
        dedup_key=summary.dedup_key,
        status="firing",
        title=summary.title,
        severity=summary.severity,
        source=summary.source,
        integration=summary.integration,
        first_received_at=first,
        received_at=first,
        description=summary.description,
        labels=summary.labels,
        links=summary.links,
    )
    latest = replace(
        known,
        title=summary.title,
        severity=summary.severity,
        first_received_at=first,
        received_at=max(known.received_at, at),
        started_at=summary.started_at,
        ended_at=None,
        ended_by=None,
    )
    return latest.joined(incident.incident_id)


def ended(alert: Alert, fact: AlertResolved, at: datetime) -> Alert:
    """Return an alert after the fact that it is over."""
    expired = fact.reason == "expired"
    return replace(
        alert,
        status="expired" if expired else "resolved",
        received_at=max(alert.received_at, fact.last_received_at or at),
        ended_at=fact.ended_at or at,
        ended_by="expired" if expired else "tool",
        learned_end_at=at,
        times_received=fact.times_received,
        expires_at=None,
    )
