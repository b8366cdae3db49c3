"""What monitoring tools said: the durable log that everything else is decided from."""

from typing import ClassVar, Literal

from pydantic import Field

from tocsin.events.base import AwareDatetime, Event, Labels, Link, Severity, Value


class RawPayload(Value):
    """The body of one request as it arrived, before any rule touched it.

    `encoding` is `utf-8` (the text itself) or `zlib+base64` (large or not UTF-8).
    """

    body: str
    encoding: Literal["utf-8", "zlib+base64"] = "utf-8"
    content_type: str = ""


class AlertEvent(Event):
    """One message from a monitoring tool about one alert: trigger, acknowledge or resolve.

    The identity of the alert is (`service`, `dedup_key`). `payload_id` names the event of the same
    request that carries `raw`; `expires_at` is when the alert ends unless it is sent again.
    """

    TYPE: ClassVar[str] = "tocsin.alert-event.v1"
    TOPIC: ClassVar[str] = "alert-events"

    integration: str
    source: str
    service: str
    dedup_key: str
    action: Literal["trigger", "acknowledge", "resolve"]
    title: str
    received_at: AwareDatetime
    description: str = ""
    severity: Severity = "error"
    labels: Labels = Field(default_factory=dict)
    links: tuple[Link, ...] = ()
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    route: str | None = None
    catalog_version: int = 0
    payload_id: str | None = None
    raw: RawPayload | None = None

    @property
    def key(self) -> str:
        """Service and dedup key: one alert's messages stay in order."""
        return f"{self.service}\x1f{self.dedup_key}"


class UnreadableAlert(Event):
    """An authenticated body that its source could not understand: kept, and opens an incident."""

    TYPE: ClassVar[str] = "tocsin.unreadable-alert.v1"
    TOPIC: ClassVar[str] = "alert-events"
    KEY: ClassVar[str] = "integration"

    integration: str
    source: str
    service: str
    reason: str
    received_at: AwareDatetime
    raw: RawPayload


class AlertSummary(Value):
    """What people need of an alert when they are paged."""

    alert_id: str
    dedup_key: str
    title: str
    severity: Severity
    source: str
    integration: str = ""
    description: str = ""
    labels: Labels = Field(default_factory=dict)
    links: tuple[Link, ...] = ()
    started_at: AwareDatetime | None = None
    received_at: AwareDatetime | None = None
