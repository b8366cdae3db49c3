"""What is kept: incidents, pages, notifications, what was heard, and who sends."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from notifier.domain.incident import Incident
from notifier.domain.notification import Notification
from notifier.domain.page import Page


class Incidents(Protocol):
    """What is known of incidents."""

    async def of(self, incident_ids: Collection[str], *, lock: bool = True) -> dict[str, Incident]:
        """Return those that are known, locked unless they are only looked at."""
        ...

    async def by_number(self, number: int) -> Incident | None:
        """Return the incident that people call by this number."""
        ...

    async def open(self, limit: int) -> list[Incident]:
        """Return those that are not over, the newest first; locks nothing."""
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
