"""The JSON of incidents, alerts and silences, as people and scripts see it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from incident_intake.domain.alert import Alert
from incident_intake.domain.bounds import in_calendar
from incident_intake.domain.incident import Incident
from incident_intake.domain.suppression import Silence
from incident_intake.entrypoints.sources.reading import clean
from incident_intake.ports import Membership
from tocsin import matching
from tocsin.durations import Duration
from tocsin.events import Severity, Urgency

Text = Annotated[str, AfterValidator(clean)]
Moment = Annotated[AwareDatetime, AfterValidator(in_calendar)]
Title = Annotated[str, Field(min_length=1, max_length=1024), AfterValidator(clean)]


def _matcher(text: str) -> str:
    matching.parse(text)
    return text


MatcherText = Annotated[str, AfterValidator(clean), AfterValidator(_matcher)]


class AlertItem(BaseModel):
    """One identity, in its latest episode."""

    id: str
    service: str
    status: str
    dedup_key: str
    title: str
    severity: Severity
    labels: dict[str, str]
    source: str
    incident: str | None
    started_at: datetime | None
    ended_at: datetime | None
    description: str = ""
    links: list[dict[str, str]] = []
    integration: str = ""
    times_received: int = 1
    last_received_at: datetime | None = None
    expires_at: datetime | None = None
    silence: str | None = None

    @classmethod
    def of(cls, alert: Alert, part: Membership | None = None) -> "AlertItem":
        """Return the item of an alert; with `part`, as it was in that incident."""
        return cls(
            id=alert.alert_id,
            service=alert.service,
            status=part.status if part else alert.status,
            dedup_key=alert.dedup_key,
            title=alert.title,
            severity=alert.severity,
            labels=dict(alert.labels),
            source=alert.source,
            incident=part.incident_id if part else alert.incident_id,
            started_at=part.started_at if part else alert.started_at,
            ended_at=part.ended_at if part else alert.ended_at,
            description=alert.description,
            links=[{"href": link.href, "text": link.text} for link in alert.links],
            integration=alert.integration,
            times_received=alert.times_received,
            last_received_at=alert.received_at,
            expires_at=alert.expires_at,
            silence=alert.silence_id,
        )


class IncidentItem(BaseModel):
    """An incident; `alerts` counts its alerts by status."""

    id: str
    number: int
    title: str
    status: str
    severity: Severity
    urgency: Urgency
    service: str
    source: str
    triggered_at: datetime
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    snoozed_until: datetime | None
    resolved_by: str | None
    resolved_at: datetime | None
    alerts: dict[str, int]
    description: str
    group_key: str
    rule: str
    version: int

    @classmethod
    def of(cls, incident: Incident, **more: Any) -> "IncidentItem":  # noqa: ANN401 - subclass fields.
        """Return the item of an incident."""
        return cls(
            id=incident.incident_id,
            number=incident.number,
            title=incident.title,
            status=incident.status,
            severity=incident.severity,
            urgency=incident.urgency,
            service=incident.service,
            source=incident.source,
            triggered_at=incident.triggered_at,
            acknowledged_by=str(incident.acknowledged_by) if incident.acknowledged_by else None,
            acknowledged_at=incident.acknowledged_at,
            snoozed_until=incident.snoozed_until,
            resolved_by=str(incident.resolved_by) if incident.resolved_by else None,
            resolved_at=incident.resolved_at,
            alerts=incident.alerts.by_status(),
            description=incident.description,
            group_key=incident.group_key,
            rule=incident.rule,
            version=incident.version,
            **more,
        )


class IncidentDetail(IncidentItem):
    """An incident with its alerts, oldest first, at most 500."""

    alert_list: list[AlertItem]


class CommandAnswer(BaseModel):
    """A command that was taken: its id, and the incident after it."""

    id: str
    incident: IncidentItem


class Body(BaseModel):
    """What a request may say; unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid")


class NewIncident(Body):
    """An incident opened by hand."""

    title: Title
    service: Text | None = None
    severity: Severity = "critical"
    description: Text = ""
    by: Text | None = None


class Order(Body):
    """Who gives the command, when it is not the token itself."""

    by: Text | None = None


class Snooze(Order):
    """Until when, or for how long."""

    until: Moment | None = None
    duration: Duration | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "Snooze":
        if (self.until is None) == (self.duration is None):
            raise ValueError('give one of "until" (a time) and "duration" (such as 2h)')
        return self

    def ends_at(self, now: datetime) -> datetime:
        """Return when the snooze ends."""
        if self.until is not None:
            return self.until
        assert self.duration is not None, "one of both was given"
        return now + self.duration


class Note(Order):
    """What to write down."""

    text: Annotated[str, Field(min_length=1, max_length=10_000), AfterValidator(clean)]


class NewSilence(Body):
    """A silence to add: at least one matcher, and an end."""

    matchers: list[MatcherText] = Field(min_length=1, max_length=50)
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    duration: Duration | None = None
    comment: Text = ""
    created_by: Text | None = None

    @model_validator(mode="after")
    def _bounded(self) -> "NewSilence":
        if (self.ends_at is None) == (self.duration is None):
            raise ValueError('give one of "ends_at" (a time) and "duration" (such as 2h)')
        if matching.all_match(map(matching.parse, self.matchers), {}):
            raise ValueError("matchers: these match everything; name what is to be silent")
        return self


class SilenceItem(BaseModel):
    """A silence, as it stands now."""

    id: str
    matchers: list[str]
    starts_at: datetime
    ends_at: datetime
    created_by: str
    created_at: datetime
    comment: str
    status: Literal["pending", "active", "expired"]

    @classmethod
    def of(cls, silence: Silence, now: datetime) -> "SilenceItem":
        """Return the item of a silence."""
        status: Literal["pending", "active", "expired"] = "expired"
        if now < silence.ends_at:
            status = "active" if silence.starts_at <= now else "pending"
        return cls(
            id=silence.silence_id,
            matchers=list(silence.matchers),
            starts_at=silence.starts_at,
            ends_at=silence.ends_at,
            created_by=silence.created_by,
            created_at=silence.created_at,
            comment=silence.comment,
            status=status,
        )
