"""The ports in a few dicts, held to the same contract suite as SQL."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from notifier.adapters.memory_contacts import MemoryContacts
from notifier.adapters.memory_notices import MemoryHandoffNotes, MemoryNotices, MemoryOutlooks
from notifier.adapters.memory_posts import MemoryChatLinks, MemoryOnCall, MemoryPosts
from notifier.domain.incident import Incident
from notifier.domain.notification import Notification
from notifier.domain.page import Page
from notifier.domain.retrying import LEASE
from notifier.domain.states import Retrying, Sending, Waiting
from tocsin.testing.memory import MemoryUnitOfWork, Tables

Table = dict[Any, Any]  # The recipe's tables hold whatever a service keeps in them.


class MemoryIncidents:
    """What is known of incidents."""

    def __init__(self, table: Table) -> None:
        """Keep them in `table`."""
        self._table = table

    async def of(self, incident_ids: Collection[str], *, lock: bool = True) -> dict[str, Incident]:
        """Return those that are known."""
        del lock
        return {one: self._table[one] for one in incident_ids if one in self._table}

    async def by_number(self, number: int) -> Incident | None:
        """Return the incident that people call by this number; the latest, if there are two."""
        found = [one for one in self._table.values() if one.number == number]
        return max(found, key=lambda one: one.incident_id, default=None)

    async def open(self, limit: int) -> list[Incident]:
        """Return those that are not over, the newest first."""
        found = [
            one
            for one in self._table.values()
            if one.number and one.status in {"triggered", "acknowledged"}
        ]
        return sorted(found, key=lambda one: -one.number)[:limit]

    async def save(self, incidents: Sequence[Incident]) -> None:
        """Write whole incidents."""
        self._table.update({one.incident_id: one for one in incidents})


class MemoryPages:
    """Pages, with the event each came by."""

    def __init__(self, table: Table) -> None:
        """Keep them in `table`."""
        self._table = table

    async def of(self, page_ids: Collection[str]) -> dict[str, Page]:
        """Return those that are known."""
        return {one: self._table[one] for one in page_ids if one in self._table}

    async def by_token(self, token_hash: str) -> Page | None:
        """Return the page whose link has this token."""
        return next((one for one in self._table.values() if one.token_hash == token_hash), None)

    async def latest_of(self, responder: str) -> Page | None:
        """Return the page that this person got last."""
        found = [one for one in self._table.values() if one.request.responder == responder]
        return max(found, key=lambda one: one.envelope.time, default=None)

    async def add(self, pages: Sequence[Page]) -> set[str]:
        """Write pages and return which were new; those that exist stay as they are."""
        fresh = {page.page_id: page for page in pages if page.page_id not in self._table}
        self._table.update(fresh)
        return set(fresh)

    async def save(self, page: Page) -> None:
        """Write a page that changed."""
        self._table[page.page_id] = page


class MemoryNotifications:
    """Notifications, and which of them want something done."""

    def __init__(self, table: Table) -> None:
        """Keep them in `table`."""
        self._table = table

    async def of(
        self, notification_ids: Collection[str], *, lock: bool = True
    ) -> dict[str, Notification]:
        """Return those that are known."""
        del lock
        return {one: self._table[one] for one in notification_ids if one in self._table}

    async def of_pages(self, page_ids: Collection[str]) -> list[Notification]:
        """Return all of these pages."""
        return self._sorted(lambda one: one.page_id in page_ids)

    async def of_incidents(self, incident_ids: Collection[str]) -> list[Notification]:
        """Return all of these incidents."""
        return self._sorted(lambda one: one.incident_id in incident_ids)

    async def due(self, now: datetime, limit: int) -> list[Notification]:
        """Return those that want something done by `now`, longest due first."""
        found = self._sorted(lambda one: one.wakes_at is not None and one.wakes_at <= now)
        return sorted(found, key=lambda one: one.wakes_at or now)[:limit]

    async def is_any_due(self, now: datetime) -> bool:
        """Return whether any wants something done by `now`."""
        return any(one.wakes_at is not None and one.wakes_at <= now for one in self._table.values())

    async def waiting_for(
        self, responders: Collection[str], now: datetime, limit: int
    ) -> list[Notification]:
        """Return pages to these people that should have gone by `now` and wait."""
        found = self._sorted(
            lambda one: (
                one.responder in responders
                and isinstance(one.state, Waiting | Retrying)
                and one.purpose == "page"
                and one.due_since <= now
            )
        )
        return sorted(found, key=lambda one: one.due_since)[:limit]

    async def held_by(self, holder: str, limit: int) -> list[Notification]:
        """Return those that are claimed by this process."""
        found = self._sorted(
            lambda one: isinstance(one.state, Sending) and one.state.holder == holder
        )
        return found[:limit]

    async def claimed_before(self, instant: datetime, limit: int) -> list[Notification]:
        """Return those still held by a claim that is older than `instant`."""
        until = instant + LEASE
        found = self._sorted(
            lambda one: isinstance(one.state, Sending) and one.state.lease_until < until
        )
        return found[:limit]

    async def listed(
        self, incident_id: str, after: tuple[datetime, str] | None, limit: int
    ) -> list[Notification]:
        """Return an incident's notifications in the order they were due."""
        found = self._sorted(lambda one: one.incident_id == incident_id)
        found.sort(key=lambda one: (one.due_since, one.notification_id))
        later = (one for one in found if not after or (one.due_since, one.notification_id) > after)
        return list(later)[:limit]

    async def add(self, notifications: Sequence[Notification]) -> None:
        """Write new notifications; those that exist stay as they are."""
        for one in notifications:
            self._table.setdefault(one.notification_id, one)

    async def save(self, notifications: Sequence[Notification]) -> None:
        """Write whole notifications that exist."""
        self._table.update(
            {
                one.notification_id: one
                for one in notifications
                if one.notification_id in self._table
            }
        )

    def _sorted(self, wanted: Any) -> list[Notification]:  # noqa: ANN401 - a local predicate.
        found = [one for one in self._table.values() if wanted(one)]
        return sorted(found, key=lambda one: one.notification_id)


