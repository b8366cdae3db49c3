"""Notices of handoffs: what escalation foresees in, and a message to each who asked for it.

Nothing is decided before its moment. So a shift that moves takes its notice with it, and of one
that is gone there is none to take back. Outlooks are locked before notices, everywhere.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from notifier.domain.handoff_note import HandoffNote, carries
from notifier.domain.leads import Due, look
from notifier.domain.notice import MOVED, TOO_LATE, Notice, notice_of, occasion_of, told_of
from notifier.domain.notice_text import render
from notifier.domain.outlook import Handoff, Outlook
from notifier.ports import NotifierUnitOfWork
from notifier.ports.notices import NoticeJob, Outcome, Teller
from tocsin.channels import SendResult
from tocsin.events import CatalogApplied, Envelope, Event, HandoffNoteLeft, ShiftsForeseen
from tocsin.holder import CatalogHolder
from tocsin.unit_of_work import Timer

NOTICES = "notices"
SETTLES = timedelta(seconds=10)  # What changes together is looked at together.
CATALOG_BEHIND = timedelta(seconds=1)
WHEN_FULL = timedelta(seconds=1)
KEPT = timedelta(days=30)


class NoticeHandlers:
    """The conversation about handoffs."""

    def __init__(self, catalog: CatalogHolder, teller: Teller) -> None:
        """Decide by `catalog`, tell by `teller`."""
        self._catalog = catalog
        self._teller = teller

    async def on_catalog(
        self, uow: NotifierUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
    ) -> None:
        """Take up what is foreseen; look at all of it anew after a change of the catalog."""
        facts = [one.data for one in envelopes]
        applied = [one.catalog_version for one in facts if isinstance(one, CatalogApplied)]
        # First: it locks all of them in their order.
        again = bool(applied) and await uow.outlooks.look_again(now + SETTLES, max(applied))
        newest = _newest(facts, now)
        known = await uow.outlooks.of(newest.keys()) if newest else {}
        fresh = [
            one.following(known[name]) if name in known else one
            for name, one in newest.items()
            if name not in known or one.told >= known[name].told
        ]
        await uow.outlooks.save(fresh)
        if again or fresh:
            await uow.set_timers([_timer(now + SETTLES)])
        await uow.handoff_notes.save(_last_notes(envelopes))

    async def on_start(self, uow: NotifierUnitOfWork, now: datetime) -> None:
        """Look at once: the release before, beside us in an upgrade, does not know our timers."""
        await uow.set_timers([_timer(now)])

    async def on_timers(self, uow: NotifierUnitOfWork, now: datetime) -> None:
        """Decide which notices are due, and send what is."""
        await self._look(uow, now)
        room = self._teller.room()
        due = await uow.notices.due(now, room + 1)
        if len(due) > room:
            await uow.set_timers([_timer(now + WHEN_FULL)])
        await self._claim(uow, due[:room], now)

    async def record(
        self,
        uow: NotifierUnitOfWork,
        finished: Sequence[tuple[Notice, SendResult | None]],
        now: datetime,
    ) -> None:
        """Take up what became of these; of one that was not begun the lease lapses."""
        known = await uow.notices.of([notice.notice_id for notice, _ in finished])
        after = [
            known[notice.notice_id].record(result, notice.fence, now)
            for notice, result in finished
            if result is not None and notice.notice_id in known
        ]
        await self._save(uow, [one for one in after if one != known[one.notice_id]])

    async def _look(self, uow: NotifierUnitOfWork, now: datetime) -> None:
        """Decide what is due of the outlooks that are to be looked at."""
        outlooks = await uow.outlooks.due(now)
        if not outlooks:
            return
        catalog = self._catalog.current
        after: list[Outlook] = []
        gone: list[str] = []
        due: list[Due] = []
        late = 0
        for outlook in outlooks:
            if not self._catalog.loaded or outlook.needs > catalog.version:
                after.append(replace(outlook, look_at=now + CATALOG_BEHIND))
                continue
            if catalog.schedule(outlook.schedule) is None:
                gone.append(outlook.schedule)
                continue
            found = look(outlook, catalog, now)
            due += found.due
            late += found.late
            after.append(replace(outlook, looked_at=now, look_at=found.look_at))
        await uow.outlooks.save(after)
        await uow.outlooks.remove(gone)
        await uow.set_timers([_timer(at) for at in {one.look_at for one in after} if at])
        await self._plan(uow, due, now)
        await uow.notices.forget(now - KEPT)
        self._counted(uow, "late", late)

    async def _plan(self, uow: NotifierUnitOfWork, due: Sequence[Due], now: datetime) -> None:
        """Write a notice for what nobody has been told of: one for all schedules of an occasion."""
        by_occasion: defaultdict[str, list[Handoff]] = defaultdict(list)
        for one in due:
            by_occasion[occasion_of(one)].append(one.handoff)
        known = await uow.notices.of_occasions(by_occasion.keys()) if by_occasion else []
        covered = {(one.occasion, schedule) for one in known for schedule in one.schedules}
        fresh = []
        for occasion, handoffs in by_occasion.items():
            left = [one for one in handoffs if (occasion, one.schedule) not in covered]
            user = self._catalog.current.user(left[0].person) if left else None
            notice = notice_of(occasion, left, user, now) if user else None
            fresh += [notice] if notice else []
        await uow.notices.add(fresh)

    async def _claim(self, uow: NotifierUnitOfWork, due: Sequence[Notice], now: datetime) -> None:
        """Claim what still holds; drop what has moved meanwhile, or what comes too late."""
        if not due:
            return
        schedules = {name for one in due for name in one.schedules}
        outlooks = await uow.outlooks.of(schedules, lock=False)
        handoffs = [one for outlook in outlooks.values() for one in outlook.handoffs()]
        notes = await uow.handoff_notes.of(schedules)
        after, jobs = [], []
        for notice in due:
            about = told_of(notice, handoffs)
            if now >= notice.handoff_at or not about:
                reason = TOO_LATE if now >= notice.handoff_at else MOVED
                after.append(notice.drop(reason))
                continue
            claimed = notice.claim(now)
            after.append(claimed)
            carried = [
                notes[one.schedule]
                for one in about
                if carries(one, notes.get(one.schedule), outlooks[one.schedule])
            ]
            doc = render(claimed, about, carried, self._zone(notice.person), now)
            jobs.append(NoticeJob(claimed, doc))
        await self._save(uow, after)
        if jobs:
            uow.after_commit(lambda: self._teller.submit(jobs))

    async def _save(self, uow: NotifierUnitOfWork, after: Sequence[Notice]) -> None:
        await uow.notices.save(after)
        await uow.set_timers([_timer(at) for at in {one.wakes_at for one in after} if at])
        self._counted(uow, "told", len([one for one in after if one.state == "told"]))
        self._counted(uow, "dropped", len([one for one in after if one.state == "dropped"]))

    def _counted(self, uow: NotifierUnitOfWork, outcome: Outcome, number: int) -> None:
        if number:
            uow.after_commit(lambda: self._teller.count(outcome, number))

    def _zone(self, person: str) -> str:
        user = self._catalog.current.user(person)
        return user.time_zone if user else "UTC"


def _newest(facts: Sequence[Event], now: datetime) -> dict[str, Outlook]:
    """Return the newest of each schedule: a process whose catalog is behind may tell it later."""
    newest: dict[str, Outlook] = {}
    for fact in facts:
        if isinstance(fact, ShiftsForeseen):
            heard = Outlook.of(fact, now, now + SETTLES)
            before = newest.get(heard.schedule)
            if before is None or heard.told >= before.told:
                newest[heard.schedule] = heard
    return dict(sorted(newest.items()))


def _last_notes(envelopes: Sequence[Envelope[Event]]) -> list[HandoffNote]:
    """Return the last note of each schedule that is among these."""
    notes = {
        one.data.schedule: HandoffNote(
            one.data.schedule, one.data.note_id, one.data.text, one.data.by.name, one.time
        )
        for one in envelopes
        if isinstance(one.data, HandoffNoteLeft)
    }
    return list(notes.values())


def _timer(at: datetime) -> Timer:
    """Return the timer that says, at this instant, "look what is due": none needs cancelling."""
    return Timer(f"{NOTICES}:{at.isoformat()}", NOTICES, NOTICES, at)
