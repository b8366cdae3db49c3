"""The timer loop: oldest first, nothing lost, nobody held up."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from prometheus_client import REGISTRY
from starlette.applications import Starlette

from tocsin import failing
from tocsin.application import Application
from tocsin.testing import START, ManualClock, MemoryStore, MemoryUnitOfWork
from tocsin.timers import POSTPONED, TimerLoop
from tocsin.unit_of_work import Timer


class Firing:
    """A service whose timers write down that they fired, or fail as they are told."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = MemoryStore(MemoryUnitOfWork)
        self.failing: dict[str, Exception] = {}
        self.batches: list[list[str]] = []
        self.again: timedelta | None = None
        self.fired = asyncio.Event()
        application = Application(
            name="things",
            store=self.store,
            clock=self.clock,
            subscriptions=(),
            on_timers=self.on_timers,
            http=Starlette(),
        )
        self.loop = TimerLoop(application)

    async def on_timers(
        self, uow: MemoryUnitOfWork, timers: Sequence[Timer], now: datetime
    ) -> None:
        self.batches.append([timer.timer_id for timer in timers])
        for timer in timers:
            if timer.timer_id in self.failing:
                raise self.failing[timer.timer_id]
            uow.table("done")[timer.timer_id] = now
            if self.again:
                later = Timer(timer.timer_id, timer.kind, timer.subject, now + self.again)
                await uow.set_timers([later])
        self.fired.set()

    async def set(self, **seconds: float) -> None:
        async with self.store.begin() as uow:
            await uow.set_timers(
                [
                    Timer(name, "kind", "subject", START + timedelta(seconds=due), {"of": name})
                    for name, due in seconds.items()
                ]
            )

    @property
    def done(self) -> list[str]:
        return list(self.store.tables.get("done", {}))

    @property
    def waiting(self) -> dict[str, Timer]:
        return dict(self.store.tables.get("timers", {}))


async def test_what_is_due_fires_once_oldest_first_in_one_transaction() -> None:
    firing = Firing()
    await firing.set(c=-1, a=-3, b=-2, later=1, now=0)
    assert await firing.loop.fire() == 4
    assert firing.batches == [["a", "b", "c", "now"]]
    assert list(firing.waiting) == ["later"]
    assert await firing.loop.fire() == 0


async def test_a_timer_that_fails_is_postponed_and_the_others_fire() -> None:
    firing = Firing()
    firing.failing = {"bad": ValueError("cannot"), "worse": KeyError("x")}
    await firing.set(a=-4, bad=-3, b=-2, worse=-1, c=0)
    assert await firing.loop.fire() == 3
    assert firing.done == ["a", "b", "c"]
    assert {name: timer.due_at for name, timer in firing.waiting.items()} == {
        "bad": START + POSTPONED,
        "worse": START + POSTPONED,
    }
    assert dict(firing.waiting["bad"].data) == {"of": "bad"}


async def test_a_timer_that_is_postponed_is_counted_by_its_kind() -> None:
    firing = Firing()
    firing.failing = {"bad": ValueError("cannot")}
    await firing.set(bad=-1, good=0)
    before = postponed("kind")
    await firing.loop.fire()
    firing.clock.advance(POSTPONED)
    await firing.loop.fire()
    assert postponed("kind") == before + 2


def postponed(kind: str) -> float:
    found = REGISTRY.get_sample_value("tocsin_timers_postponed_total", {"kind": kind})
    return found or 0.0


async def test_a_postponed_timer_fires_when_it_can() -> None:
    firing = Firing()
    firing.failing = {"bad": ValueError("cannot")}
    await firing.set(bad=0)
    await firing.loop.fire()
    firing.failing = {}
    firing.clock.advance(POSTPONED)
    assert await firing.loop.fire() == 1
    assert (firing.done, firing.waiting) == (["bad"], {})


async def test_a_single_timer_that_fails_does_not_come_again_at_once() -> None:
    firing = Firing()
    firing.failing = {"bad": ValueError("cannot")}
    await firing.set(bad=-100)
    assert await firing.loop.fire() == 0
    # Once in its batch, once alone: no busy loop.
    assert firing.batches == [["bad"], ["bad"]]


async def test_an_outage_leaves_every_timer_as_it_was() -> None:
    firing = Firing()
    firing.failing = {"b": OSError("the database is away")}
    await firing.set(a=-2, b=-1)
    with pytest.raises(OSError, match="away"):
        await firing.loop.fire()
    assert firing.done == []
    assert sorted(firing.waiting) == ["a", "b"]
    firing.failing = {}
    assert await firing.loop.fire() == 2


async def test_a_timer_may_set_itself_again() -> None:
    firing = Firing()
    firing.again = timedelta(seconds=10)
    await firing.set(a=0)
    assert await firing.loop.fire() == 1
    assert firing.waiting["a"].due_at == START + timedelta(seconds=10)


async def test_the_loop_wakes_for_an_earlier_timer() -> None:
    firing = Firing()
    await firing.set(far=3600)
    stop = asyncio.Event()
    running = asyncio.create_task(firing.loop.run(stop))
    await asyncio.sleep(0.02)  # It sleeps now, for at most a second.
    await firing.set(near=0)
    firing.loop.wake(START)
    async with asyncio.timeout(0.5):
        await firing.fired.wait()
    assert firing.done == ["near"]
    stop.set()
    firing.loop.wake(None)
    await running


async def test_a_later_timer_does_not_wake_the_loop() -> None:
    firing = Firing()
    await firing.set(near=0.3)
    stop = asyncio.Event()
    running = asyncio.create_task(firing.loop.run(stop))
    await asyncio.sleep(0.02)
    firing.loop.wake(START + timedelta(hours=1))
    await asyncio.sleep(0.02)
    assert firing.batches == []
    stop.set()
    firing.loop.wake(None)
    await running


async def test_the_loop_outlives_an_outage() -> None:
    firing = Firing()
    firing.failing = {"a": OSError("the database is away")}
    await firing.set(a=0)
    stop = asyncio.Event()
    running = asyncio.create_task(firing.loop.run(stop))
    await asyncio.sleep(0.05)
    noted = failing.consumers()["things.timers"]
    firing.failing = {}
    async with asyncio.timeout(2):
        await firing.fired.wait()
    await asyncio.sleep(0.05)
    stop.set()
    firing.loop.wake(None)
    await running
    assert firing.done == ["a"]
    assert "away" in noted.error
    assert "things.timers" not in failing.consumers()
