"""What notifier needs of the world."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from notifier.domain.incident import Incident
from notifier.domain.notification import Notification
from notifier.domain.page import Page
from tocsin.channels import SendResult
from tocsin.unit_of_work import UnitOfWork


class Incidents(Protocol):
    """What is known of incidents."""

    async def of(self, incident_ids: Collection[str], *, lock: bool = True) -> dict[str, Incident]:
        """Return those that are known, locked unless they are only looked at."""
        ...

    async def by_number(self, number: int) -> Incident | None:
        """Return the incident that people call by this number."""
        ...

    async def save(self, incidents: Sequence[Incident]) -> None:
        """Write whole incidents."""
        ...


class Pages(Protocol):
    """Pages, with the event each came by."""

    async def of(self, page_ids: Collection[str]) -> dict[str, Page]:
        """Return those that are known."""
        ...

    async def by_token(self, token_hash: str) -> Page | None:
        """Return the page whose link has this token."""
        ...

    async def latest_of(self, responder: str) -> Page | None:
        """Return the page that this person got last."""
        ...

    async def add(self, pages: Sequence[Page]) -> set[str]:
        """Write pages and return which were new; those that exist stay as they are."""
        ...

    async def save(self, page: Page) -> None:
        """Write a page that changed."""
        ...


class Notifications(Protocol):
    """Notifications, and which of them want something done."""

    async def of(
        self, notification_ids: Collection[str], *, lock: bool = True
    ) -> dict[str, Notification]:
        """Return those that are known, locked unless they are only looked at."""
        ...

    async def of_pages(self, page_ids: Collection[str]) -> list[Notification]:
        """Return all of these pages, locked."""
        ...

    async def of_incidents(self, incident_ids: Collection[str]) -> list[Notification]:
        """Return all of these incidents, locked."""
        ...

    async def due(self, now: datetime, limit: int) -> list[Notification]:
        """Return those that want something done by `now`, longest due first; locked.

        Those that another transaction holds are left out.
        """
        ...

    async def is_any_due(self, now: datetime) -> bool:
        """Return whether any wants something done by `now`, whoever holds it; locks nothing."""
        ...

    async def waiting_for(
        self, responders: Collection[str], now: datetime, limit: int
    ) -> list[Notification]:
        """Return pages to these people that should have gone by `now` and wait; locked.

        Those that another transaction holds are left out.
        """
        ...

    async def held_by(self, holder: str, limit: int) -> list[Notification]:
        """Return those that are claimed by this process; locked, without those locked already."""
        ...

    async def claimed_before(self, instant: datetime, limit: int) -> list[Notification]:
        """Return those still held by a claim that is older than `instant`; locked."""
        ...

    async def listed(
        self, incident_id: str, after: tuple[datetime, str] | None, limit: int
    ) -> list[Notification]:
        """Return an incident's notifications in the order they were due."""
        ...

    async def add(self, notifications: Sequence[Notification]) -> None:
        """Write new notifications; those that exist stay as they are."""
        ...

    async def save(self, notifications: Sequence[Notification]) -> None:
        """Write whole notifications that exist."""
        ...


class Interactions(Protocol):
    """What providers told us already."""

    async def unseen(self, channel: str, external_ids: Sequence[str], now: datetime) -> set[str]:
        """Return those that were not heard before, and remember them."""
        ...


class Holders(Protocol):
    """The processes that send, each with a sign of life that it gives again and again."""

    async def beat(self, holder: str, until: datetime, *, is_first: bool) -> bool:
        """Say that `holder` lives `until` then; return whether that stands.

        After the first time it does not if the holder was struck out: somebody has taken over.
        """
        ...

    async def signs(self) -> dict[str, datetime]:
        """Return the last sign of life of each."""
        ...

    async def forget(self, holder: str, sign: datetime) -> bool:
        """Strike out a holder, if that is still its last sign; return whether it was."""
        ...


class NotifierUnitOfWork(UnitOfWork, Protocol):
    """The recipe, and this service's repositories."""

    @property
    def incidents(self) -> Incidents:
        """What is known of incidents."""
        ...

    @property
    def pages(self) -> Pages:
        """Pages."""
        ...

    @property
    def notifications(self) -> Notifications:
        """Notifications."""
        ...

    @property
    def interactions(self) -> Interactions:
        """What was heard."""
        ...

    @property
    def holders(self) -> Holders:
        """Who sends."""
        ...


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
