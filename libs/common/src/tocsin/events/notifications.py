"""What became of each page on its way to a person. Only notifier writes these."""

from typing import ClassVar, Literal

from tocsin.events.base import AwareDatetime, Event


class NotificationEvent(Event):
    """The outcome of one attempt to reach one person by one contact method.

    `rule` says why this contact method was chosen.
    """

    TOPIC: ClassVar[str] = "notifications"

    incident_id: str
    notification_id: str
    page_id: str
    responder: str
    contact_method: str
    channel: str
    attempt: int = 1
    rule: str = ""


class NotificationSent(NotificationEvent):
    """The provider accepted it; that is not yet delivery.

    `late_seconds` is how long after its time it went, where that is more than two minutes.
    `summary_id` is the message that it shares with other pages, where there were many at once.
    """

    TYPE: ClassVar[str] = "tocsin.notification-sent.v1"

    reference: str = ""
    late_seconds: int = 0
    summary_id: str = ""


class NotificationDelivered(NotificationEvent):
    """It reached the person's device or endpoint; late, or with others, as NotificationSent."""

    TYPE: ClassVar[str] = "tocsin.notification-delivered.v1"

    reference: str = ""
    late_seconds: int = 0
    summary_id: str = ""


class NotificationFailed(NotificationEvent):
    """An attempt failed. With `retry_at` another follows; without, the next method takes over."""

    TYPE: ClassVar[str] = "tocsin.notification-failed.v1"

    kind: Literal["rate-limited", "transient", "target-gone", "content", "config"]
    reason: str
    retry_at: AwareDatetime | None = None


class NotificationUncertain(NotificationEvent):
    """We cannot know whether it was sent (timeout after the request, or a crash in the window).

    It is sent again with the same identity: better twice than not at all.
    """

    TYPE: ClassVar[str] = "tocsin.notification-uncertain.v1"

    reason: str
    retry_at: AwareDatetime | None = None


class NotificationWithdrawn(NotificationEvent):
    """It was not sent, because the incident was answered first."""

    TYPE: ClassVar[str] = "tocsin.notification-withdrawn.v1"

    reason: str


class ResponderUnreachable(Event):
    """No contact method of this person worked for this page. Escalation goes on at once."""

    TYPE: ClassVar[str] = "tocsin.responder-unreachable.v1"
    TOPIC: ClassVar[str] = "notifications"

    incident_id: str
    page_id: str
    responder: str
    reason: str
