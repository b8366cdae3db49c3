"""Channels and webhooks of a level: told of an incident beside people, and they wake nobody."""

from typing import ClassVar, Literal

from tocsin.events.alerts import AlertSummary
from tocsin.events.base import AwareDatetime, Event, Severity, Urgency
from tocsin.events.pages import PageEvent


class AnnouncementRequested(PageEvent):
    """A level was reached that tells this channel or webhook. It is no page: it wakes nobody.

    `target` is as the policy names it, `channel payments` or `webhook board`. `level`, `loop`,
    `incident_version` and `due_at` are as those of a page.
    """

    TYPE: ClassVar[str] = "tocsin.announcement-requested.v1"

    announcement_id: str
    incident_version: int
    number: int
    title: str
    service: str
    severity: Severity
    urgency: Urgency
    target: str
    level: int
    loop: int
    policy: str
    catalog_version: int
    alerts: tuple[AlertSummary, ...] = ()
    more: int = 0
    runbook: str | None = None
    due_at: AwareDatetime | None = None


class AnnouncementEvent(Event):
    """What became of an announcement. Only notifier writes these.

    `delivery_id` is the same on every attempt: the provider knows the message by it.
    """

    TOPIC: ClassVar[str] = "notifications"

    incident_id: str
    announcement_id: str
    target: str
    channel: str
    delivery_id: str
    attempt: int = 1


class AnnouncementAttempted(AnnouncementEvent):
    """One attempt to tell a channel or webhook ended.

    `sent`: the provider took it. `delivered`: the endpoint answered that it has it. After `failed`
    and `uncertain` another attempt follows at `retry_at`; without one it is given up.
    """

    TYPE: ClassVar[str] = "tocsin.announcement-attempted.v1"

    outcome: Literal["sent", "delivered", "failed", "uncertain"]
    reason: str = ""
    retry_at: AwareDatetime | None = None
    reference: str = ""
    late_seconds: int = 0


class AnnouncementWithdrawn(AnnouncementEvent):
    """It was not sent, because the incident was answered first."""

    TYPE: ClassVar[str] = "tocsin.announcement-withdrawn.v1"

    reason: str
