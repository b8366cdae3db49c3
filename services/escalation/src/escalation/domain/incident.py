"""What escalation knows of an incident: what its pages tell."""

from dataclasses import dataclass, replace

from tocsin.events import AlertSummary, IncidentTriggered, Severity, Urgency

MOST_ALERTS = 20  # A page tells of this many; the others are counted.


@dataclass(frozen=True, slots=True)
class Incident:
    """The incident as last heard of. `service` is empty while its trigger was never seen."""

    incident_id: str
    number: int = 0
    title: str = ""
    service: str = ""
    severity: Severity = "critical"
    urgency: Urgency = "high"
    wanted_policy: str | None = None
    runbook: str | None = None
    alerts: tuple[AlertSummary, ...] = ()
    alert_count: int = 0

    @classmethod
    def unknown(cls, incident_id: str) -> "Incident":
        """Return an incident of which only the id is known; the worst is assumed of it."""
        return cls(incident_id, title=f"Incident {incident_id} (its details are not known)")

    @property
    def is_described(self) -> bool:
        """Return whether its trigger was seen."""
        return bool(self.service)

    @property
    def more(self) -> int:
        """How many alerts it has beyond those kept."""
        return self.alert_count - len(self.alerts)

    def described_by(self, event: IncidentTriggered) -> "Incident":
        """Return the incident with what its trigger tells; later alerts are kept."""
        described = replace(
            self,
            number=event.number,
            title=event.title,
            service=event.service,
            severity=event.severity,
            urgency=event.urgency,
            wanted_policy=event.escalation_policy,
            runbook=event.runbook,
        )
        return described.with_alert(event.alert) if event.alert else described

    def with_alert(self, alert: AlertSummary, *, reopened: bool = False) -> "Incident":
        """Return the incident with one more alert, or with a newer state of one it has."""
        if any(one.alert_id == alert.alert_id for one in self.alerts):
            alerts = tuple(alert if one.alert_id == alert.alert_id else one for one in self.alerts)
            return replace(self, alerts=alerts)
        if reopened and self.more > 0:  # It is one of those that are only counted.
            return self
        kept = (*self.alerts, alert) if len(self.alerts) < MOST_ALERTS else self.alerts
        return replace(self, alerts=kept, alert_count=self.alert_count + 1)
