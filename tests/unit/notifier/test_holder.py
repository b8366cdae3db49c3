"""Who is taken for dead, by whom, and what a process does that finds out that it was."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from notifier.adapters.attempts import Attempts
from notifier.adapters.holder import Heartbeat, Holder
from notifier.adapters.memory import MemoryNotifierUnitOfWork
from notifier.adapters.sender import Sender
from notifier.domain.states import Sending
from notifier.handlers.sending import SendingHandlers
from notifier.ports import Finished, Job, NotifierUnitOfWork
from tests.unit.notifier.making import SECRET, no_posts, notification, page
from tests.unit.notifier.world import FakeChannel
from tocsin.application import Parts
from tocsin.channels import ChannelInfo
from tocsin.events import decode
from tocsin.holder import CatalogHolder
from tocsin.testing import START, ManualClock, MemoryStore
from tocsin.unit_of_work import Store

SECOND = timedelta(seconds=1)


class Replica:
    """One process of notifier on a database of several, with clocks that the test moves."""

    def __init__(self, store: Store[NotifierUnitOfWork], clock: ManualClock) -> None:
        self.store = store
        self.clock = clock
        self.phone = FakeChannel(ChannelInfo("webhook"))
        self.away = False
        self.holder = Holder(clock, self.elapsed)
        attempts = Attempts({"webhook": self.phone}, secret=SECRET, public_url="")
        self.sender = Sender(attempts, clock, self.still_wanted, self.holder)
        self.handlers = SendingHandlers(self.sender, no_posts())
        parts: Parts[NotifierUnitOfWork] = Parts(store, clock, CatalogHolder(), None)  # type: ignore[arg-type]
        self.heartbeat = Heartbeat(
            self.holder, parts, self.handlers.take_over, lambda: self.sender.is_busy
        )

    def elapsed(self) -> float:
        return (self.clock.now() - START).total_seconds()

    async def still_wanted(self, jobs: Sequence[Job]) -> set[tuple[str, int]]:
        if self.away:
            raise OSError("the database is away")
        async with self.store.read() as uow:
            return await self.handlers.still_wanted(uow, jobs)

    async def claims(self, *identities: str) -> list[Job]:
        """Claim pages, without beginning to send them."""
        jobs = [
            Job(
                notification(one).claim(self.clock.now(), holder=self.holder.name).notification,
                page(),
                None,
            )
            for one in identities
        ]
        async with self.store.begin() as uow:
            await uow.pages.add([page()])
            await uow.notifications.add([job.notification for job in jobs])
        return jobs

    async def sends(self, jobs: Sequence[Job]) -> list[Finished]:
        self.sender.submit(jobs)
        while self.sender._tasks:  # noqa: ASYNC110 - what it waits for runs in this loop.
            await asyncio.sleep(0)
        found, self.sender.finished = self.sender.finished, []
        return found

    async def records(self, finished: Sequence[Finished]) -> None:
        async with self.store.begin() as uow:
            await self.handlers.record(uow, finished, self.clock.now())


class Two:
    """Two replicas, and time that passes for both or for one."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = MemoryStore(MemoryNotifierUnitOfWork)
        self.one = Replica(self.store, self.clock)
        self.other = Replica(self.store, self.clock)

    async def passes(self, seconds: int, *alive: Replica) -> None:
        for _ in range(seconds):
            self.clock.advance(SECOND)
            for replica in alive:
                await replica.heartbeat.run_once()

    def state(self, identity: str) -> object:
        return self.store.tables["notifications"][identity].state

    async def told(self) -> list[str]:
        return [type(decode(one.value).data).__name__ for one in await self.store.take_outbox()]


@pytest.fixture
async def two() -> Two:
    found = Two()
    await found.passes(1, found.one, found.other)
    return found


async def test_what_a_killed_process_held_is_taken_over_in_seconds(two: Two) -> None:
    await two.one.claims("n-1", "n-2")

    await two.passes(4, two.other)
    assert isinstance(two.state("n-1"), Sending), "it may still be alive"
    await two.passes(3, two.other)

    taken = two.state("n-1")
    assert isinstance(taken, Sending)
    assert taken.holder == two.other.holder.name
    assert await two.told() == ["NotificationUncertain"] * 2
    assert two.other.sender.is_busy, "it sends them again at once"


async def test_who_gives_signs_keeps_what_it_holds(two: Two) -> None:
    await two.one.claims("n-1")
    await two.passes(29, two.one, two.other)

    held = two.state("n-1")
    assert isinstance(held, Sending)
    assert held.holder == two.one.holder.name


async def test_a_clock_that_is_ahead_takes_nobody_for_dead(two: Two) -> None:
    ahead = ManualClock()
    ahead.advance(timedelta(hours=3))
    stranger = Replica(two.store, ahead)
    await two.one.claims("n-1")

    await stranger.heartbeat.run_once()

    held = two.state("n-1")
    assert isinstance(held, Sending)
    assert held.holder == two.one.holder.name


async def test_a_zombie_does_not_call_and_its_name_is_gone(two: Two) -> None:
    jobs = await two.one.claims("n-1")
    before = two.one.holder.name
    await two.passes(10, two.other)

    (finished,) = await two.one.sends(jobs)  # It goes on where it was stopped.

    assert two.one.phone.told == []
    assert finished.result is None
    await two.one.heartbeat.run_once()
    assert two.one.holder.name == ""
    await two.passes(1, two.one)
    assert two.one.holder.name not in {"", before}


async def test_a_zombie_that_gives_its_sign_first_does_not_call_either(two: Two) -> None:
    jobs = await two.one.claims("n-1")
    await two.passes(10, two.other)
    await two.passes(2, two.one)  # It has a new name by now; the claim has the old one.

    await two.one.sends(jobs)

    assert two.one.phone.told == []


async def test_what_a_zombie_saw_end_writes_nothing(two: Two) -> None:
    jobs = await two.one.claims("n-1")
    finished = await two.one.sends(jobs)
    assert len(two.one.phone.told) == 1
    await two.passes(10, two.other)
    await two.told()
    taken = two.state("n-1")

    await two.one.records(finished)

    assert two.state("n-1") == taken
    assert await two.told() == []


async def test_without_the_database_a_page_goes_out_within_its_lease(two: Two) -> None:
    jobs = await two.one.claims("n-1")
    two.one.away = True
    two.clock.advance(8 * SECOND)

    (finished,) = await two.one.sends(jobs)

    assert len(two.one.phone.told) == 1
    assert finished.result is not None


async def test_who_was_slow_and_not_struck_out_keeps_its_name(two: Two) -> None:
    name = two.one.holder.name
    two.clock.advance(8 * SECOND)
    assert not two.one.holder.holds(name)

    await two.one.heartbeat.run_once()

    assert two.one.holder.holds(name)


async def test_what_was_claimed_before_the_first_sign_waits_for_its_lease(two: Two) -> None:
    fresh = Replica(two.store, two.clock)
    (job,) = await fresh.claims("n-1")
    assert fresh.holder.holds("")

    assert len(await fresh.sends([job])) == 1
    assert len(fresh.phone.told) == 1


async def test_a_database_that_is_away_stops_no_heart() -> None:
    class Away(MemoryStore[MemoryNotifierUnitOfWork]):
        def begin(self) -> object:  # type: ignore[override]
            raise OSError("away")

    replica = Replica(Away(MemoryNotifierUnitOfWork), ManualClock())  # type: ignore[arg-type]

    assert not await replica.heartbeat.run_once()
    assert replica.holder.name == ""
