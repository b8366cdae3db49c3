"""Outcomes in: what became of each attempt; and what is due by the clock."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from notifier.domain import summary
from notifier.domain.notification import Notification
from notifier.domain.planning import may_go_at, update_of
from notifier.domain.states import Retrying, Sending
from notifier.handlers.posts import PostHandlers
from notifier.handlers.work import ALARM, Work, alarm_at
from notifier.ports import Dispatcher, Finished, Job, NotifierUnitOfWork
from tocsin.channels import Receipt
from tocsin.holder import CatalogHolder
from tocsin.unit_of_work import Timer

AT_ONCE = 500
MOST_TOGETHER = 2000  # Pages that may join a summary, in one look.
WHEN_HELD = timedelta(seconds=1)  # Another transaction held what is due: look again after this.


class SendingHandlers:
    """The conversation with the sender and the clock."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        posts: PostHandlers,
        *,
        updatable: frozenset[str] = frozenset(),
        catalog: CatalogHolder | None = None,
    ) -> None:
        """Send by `dispatcher`; channels in `updatable` can take updates.

        What was sent where it can be changed `posts` keep up to date. `catalog` says who rests.
        """
        self._dispatcher = dispatcher
        self._posts = posts
        self._catalog = catalog or CatalogHolder()
        self._updatable = updatable

    async def record(
        self, uow: NotifierUnitOfWork, finished: Sequence[Finished], now: datetime
    ) -> None:
        """Take up what became of these attempts; one whose claim is void writes nothing."""
        work = Work(self._dispatcher, now)
        known = await uow.notifications.of(
            {one.job.notification.notification_id for one in finished}
        )
        for one in finished:
            claimed = one.job.notification
            before = known.get(claimed.notification_id)
            if before is None:
                continue
            if one.result is None:
                decision = before.release(claimed.fence, now)
            else:
                decision = before.record(one.result, claimed.fence, one.at)
            if decision.notification is before:
                continue
            known[claimed.notification_id] = decision.notification
            work.take(decision, one.job.page, one.job.page.envelope)
        await self._correct(uow, work, finished, known)
        await self._posts.on_sent(uow, self._shown(finished, known), now)
        await work.write(uow)

    def _shown(self, finished: Sequence[Finished], known: dict[str, Notification]) -> list[Job]:
        """Return the pages that went where they can be changed, each as it is now."""
        after = [
            replace(one.job, notification=known[one.job.notification.notification_id])
            for one in finished
            if one.job.notification.notification_id in known
        ]
        return [
            job
            for job in after
            if job.notification.purpose == "page"
            and job.notification.has_reached
            and job.notification.contact.channel in self._posts.channels
        ]

    async def _correct(
        self,
        uow: NotifierUnitOfWork,
        work: Work,
        finished: Sequence[Finished],
        known: dict[str, Notification],
    ) -> None:
        """Tell those who were reached in the moment of the answer that it has been answered."""
        late = [
            one.job
            for one in finished
            if (after := known.get(one.job.notification.notification_id)) is not None
            and after.fence == one.job.notification.fence
            and after.was_answered_in_flight
            and after.contact.channel in self._updatable
        ]
        incident_ids = {job.notification.incident_id for job in late}
        incidents = await uow.incidents.of(incident_ids, lock=False)
        for job in late:
            incident = incidents.get(job.notification.incident_id)
            if incident is None or not incident.has_answered(job.notification.incident_version):
                continue
            update = update_of(
                known[job.notification.notification_id],
                "update",
                incident.answered_at_version,
                work.now,
            )
            work.plan(update)
            work.send_when_due(update, job.page, incident)

    async def on_receipts(
        self, uow: NotifierUnitOfWork, channel: str, receipts: Sequence[Receipt], now: datetime
    ) -> None:
        """Take up what a provider tells later; each once."""
        fresh = await uow.interactions.unseen(channel, [one.external_id for one in receipts], now)
        told = {one.delivery_id: one for one in receipts if one.external_id in fresh}
        first = {summary.leader_of(one) for one in told}
        leaders = await uow.notifications.of(first, lock=False)
        also = {one for leader in leaders.values() for one in leader.covers}
        known = await uow.notifications.of(first | also)
        ours = [one for one in known.values() if one.contact.channel == channel]
        pages = await uow.pages.of({one.page_id for one in ours})
        work = Work(self._dispatcher, now)
        for notification in ours:
            # Of a message that it went in before the last one, nothing is heard any more.
            receipt = told.get(notification.summary or notification.notification_id)
            if receipt is not None:
                page = pages[notification.page_id]
                work.take(notification.receive(receipt.result, now), page, page.envelope)
        await work.write(uow)

    async def on_alarm(self, uow: NotifierUnitOfWork, now: datetime) -> None:
        """Send what is due, and send again what nobody saw the end of."""
        due = await uow.notifications.due(now, AT_ONCE)
        await self._take_up(uow, [*due, *await self._joining(uow, due, now)], now)
        if len(due) == AT_ONCE:
            await uow.set_timers([Timer(f"{ALARM}:more", ALARM, "notifications", now)])
        elif await uow.notifications.is_any_due(now):  # Its alarm is spent: set another.
            await uow.set_timers([alarm_at(now + WHEN_HELD)])

    async def _joining(
        self, uow: NotifierUnitOfWork, due: Sequence[Notification], now: datetime
    ) -> list[Notification]:
        """Return what may go together with what is due: other overdue pages to the same people."""
        people = {one.responder for one in due if summary.may_join(one, now)}
        if not people:
            return []
        found = await uow.notifications.waiting_for(people, now, MOST_TOGETHER)
        known = {one.notification_id for one in due}
        return [one for one in found if one.notification_id not in known]

    async def take_over(self, uow: NotifierUnitOfWork, holder: str, now: datetime) -> bool:
        """Take over from a process that gives no sign of life; return whether there may be more."""
        held = await uow.notifications.held_by(holder, AT_ONCE)
        await self._take_up(uow, held, now, sender_is_gone=True)
        return len(held) == AT_ONCE

    async def recover(self, uow: NotifierUnitOfWork, started_at: datetime, now: datetime) -> bool:
        """Take over from a process that is known to be dead, without waiting for its leases.

        Return whether there may be more.
        """
        held = await uow.notifications.claimed_before(started_at, AT_ONCE)
        await self._take_up(uow, held, now, sender_is_gone=True)
        return len(held) == AT_ONCE

    async def _take_up(
        self,
        uow: NotifierUnitOfWork,
        notifications: Sequence[Notification],
        now: datetime,
        *,
        sender_is_gone: bool = False,
    ) -> None:
        work = Work(self._dispatcher, now)
        pages = await uow.pages.of({one.page_id for one in notifications})
        incidents = await uow.incidents.of({one.incident_id for one in notifications}, lock=False)
        for notification in notifications:
            page = pages[notification.page_id]
            current = notification
            if isinstance(notification.state, Sending):
                lapsed = notification.lapse(now, sender_is_gone=sender_is_gone)
                current = work.take(lapsed, page, page.envelope)
                if not isinstance(current.state, Retrying):
                    continue
            user = self._catalog.current.user(current.responder)
            if (later := may_go_at(current, page, user, now)) > now:
                work.take(current.postpone(later, now), page, page.envelope)
                continue
            work.send_when_due(current, page, incidents.get(notification.incident_id))
        await work.write(uow)

    async def still_wanted(
        self, uow: NotifierUnitOfWork, jobs: Sequence[Job]
    ) -> set[tuple[str, int]]:
        """Return which of these claims hold and are still wanted, as (id, fence)."""
        known = await uow.notifications.of(
            {part.notification.notification_id for job in jobs for part in job.parts}, lock=False
        )
        return {
            (one.notification_id, one.fence)
            for one in known.values()
            if isinstance(one.state, Sending) and not one.state.stop
        }