class MemoryInteractions:
    """What providers told us already."""

    def __init__(self, table: Table) -> None:
        """Keep them in `table`."""
        self._table = table

    async def unseen(self, channel: str, external_ids: Sequence[str], now: datetime) -> set[str]:
        """Return those that were not heard before, and remember them."""
        fresh = {one for one in external_ids if (channel, one) not in self._table}
        self._table.update({(channel, one): now for one in fresh})
        return fresh


class MemoryHolders:
    """The processes that send, and their signs of life."""

    def __init__(self, table: Table) -> None:
        """Keep them in `table`."""
        self._table = table

    async def beat(self, holder: str, until: datetime, *, is_first: bool) -> bool:
        """Say that `holder` lives `until` then; return whether that stands."""
        if not is_first and holder not in self._table:
            return False
        self._table[holder] = until
        return True

    async def signs(self) -> dict[str, datetime]:
        """Return the last sign of life of each."""
        return dict(self._table)

    async def forget(self, holder: str, sign: datetime) -> bool:
        """Strike out a holder, if that is still its last sign; return whether it was."""
        if self._table.get(holder) != sign:
            return False
        del self._table[holder]
        return True


class MemoryNotifierUnitOfWork(MemoryUnitOfWork):
    """The recipe, and this service's repositories."""

    def __init__(self, tables: Tables) -> None:
        """Work on `tables`, which nobody else sees yet."""
        super().__init__(tables)
        self.incidents = MemoryIncidents(self.table("incidents"))
        self.pages = MemoryPages(self.table("pages"))
        self.notifications = MemoryNotifications(self.table("notifications"))
        self.interactions = MemoryInteractions(self.table("interactions"))
        self.holders = MemoryHolders(self.table("senders"))
        self.posts = MemoryPosts(self.table("posts"))
        self.on_call = MemoryOnCall(self.table("on_call"))
        self.outlooks = MemoryOutlooks(self.table("outlooks"))
        self.notices = MemoryNotices(self.table("notices"))
        self.handoff_notes = MemoryHandoffNotes(self.table("handoff_notes"))
        self.chat_links = MemoryChatLinks(self.table("chat_links"), self.table("chat_codes"))
        verified, codes = self.table("verified_contacts"), self.table("contact_codes")
        self.contacts = MemoryContacts(verified, codes)
