"""The life of an incident. Only incident-intake writes these."""

from typing import ClassVar, Literal

from pydantic import Field

from tocsin.events.alerts import AlertSummary
from tocsin.events.base import Actor, AwareDatetime, Event, Labels, Link, Severity, Urgency, Version


class IncidentEvent(Event):
    """A change of one incident; `version` counts them from 1 without a gap."""

    TOPIC: ClassVar[str] = "incidents"

    incident_id: str
    version: Version


class IncidentTriggered(IncidentEvent):
    """An incident opened: somebody has to be paged. `rule` says why it is one of its own.

    With `again` it is no news but the incident as it stands, for those who have lost its first
    announcement: nothing was heard of a page in time. Who knows it already changes nothing.
    `accepted_at` is when its cause was accepted: from then on somebody was to be paged.
    """

    TYPE: ClassVar[str] = "tocsin.incident-triggered.v1"

    number: int
    title: str
    service: str
    severity: Severity
    urgency: Urgency
    source: str
    alert: AlertSummary | None = None
    description: str = ""
    escalation_policy: str | None = None
    team: str | None = None
    runbook: str | None = None
    links: tuple[Link, ...] = ()
    group_key: str = ""
    by: Actor | None = None
    rule: str = ""
    catalog_version: int = 0
    again: bool = False
    accepted_at: AwareDatetime | None = None


class AlertAdded(IncidentEvent):
    """An alert joined the incident, or fired again in it (`reopened`)."""

    TYPE: ClassVar[str] = "tocsin.alert-added.v1"

    alert: AlertSummary
    reopened: bool = False
    rule: str = ""


class AlertResolved(IncidentEvent):
    """An alert of the incident ended: its tool said so, or it was not sent again in time."""

    TYPE: ClassVar[str] = "tocsin.alert-resolved.v1"

    alert_id: str
    dedup_key: str
    title: str
    reason: Literal["resolved", "expired"]
    times_received: int = 1
    last_received_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None


class AlertSuppressed(Event):
    """An alert that notified nobody, and why. It belongs to no incident."""

    TYPE: ClassVar[str] = "tocsin.alert-suppressed.v1"
    TOPIC: ClassVar[str] = "incidents"
    KEY: ClassVar[str] = "alert_id"

    alert_id: str
    service: str
    dedup_key: str
    title: str
    reason: Literal["silence", "maintenance", "inhibition"]
    rule: str
    until: AwareDatetime | None = None
    labels: Labels = Field(default_factory=dict)


class SeverityChanged(IncidentEvent):
    """The incident became worse or better; its urgency follows the service's rule.

    Of one severity, `previous` as well, only the urgency changed, and `reason` says why.
    """

    TYPE: ClassVar[str] = "tocsin.severity-changed.v1"

    severity: Severity
    urgency: Urgency
    previous: Severity
    reason: str = ""


class IncidentAcknowledged(IncidentEvent):
    """Somebody has it since `accepted_at`; escalation halts. Past `until` it is triggered again."""

    TYPE: ClassVar[str] = "tocsin.incident-acknowledged.v1"

    by: Actor
    via: str = ""
    until: AwareDatetime | None = None
    accepted_at: AwareDatetime | None = None


class IncidentUnacknowledged(IncidentEvent):
    """Triggered again: the acknowledgement timed out or the snooze ended. Paging restarts."""

    TYPE: ClassVar[str] = "tocsin.incident-unacknowledged.v1"

    reason: Literal["acknowledgement-timeout", "snooze-ended", "command"]
    by: Actor | None = None


class IncidentSnoozed(IncidentEvent):
    """An acknowledgement that ends at `until`."""

    TYPE: ClassVar[str] = "tocsin.incident-snoozed.v1"

    by: Actor
    until: AwareDatetime
    via: str = ""


class IncidentReassigned(IncidentEvent):
    """The incident is now for these people and teams: they are paged instead of the levels.

    It is triggered again, whoever had it. A name is a person's, or `team:` and a team's.
    """

    TYPE: ClassVar[str] = "tocsin.incident-reassigned.v1"

    by: Actor
    to: tuple[str, ...]
    via: str = ""
    reason: str = ""


class IncidentEscalated(IncidentEvent):
    """Somebody asked for these people and teams by name: they are paged now, in addition.

    Whoever has the incident keeps it, and a climb goes on. Names are as in IncidentReassigned.
    """

    TYPE: ClassVar[str] = "tocsin.incident-escalated.v1"

    by: Actor
    to: tuple[str, ...]
    via: str = ""
    reason: str = ""


class NoteAdded(IncidentEvent):
    """Somebody wrote something down; if `acknowledged`, they answered for their own pages alone."""

    TYPE: ClassVar[str] = "tocsin.note-added.v1"

    by: Actor
    text: str
    via: str = ""
    acknowledged: bool = False


class IncidentMerged(IncidentEvent):
    """The incident became part of another one."""

    TYPE: ClassVar[str] = "tocsin.incident-merged.v1"

    by: Actor
    into: str
    via: str = ""


class IncidentResolved(IncidentEvent):
    """It is over: a person said so, or the last of its alerts ended."""

    TYPE: ClassVar[str] = "tocsin.incident-resolved.v1"

    by: Actor
    reason: Literal["command", "alerts-resolved"]
    via: str = ""


class IncidentReopened(IncidentEvent):
    """A resolved incident is open again."""

    TYPE: ClassVar[str] = "tocsin.incident-reopened.v1"

    by: Actor
    via: str = ""


class CommandRefused(Event):
    """A command that the incident's state did not allow, with the reason its sender is told."""

    TYPE: ClassVar[str] = "tocsin.command-refused.v1"
    TOPIC: ClassVar[str] = "incidents"

    incident_id: str
    command: str
    by: Actor
    reason: str
    via: str = ""


class SilenceChanged(Event):
    """A silence as it is from now on: it was created, changed, or is over (`expired`).

    With `again` it is no news but a silence that stands, said once more at a start.
    """

    TYPE: ClassVar[str] = "tocsin.silence-changed.v1"
    TOPIC: ClassVar[str] = "incidents"
    KEY: ClassVar[str] = "silence_id"

    silence_id: str
    change: Literal["created", "changed", "expired"]
    matchers: tuple[str, ...]
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    created_by: str
    created_at: AwareDatetime
    by: Actor
    comment: str = ""
    via: str = ""
    again: bool = False


class SilenceRefused(Event):
    """A command about a silence that could not be followed, with the reason its sender is told."""

    TYPE: ClassVar[str] = "tocsin.silence-refused.v1"
    TOPIC: ClassVar[str] = "incidents"
    KEY: ClassVar[str] = "silence_id"

    silence_id: str
    command: str
    by: Actor
    reason: str
    via: str = ""
