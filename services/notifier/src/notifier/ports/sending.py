"""Who takes claimed notifications to their channels."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from notifier.domain.incident import Incident
from notifier.domain.notification import Notification
from notifier.domain.page import Page
from tocsin.channels import SendResult


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed notification, and all that its message is made of; `others` go in it as well."""

    notification: Notification
    page: Page
    incident: Incident | None
    others: tuple["Job", ...] = ()

    @property
    def parts(self) -> tuple["Job", ...]:
        """Each notification of the message as a job of its own."""
        return (replace(self, others=()), *self.others) if self.others else (self,)

    @property
    def delivery_id(self) -> str:
        """The identity of the message."""
        return self.notification.summary or self.notification.notification_id

    def only(self, wanted: Collection[str]) -> "Job | None":
        """Return the job with only these of its notifications; None if none is left."""
        left = [one for one in self.parts if one.notification.notification_id in wanted]
        return replace(left[0], others=tuple(left[1:])) if left else None


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of a job; without a result it certainly was not begun."""

    job: Job
    result: SendResult | None
    at: datetime


@dataclass(frozen=True, slots=True)
class ChannelState:
    """How a channel is doing in this process."""

    in_flight: int = 0
    queued: int = 0
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_failure: str = ""


class Dispatcher(Protocol):
    """Takes claimed notifications to their channels."""

    @property
    def holder(self) -> str:
        """The process that claims are for, as others know it; empty where that is not told."""
        ...

    def admit(self, notifications: Sequence[Notification]) -> list[bool]:
        """Return for each, in order, whether there is room to take it now."""
        ...

    def submit(self, jobs: Sequence[Job]) -> None:
        """Take these; called after their claim was committed."""
        ...

    def stop(self, notification_ids: Iterable[str]) -> None:
        """Do not begin these any more."""
        ...

    def states(self) -> Mapping[str, ChannelState]:
        """Return how each channel is doing."""
        ...
