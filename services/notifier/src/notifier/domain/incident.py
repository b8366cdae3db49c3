"""What notifier knows of an incident: enough to say its state, and to know what was answered."""

from dataclasses import dataclass, replace
from typing import Literal

from tocsin.events import (
    AlertAdded,
    AlertSummary,
    IncidentAcknowledged,
    IncidentEvent,
    IncidentMerged,
    IncidentReassigned,
    IncidentReopened,
    IncidentResolved,
    IncidentSnoozed,
    IncidentTriggered,
    IncidentUnacknowledged,
    Severity,
    SeverityChanged,
    Urgency,
)

MAX_ALERTS = 20
Status = Literal["triggered", "acknowledged", "resolved", "merged"]
_ANSWERS: dict[type[IncidentEvent], Status] = {
    IncidentAcknowledged: "acknowledged",
    IncidentSnoozed: "acknowledged",
    IncidentResolved: "resolved",
    IncidentMerged: "merged",
}
ANSWERS = tuple(_ANSWERS)


@dataclass(frozen=True, slots=True)
class Incident:
    """A projection of the topic `incidents`. `answered_at_version` is the last answer's version.

    A page that was decided on an earlier version than that has been answered meanwhile: whoever
    answered could not know of it, and escalation pages anew if the answer ends.
    """

    incident_id: str
    version: int = 0
    status: Status = "triggered"
    number: int = 0
    title: str = ""
    service: str = ""
    severity: Severity = "error"
    urgency: Urgency = "high"
    alerts: tuple[AlertSummary, ...] = ()
    more: int = 0
    answered_at_version: int = 0
    answered_by: str = ""

    def has_answered(self, incident_version: int) -> bool:
        """Return whether a page decided on this version of the incident has been answered."""
        return self.answered_at_version > incident_version

    def is_asked_since(self, incident_version: int) -> bool:
        """Return whether a page on this version asks somebody although another person has it."""
        return self.status == "acknowledged" and not self.has_answered(incident_version)

    @property
    def answer(self) -> str:
        """The answer in words."""
        return f"{self.status} by {self.answered_by}"

    def apply(self, event: IncidentEvent) -> "Incident":
        """Return the incident after this event; one that is known already changes nothing."""
        if event.version <= self.version:
            return self
        seen = replace(self, version=event.version)
        match event:
            case IncidentTriggered():
                return _triggered(seen, event)
            case AlertAdded(alert=alert):
                return _with_alert(seen, alert)
            case SeverityChanged(severity=severity, urgency=urgency):
                return replace(seen, severity=severity, urgency=urgency)
            case (
                IncidentAcknowledged(by=by)
                | IncidentSnoozed(by=by)
                | IncidentResolved(by=by)
                | IncidentMerged(by=by)
            ):
                return replace(
                    seen,
                    status=_ANSWERS[type(event)],
                    answered_at_version=event.version,
                    answered_by=str(by),
                )
            case IncidentUnacknowledged() | IncidentReassigned() | IncidentReopened():
                return replace(seen, status="triggered")
            case _:
                return seen


def _triggered(seen: Incident, event: IncidentTriggered) -> Incident:
    named = replace(
        seen,
        # Told again, it may be the first that we hear of its being open again.
        status="triggered",
        number=event.number,
        title=event.title,
        service=event.service,
        severity=event.severity,
        urgency=event.urgency,
    )
    return _with_alert(named, event.alert) if event.alert else named


def _with_alert(seen: Incident, alert: AlertSummary) -> Incident:
    others = tuple(known for known in seen.alerts if known.alert_id != alert.alert_id)
    if len(others) >= MAX_ALERTS:
        return replace(seen, more=seen.more + 1)
    return replace(seen, alerts=(*others, alert))
