"""Delivery: every page ends with an outcome, whatever providers, people and crashes do to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from notifier.adapters.memory import MemoryNotifierUnitOfWork
from notifier.adapters.sql import SqlNotifierUnitOfWork
from notifier.adapters.teller import Pile
from notifier.domain.notification import Notification
from notifier.entrypoints.kafka import subscriptions
from notifier.entrypoints.timers import TimerEntry
from notifier.handlers.incidents import IncidentHandlers
from notifier.handlers.notices import NoticeHandlers
from notifier.handlers.pages import PageHandlers
from notifier.handlers.sending import SendingHandlers
from notifier.ports import ChannelState, Finished, Job
from tests.stateful.delivery_model import Ledger
from tests.stateful.machine import AT_ONCE, CRASHES, Backend, Crash, Feed, Machine, run_machine
from tests.unit.notifier.making import SECRET, ada, no_posts, requested
from tests.unit.notifier.world import BOB, triggered
from tocsin.catalog import Catalog
from tocsin.channels import (
    Accepted,
    Config,
    Content,
    Delivered,
    ExternalRef,
    RateLimited,
    Receipt,
    SendResult,
    TargetGone,
    Transient,
    Unknown,
)
from tocsin.events import (
    Envelope,
    Event,
    IncidentAcknowledged,
    IncidentUnacknowledged,
    PageWithdrawn,
)
from tocsin.holder import CatalogHolder

PEOPLE = {
    "ada": ada(("high", "phone", "0s"), ("high", "mail", "5m"), ("low", "mail", "1m")),
    "bob": ada(("high", "mail", "0s"), ("high", "phone", "0s"), ("high", "phone", "0s")),
    "eve": ada(),
}
RESULTS: tuple[SendResult, ...] = (
    Accepted(ExternalRef("r1")),
    Delivered(),
    Unknown("the line went dead"),
    Transient("busy"),
    Transient("busy", timedelta(days=30_000)),
    RateLimited("slow down", timedelta(seconds=-5)),
    RateLimited("slow down", timedelta(seconds=70)),
    TargetGone("moved away"),
    Content("too long"),
    Config("no key"),
)
INCIDENTS = st.sampled_from(["inc-1", "inc-2"])


def _is_same(one: Job, other: Job) -> bool:
    return one.notification.notification_id == other.notification.notification_id


@dataclass
class Dispatcher:
    """Takes what is claimed, when it has room; a call lasts until the machine ends it."""

    ledger: Ledger
    holder: str = ""
    has_room: bool = True
    calls: list[Job] = field(default_factory=list)
    ever: list[Job] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)

    def admit(self, notifications: Sequence[Notification]) -> list[bool]:
        return [self.has_room] * len(notifications)

    def submit(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            for part in job.parts:
                # Its lease lapsed while the call to the provider still lasts.
                if any(_is_same(part, call) for call in self.calls):
                    self.ledger.in_doubt.add(part.notification.notification_id)
                self.ledger.claimed(part.notification)
                self.calls.append(part)
                self.ever.append(part)

    def stop(self, notification_ids: Iterable[str]) -> None:
        self.stopped.update(notification_ids)

    def states(self) -> Mapping[str, ChannelState]:
        return {}


class Delivering(Machine):
    """Pages and answers in any order, calls that end in any way or never, receipts that lie."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend, "notifier", MemoryNotifierUnitOfWork, SqlNotifierUnitOfWork)
        self.ledger = Ledger()
        self.dispatcher = Dispatcher(self.ledger)
        catalog = Catalog(1, {("User", name): user for name, user in PEOPLE.items()})
        notices = NoticeHandlers(CatalogHolder(catalog), Pile())
        updatable = frozenset({"webhook"})
        pages = PageHandlers(
            CatalogHolder(catalog),
            self.dispatcher,
            secret=SECRET,
            started_at=self.clock.now(),
            updatable=updatable,
        )
        self.sending = SendingHandlers(self.dispatcher, no_posts(), updatable=updatable)
        incidents = IncidentHandlers(self.dispatcher, no_posts(), updatable=updatable)
        heard = subscriptions(pages, incidents, notices)
        self.pages, self.incidents = (Feed(self.consumer("notifier", one)) for one in heard[:2])
        self.loop = self.timers(TimerEntry(pages, self.sending, notices).on_timers)
        self.versions = {"inc-1": 1, "inc-2": 1}
        self.requested: dict[str, str] = {}
        self.external_ids = 0

    @initialize(fate=st.sampled_from([Delivered(), TargetGone("moved away")]))
    def begins(self, fate: SendResult) -> None:
        self.fate = fate
        self.say(self.incidents, triggered("inc-1"))
        self.say(self.incidents, triggered("inc-2"))
        for incident, who in (("inc-1", "ada"), ("inc-1", "bob"), ("inc-2", "eve")):
            self.page_is_asked_for(incident, who, "high", 1, at_once=True)

    def say(self, feed: Feed, event: Event) -> None:
        feed.append(Envelope(event, self.clock.now(), "test"))

    # ------------------------------------------------------------- what is asked for
    @rule(
        incident=INCIDENTS,
        who=st.sampled_from(["ada", "ada", "bob", "eve", "nobody"]),
        urgency=st.sampled_from(["high", "high", "low"]),
        catalog_version=st.sampled_from([1, 1, 1, 2]),
        at_once=AT_ONCE,
    )
    def page_is_asked_for(
        self, incident: str, who: str, urgency: str, catalog_version: int, at_once: bool
    ) -> None:
        page_id = f"page-{len(self.requested) + 1}"
        self.requested[page_id] = incident
        more = {"incident_version": self.versions[incident], "catalog_version": catalog_version}
        page = requested(page_id, incident_id=incident, responder=who, urgency=urgency, **more)
        self.say(self.pages, page)
        if at_once:
            self.hears(about_pages=True, size=self.pages.behind, crash="")

    @precondition(lambda self: self.requested)
    @rule(number=st.integers(0, 9))
    def page_is_withdrawn(self, number: int) -> None:
        page_id = [*self.requested][number % len(self.requested)]
        self.say(
            self.pages,
            PageWithdrawn(
                incident_id=self.requested[page_id],
                page_id=page_id,
                responder="ada",
                reason="reassigned",
            ),
        )

    @rule(incident=INCIDENTS, is_answer=st.booleans(), at_once=AT_ONCE)
    def somebody_answers_or_lets_go(self, incident: str, is_answer: bool, at_once: bool) -> None:
        self.versions[incident] += 1
        place: dict[str, Any] = {"incident_id": incident, "version": self.versions[incident]}
        if is_answer:
            self.say(self.incidents, IncidentAcknowledged(by=BOB, **place))
        else:
            why = "acknowledgement-timeout"
            self.say(self.incidents, IncidentUnacknowledged(reason=why, **place))
        if at_once:
            self.hears(about_pages=False, size=self.incidents.behind, crash="")

    @rule(about_pages=st.booleans(), size=st.integers(1, 4), crash=st.sampled_from(CRASHES))
    def hears(self, about_pages: bool, size: int, crash: Crash) -> None:
        feed = self.pages if about_pages else self.incidents
        batch = feed.batch(size)
        self.works(feed.deliver(size), crash)
        if crash != "before the commit":
            for envelope in batch:
                if isinstance(envelope.data, PageWithdrawn):
                    self.ledger.withdrawn.add(envelope.data.page_id)
                elif isinstance(envelope.data, IncidentAcknowledged):
                    heard = self.ledger.answered
                    heard[envelope.data.key] = max(heard[envelope.data.key], envelope.data.version)

    @rule(about_pages=st.booleans(), by=st.integers(1, 9))
    def old_offset_is_committed(self, about_pages: bool, by: int) -> None:
        (self.pages if about_pages else self.incidents).rewind(by)

    # ------------------------------------------------------------- what calls come to
    @precondition(lambda self: self.dispatcher.calls)
    @rule(
        number=st.integers(0, 5),
        count=st.integers(1, 4),
        result=st.sampled_from([None, *RESULTS]),
        crash=st.sampled_from(CRASHES),
    )
    def calls_end(self, number: int, count: int, result: SendResult | None, crash: Crash) -> None:
        """Providers answer; None: it was certainly not begun."""
        calls = self.dispatcher.calls
        ended = [calls[(number + place) % len(calls)] for place in range(min(count, len(calls)))]
        self.dispatcher.calls = [one for one in calls if one not in ended]
        before = self.rows()
        void = [job for job in ended if _claim_of(before, job) != job.notification.fence]
        if isinstance(result, Unknown):
            self.ledger.in_doubt.update(one.notification.notification_id for one in ended)
        self.works(self.record(ended, result), crash)
        after = self.rows()
        for one in (job.notification.notification_id for job in void):
            in_force = any(
                job.notification.notification_id == one for job in ended if job not in void
            )
            assert in_force or after[one] == before[one], "an old claim writes nothing"
        if crash == "before the commit":  # The answer is lost with the process.
            self.ledger.in_doubt.update(one.notification.notification_id for one in ended)

    async def record(self, jobs: Sequence[Job], result: SendResult | None) -> None:
        now = self.clock.now()
        async with self.store.begin() as uow:
            await self.sending.record(uow, [Finished(job, result, now) for job in jobs], now)

    @precondition(lambda self: self.dispatcher.ever)
    @rule(number=st.integers(0, 20), result=st.sampled_from([None, *RESULTS]))
    def old_answer_comes(self, number: int, result: SendResult | None) -> None:
        """An answer to a claim that is not in force any more changes nothing at all."""
        ever = self.dispatcher.ever
        job = ever[number % len(ever)]
        if any(job is one for one in self.dispatcher.calls):
            return
        before = self.rows()
        if before[job.notification.notification_id].fence == job.notification.fence:
            return  # Nobody has it now, but nobody has taken it over yet either.
        self.run(self.record([job], result))
        assert self.rows() == before
        assert not self.published()

    @rule(
        number=st.integers(0, 20),
        known=st.booleans(),
        channel=st.sampled_from(["webhook", "email"]),
        result=st.sampled_from(RESULTS),
        crash=st.sampled_from(CRASHES),
        again=st.booleans(),
    )
    def receipt_comes(
        self, number: int, known: bool, channel: str, result: SendResult, crash: Crash, again: bool
    ) -> None:
        """Of anything, by anybody: late, doubled, before the answer, about what never was."""
        self.external_ids += not again
        identities = [*self.rows()] if known else []
        about = identities[number % len(identities)] if identities else "never was"
        receipt = Receipt(f"external-{self.external_ids}", about, result)
        self.works(self.receive(channel, [receipt, receipt]), crash)

    async def receive(self, channel: str, receipts: Sequence[Receipt]) -> None:
        async with self.store.begin() as uow:
            await self.sending.on_receipts(uow, channel, receipts, self.clock.now())

    @rule()
    def sender_fills_or_empties(self) -> None:
        self.dispatcher.has_room = not self.dispatcher.has_room

    @rule(looks=st.booleans())
    def process_is_killed(self, looks: bool) -> None:
        """What was under way is forgotten; the next one may look for it, or wait for leases."""
        self.dies()
        if looks:
            self.clock.advance(timedelta(seconds=1))
            self.works(self.recover(), "")

    async def recover(self) -> None:
        now = self.clock.now()
        async with self.store.begin() as uow:
            await self.sending.recover(uow, now, now)

    # ------------------------------------------------------------- time
    @rule(seconds=st.sampled_from([1, 16, 31, 300, 700]), crash=st.sampled_from(CRASHES))
    def time_passes(self, seconds: int, crash: Crash) -> None:
        self.clock.advance(timedelta(seconds=seconds))
        self.works(self.loop.fire(), crash)

    @rule(crash=st.sampled_from(CRASHES))
    def next_timer_fires_in_time(self, crash: Crash) -> None:
        if due := self.run(self.store.next_due()):
            self.clock.move_to(due)
            self.works(self.loop.fire(), crash)

    # ------------------------------------------------------------- what must hold
    def works(self, work: Any, crash: Crash) -> None:
        """Run a transaction; one that is killed takes the process with it."""
        if self.killed(work, crash):
            self.dies()
        self.ledger.told(self.published())

    def dies(self) -> None:
        # Nobody saw the end of these calls. To those that never began a mark does no harm.
        claimed = [one.notification.notification_id for one in self.dispatcher.calls]
        self.ledger.in_doubt.update(claimed)
        self.dispatcher.calls.clear()
        self.dispatcher.stopped.clear()

    def rows(self) -> dict[str, Notification]:
        return self.run(self._rows())

    async def _rows(self) -> dict[str, Notification]:
        async with self.store.read() as uow:
            found = await uow.notifications.of_incidents(["inc-1", "inc-2"])
        return {one.notification_id: one for one in found}

    @invariant()
    def rows_and_facts_agree(self) -> None:
        alarms: list[datetime] = [
            at for subject, at in self.timers_set().values() if subject == "notifications"
        ]
        self.ledger.look(self.rows(), alarms, self.clock.now())

    def ends(self) -> None:
        """The world becomes quiet: everything is heard, calls end at once, and all pages end."""
        if not hasattr(self, "fate"):
            return
        self.dispatcher.has_room = True
        self.hears(about_pages=True, size=10_000, crash="")
        self.hears(about_pages=False, size=10_000, crash="")
        for _ in range(300):
            if self.dispatcher.calls:
                ended, self.dispatcher.calls = self.dispatcher.calls, []
                self.works(self.record(ended, self.fate), "")
            elif self.run(self.store.next_due()) is None:
                break
            else:
                self.next_timer_fires_in_time("")
            self.rows_and_facts_agree()
        for page_id in self.requested:
            self.ledger.page_is_over(page_id)
        before = self.rows()
        self.pages.rewind(10_000)
        self.incidents.rewind(10_000)
        self.hears(about_pages=True, size=10_000, crash="")
        self.hears(about_pages=False, size=10_000, crash="")
        assert self.rows() == before


def _claim_of(rows: Mapping[str, Notification], job: Job) -> int:
    return rows[job.notification.notification_id].fence


@pytest.mark.parametrize("backend", ["memory", "sqlite"])
def test_every_page_ends_with_an_outcome(backend: Backend) -> None:
    run_machine(lambda: Delivering(backend), 40 if backend == "memory" else 10)


def test_the_answer_to_an_old_claim_does_not_even_plan_an_update() -> None:
    machine = Delivering("memory")
    machine.begins(Delivered())
    first = machine.dispatcher.calls[0]
    page = first.notification.notification_id
    machine.time_passes(31, "")  # The lease lapses, and it is claimed anew.
    machine.somebody_answers_or_lets_go("inc-1", is_answer=True, at_once=True)
    machine.works(machine.receive("webhook", [Receipt("it rang", page, Delivered())]), "")
    before = machine.rows()
    assert (before[page].fence, before[page].was_answered_in_flight) == (2, True)
    machine.works(machine.record([first], Accepted()), "")
    assert machine.rows() == before
    machine.teardown()
