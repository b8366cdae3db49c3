"""What one transaction decides, gathered and then written in a handful of statements."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from notifier.domain import summary
from notifier.domain.incident import Incident
from notifier.domain.notification import Decision, Notification
from notifier.domain.page import Page, fail_over
from notifier.domain.pipeline import judge
from notifier.domain.stages.verdict import Drop, Situation
from notifier.domain.states import Sending
from notifier.ports import Dispatcher, Job, NotifierUnitOfWork
from tocsin import ids
from tocsin.events import (
    AnnouncementAttempted,
    AnnouncementEvent,
    Envelope,
    Event,
    NotificationEvent,
    ResponderUnreachable,
    caused_by,
)
from tocsin.unit_of_work import Timer

SOURCE = "notifier"
ALARM = "alarm"
LEASES_SHARE = timedelta(milliseconds=250)
WHEN_FULL = timedelta(milliseconds=500)  # Nobody was free to send: try again after this.
Ready = tuple[Notification, Page, Incident | None]


class Work:
    """The decisions of one transaction.

    A notification that wants something done at a time has an alarm at that time: a timer that says
    only "look what is due". So no alarm needs cancelling, and none can be forgotten. Leases, which
    hardly ever lapse, share an alarm with all that end at about the same time.
    """

    def __init__(self, dispatcher: Dispatcher, now: datetime) -> None:
        """Decide at `now`."""
        self.now = now
        self._dispatcher = dispatcher
        self._changed: dict[str, Notification] = {}
        self._new: set[str] = set()
        self._ready: dict[str, Ready] = {}
        self._waiting: dict[str, Ready] = {}
        self._failing: list[tuple[str, Page]] = []
        self._stopped: list[str] = []
        self._envelopes: list[Envelope[Event]] = []

    def plan(self, notification: Notification) -> None:
        """Take up a new notification."""
        self._new.add(notification.notification_id)
        self._changed[notification.notification_id] = notification

    def take(self, decision: Decision, page: Page | None, cause: Envelope[Event]) -> Notification:
        """Take up a decision; its facts follow from `cause`."""
        notification = decision.notification
        self._changed[notification.notification_id] = notification
        self._envelopes += [self._told(fact, notification, cause) for fact in decision.facts]
        if decision.fail_over and page is not None:
            self._failing.append((notification.notification_id, page))
        return notification

    def withdraw(
        self, notification: Notification, reason: str, cause: Envelope[Event]
    ) -> Notification:
        """Withdraw a notification; one that is under way is stopped as far as it can be."""
        after = self.take(notification.withdraw(reason, self.now), None, cause)
        if after != notification and after.wakes_at is not None:
            self._stopped.append(after.notification_id)
        return after

    def tell(
        self,
        fact: ResponderUnreachable | AnnouncementAttempted,
        page_id: str,
        cause: Envelope[Event],
    ) -> None:
        """Say that nobody can be reached for a page; once per page, however often it is decided."""
        identity = ids.derived(fact.TYPE, page_id)
        self._envelopes.append(
            caused_by(cause, fact, now=self.now, source=SOURCE, event_id=identity)
        )

    def send_when_due(
        self, notification: Notification, page: Page, incident: Incident | None
    ) -> None:
        """Send it if its time has come and it is still wanted; otherwise it waits.

        What is long overdue waits a moment longer, for those that it goes together with.
        """
        verdict = judge(notification, Situation(incident))
        if isinstance(verdict, Drop):
            self.withdraw(notification, verdict.reason, page.envelope)
        elif summary.gathers(notification, self.now):
            later = Decision(summary.gathered(notification, self.now))
            self.take(later, page, page.envelope)
        elif notification.wakes_at is not None:
            is_due = notification.wakes_at <= self.now
            place = self._ready if is_due else self._waiting
            place[notification.notification_id] = (notification, page, incident)

    async def write(self, uow: NotifierUnitOfWork) -> None:
        """Claim what is ready, follow up on failures, and write everything."""
        jobs: list[Job] = []
        while self._ready or self._failing:
            jobs += self._claim()
            await self._fail_over(uow)
        await self._save(uow)
        await uow.set_timers([alarm_at(at) for at in set(self._wakes())])
        await uow.publish(self._envelopes)
        if jobs:
            uow.after_commit(lambda: self._dispatcher.submit(jobs))
        if self._stopped:
            uow.after_commit(lambda: self._dispatcher.stop(self._stopped))

    async def _save(self, uow: NotifierUnitOfWork) -> None:
        new = [one for identity, one in self._changed.items() if identity in self._new]
        if new:
            await uow.notifications.add(new)
        if len(new) < len(self._changed):
            await uow.notifications.save(
                [one for identity, one in self._changed.items() if identity not in self._new]
            )

    async def _fail_over(self, uow: NotifierUnitOfWork) -> None:
        failing, self._failing = self._failing, []
        if not failing:
            return
        of_page = await self._companions(uow, {page.page_id for _, page in failing})
        # Not locked: whoever answers locks the incident first and then these notifications, which
        # we hold. So it sees what we decide here, and neither waits for the other.
        incident_ids = {page.request.incident_id for _, page in failing}
        incidents = await uow.incidents.of(incident_ids, lock=False)
        for identity, page in failing:
            companions = of_page.setdefault(page.page_id, {})
            after = fail_over(self._changed[identity], companions.values(), self.now)
            if after.unreachable is not None:
                self.tell(after.unreachable, page.page_id, page.envelope)
            for hoping in after.hoping:
                companions[hoping.notification_id] = hoping
                self._changed[hoping.notification_id] = hoping
            if after.hastened is not None:
                companions[after.hastened.notification_id] = after.hastened
                self._changed[after.hastened.notification_id] = after.hastened
                self.send_when_due(after.hastened, page, incidents.get(page.request.incident_id))

    async def _companions(
        self, uow: NotifierUnitOfWork, page_ids: set[str]
    ) -> dict[str, dict[str, Notification]]:
        found: dict[str, dict[str, Notification]] = {}
        for one in (*await uow.notifications.of_pages(page_ids), *self._changed.values()):
            if one.page_id in page_ids:
                found.setdefault(one.page_id, {})[one.notification_id] = one
        return found

    def _claim(self) -> list[Job]:
        messages = self._messages()
        free = self._dispatcher.admit([parts[0][0] for parts in messages])
        jobs: list[Job] = []
        for parts, admitted in zip(messages, free, strict=True):
            if admitted:
                jobs.append(self._claimed(parts))
                continue
            for notification, page, _ in parts:
                if notification.wakes_at is not None and notification.wakes_at <= self.now:
                    later = notification.postpone(self.now + WHEN_FULL, self.now)
                    self.take(later, page, page.envelope)
        return jobs

    def _messages(self) -> list[list[Ready]]:
        """Return what is to be sent now, each message with the notifications that go in it."""
        ready, self._ready = self._ready, {}
        waiting = {one: self._waiting[one] for one in self._waiting.keys() - ready.keys()}
        groups = summary.summaries(
            (one for one, _, _ in ready.values()), (one for one, _, _ in waiting.values()), self.now
        )
        at_hand = {**waiting, **ready}
        together = [[at_hand[one.notification_id] for one in group] for group in groups]
        for group in groups:
            for one in group:
                ready.pop(one.notification_id, None)
                self._waiting.pop(one.notification_id, None)
        return [[alone] for alone in ready.values()] + together

    def _claimed(self, parts: Sequence[Ready]) -> Job:
        members = [notification for notification, _, _ in parts]
        identity = summary.summary_id(members) if len(members) > 1 else ""
        others = tuple(one.notification_id for one in members[1:])
        jobs = []
        for number, (notification, page, incident) in enumerate(parts):
            covers = others if number == 0 else ()
            decision = notification.claim(
                self.now, holder=self._dispatcher.holder, summary=identity, covers=covers
            )
            jobs.append(Job(self.take(decision, page, page.envelope), page, incident))
        return replace(jobs[0], others=tuple(jobs[1:]))

    def _wakes(self) -> Iterable[datetime]:
        for one in self._changed.values():
            if isinstance(one.state, Sending):
                yield _shared(one.state.lease_until)
            elif one.wakes_at is not None:
                yield one.wakes_at

    def _told(
        self,
        fact: NotificationEvent | AnnouncementEvent,
        notification: Notification,
        cause: Envelope[Event],
    ) -> Envelope[Event]:
        # One type tells all outcomes of an announcement: it may be sent, and then delivered.
        outcome = (fact.outcome,) if isinstance(fact, AnnouncementAttempted) else ()
        attempt = (notification.notification_id, str(notification.fence))
        identity = ids.derived(fact.TYPE, *attempt, *outcome)
        return caused_by(cause, fact, now=self.now, source=SOURCE, event_id=identity)


def _shared(at: datetime) -> datetime:
    """Return the next whole quarter of a second."""
    return at + timedelta(microseconds=-at.microsecond) % LEASES_SHARE


def alarm_at(at: datetime) -> Timer:
    """Return the timer that says, at this instant, "look what is due"."""
    return Timer(f"{ALARM}:{at.isoformat()}", ALARM, "notifications", at)
