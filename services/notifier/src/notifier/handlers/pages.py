"""Pages in: who must be told, by which ways, and when; and pages that are not wanted any more."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from notifier.domain.incident import Incident
from notifier.domain.page import Page, new_page
from notifier.domain.pipeline import run
from notifier.domain.planning import planned, update_of
from notifier.handlers.work import Work
from notifier.ports import Dispatcher, NotifierUnitOfWork
from tocsin.errors import Unavailable
from tocsin.events import (
    AnnouncementRequested,
    Envelope,
    Event,
    PageRequested,
    PageWithdrawn,
)
from tocsin.holder import CatalogHolder
from tocsin.unit_of_work import Timer

PLAN = "plan"
CATALOG_GRACE = timedelta(seconds=15)  # How long a page waits for a catalog that is behind it.
LOOK_AGAIN = timedelta(milliseconds=500)
FIRST_SEEN = "first_seen"
Situation = Mapping[str, Incident]


class PageHandlers:
    """The conversation on the topic `pages`."""

    def __init__(
        self,
        catalog: CatalogHolder,
        dispatcher: Dispatcher,
        *,
        secret: str,
        started_at: datetime,
        updatable: frozenset[str] = frozenset(),
    ) -> None:
        """Plan by `catalog`, send by `dispatcher`; channels in `updatable` can take updates.

        This process began to follow the catalog at `started_at`.
        """
        self._catalog = catalog
        self._started_at = started_at
        self._dispatcher = dispatcher
        self._secret = secret
        self._updatable = updatable

    async def on_pages(
        self, uow: NotifierUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
    ) -> None:
        """Plan what is requested; withdraw what is not wanted any more."""
        if not self._catalog.loaded:
            raise Unavailable("the catalog is not loaded yet")
        work = Work(self._dispatcher, now)
        withdrawn = {e.data.page_id: e for e in envelopes if isinstance(e.data, PageWithdrawn)}
        # First of all, as the timers' own transaction does: so neither waits for the other.
        await uow.cancel_timers([_plan_timer(page_id) for page_id in sorted(withdrawn)])
        pages = await self._new_pages(uow, envelopes)
        incidents = await uow.incidents.of({page.request.incident_id for page in pages})
        early: list[Timer] = []
        for page in pages:
            if page.page_id in withdrawn:
                self._plan_withdrawn(work, page, withdrawn[page.page_id])
            elif self._is_ahead(page, now, now):
                early.append(_look_again(page, now, now))
            else:
                self._plan(work, page, incidents)
        await uow.set_timers(early)
        await self._withdraw(
            uow, work, withdrawn.keys() - {page.page_id for page in pages}, withdrawn
        )
        await work.write(uow)

    async def on_plan_timers(
        self, uow: NotifierUnitOfWork, timers: Sequence[Timer], now: datetime
    ) -> None:
        """Plan pages that came before the catalog by which they were decided."""
        work = Work(self._dispatcher, now)
        first_seen = {timer.subject: _first_seen(timer) for timer in timers}
        pages = await uow.pages.of(first_seen.keys())
        incidents = await uow.incidents.of({p.request.incident_id for p in pages.values()})
        early = []
        for page in pages.values():
            seen_at = first_seen[page.page_id]
            if self._is_ahead(page, seen_at, now):
                early.append(_look_again(page, seen_at, now))
            else:
                self._plan(work, page, incidents)
        await uow.set_timers(early)
        await work.write(uow)

    async def _new_pages(
        self, uow: NotifierUnitOfWork, envelopes: Sequence[Envelope[Event]]
    ) -> list[Page]:
        requested: dict[str, Page] = {}
        for envelope in envelopes:
            if isinstance(envelope.data, PageRequested | AnnouncementRequested):
                page = new_page(envelope, self._secret)
                requested.setdefault(page.page_id, page)
        fresh = await uow.pages.add(list(requested.values()))
        return [page for page_id, page in requested.items() if page_id in fresh]

    def _is_ahead(self, page: Page, first_seen: datetime, now: datetime) -> bool:
        """Return whether to wait for the catalog: the person, or the address, may be new in it.

        Not for ever: then the page goes by what is known. While this process, or all of them, were
        down, nobody could follow the catalog, so that time does not count.
        """
        if not self._catalog.loaded:
            return True
        waited = now - max(first_seen, self._started_at)
        is_behind = page.request.catalog_version > self._catalog.current.version
        return is_behind and waited < CATALOG_GRACE

    def _plan(self, work: Work, page: Page, incidents: Situation) -> None:
        plan = planned(page, self._catalog.current)
        if plan.unreachable is not None:
            work.tell(plan.unreachable, page.page_id, page.envelope)
        incident = incidents.get(page.request.incident_id)
        passed, dropped = run(plan.notifications, incident)
        for notification in passed:
            work.plan(notification)
            work.send_when_due(notification, page, incident)
        for drop in dropped:
            work.plan(drop.notification)
            work.withdraw(drop.notification, drop.reason, page.envelope)

    def _plan_withdrawn(self, work: Work, page: Page, cause: Envelope[Event]) -> None:
        assert isinstance(cause.data, PageWithdrawn)
        for notification in planned(page, self._catalog.current).notifications:
            work.plan(notification)
            work.withdraw(notification, cause.data.reason, cause)

    async def _withdraw(
        self,
        uow: NotifierUnitOfWork,
        work: Work,
        page_ids: set[str],
        causes: Mapping[str, Envelope[Event]],
    ) -> None:
        if not page_ids:
            return
        pages = await uow.pages.of(page_ids)
        found = await uow.notifications.of_pages(page_ids)
        for page_id in pages.keys() - {one.page_id for one in found}:  # Those not planned yet.
            self._plan_withdrawn(work, pages[page_id], causes[page_id])
        for notification in found:
            cause = causes[notification.page_id]
            assert isinstance(cause.data, PageWithdrawn)
            work.withdraw(notification, cause.data.reason, cause)
            if self._wants_to_know(notification.has_reached, notification.contact.channel):
                version = notification.incident_version
                told = update_of(notification, "withdrawn", version, work.now)
                work.plan(told)
                work.send_when_due(told, pages[notification.page_id], None)

    def _wants_to_know(self, has_reached: bool, channel: str) -> bool:
        return has_reached and channel in self._updatable


def _look_again(page: Page, first_seen: datetime, now: datetime) -> Timer:
    data = {FIRST_SEEN: first_seen.isoformat()}
    return Timer(_plan_timer(page.page_id), PLAN, page.page_id, now + LOOK_AGAIN, data)


def _first_seen(timer: Timer) -> datetime:
    said = timer.data.get(FIRST_SEEN)
    return datetime.fromisoformat(said) if said else timer.due_at


def _plan_timer(page_id: str) -> str:
    return f"{PLAN}:{page_id}"
