"""Vital signs: what stands still for more than a minute; and one lease for many replicas."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tocsin import failing
from tocsin.database import Database
from tocsin.events import Actor, AddNote, caused_by
from tocsin.failing import Failing
from tocsin.lease import Lease
from tocsin.sql import SqlStore, SqlUnitOfWork
from tocsin.tables import RECIPE
from tocsin.testing import START, ManualClock
from tocsin.unit_of_work import Timer
from tocsin.vitals import Vitals

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


class Process:
    """A process over a database, whose clocks are moved."""

    def __init__(self, database: Database) -> None:
        self.clock = ManualClock()
        self.store = SqlStore(database, SqlUnitOfWork, self.clock.now)
        self.connected = True
        self.failing: dict[str, Failing] = {}
        self.vitals = Vitals(
            self.store, lambda: self.connected, lambda: self.failing, self.monotonic
        )

    def monotonic(self) -> float:
        return (self.clock.now() - START).total_seconds()

    async def finds(self, after: timedelta) -> list[tuple[str, timedelta, bool]]:
        """Return what is found then: which, since when, and whether every replica finds it."""
        self.clock.move_to(START + after)
        found = await self.vitals(self.clock.now())
        return [(one.key, one.since - START, one.shared) for one in found]


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[Process]:
    database = Database(f"sqlite:///{tmp_path}/vitals.db")
    async with database.transaction() as connection:
        await connection.run_sync(RECIPE.create_all)
    yield Process(database)
    await database.close()


async def test_all_is_well_at_first(process: Process) -> None:
    assert await process.finds(MINUTE) == []


async def test_an_outbox_that_stands_still(process: Process) -> None:
    note = AddNote(incident_id="i", by=Actor(kind="user", name="ada"), text="x")
    process.clock.move_to(START + SECOND)
    async with process.store.begin() as uow:
        await uow.publish([caused_by(None, note, now=START, source="test")])
    assert await process.finds(SECOND + MINUTE) == []
    assert await process.finds(2 * SECOND + MINUTE) == [("outbox", SECOND, True)]


async def test_deadlines_that_nobody_works_off(process: Process) -> None:
    async with process.store.begin() as uow:
        await uow.set_timers([Timer("t", "kind", "subject", START + SECOND)])
    assert await process.finds(SECOND + MINUTE) == []
    assert await process.finds(2 * SECOND + MINUTE) == [("timers", SECOND, True)]


async def test_a_consumer_that_fails_on_the_same_batch(process: Process) -> None:
    process.failing["things.pages"] = Failing(4, 1.0, "OSError('away')")
    assert await process.finds(SECOND + MINUTE) == []
    assert await process.finds(2 * SECOND + MINUTE) == [("consumer things.pages", SECOND, False)]
    process.failing.clear()
    assert await process.finds(3 * MINUTE) == []


async def test_a_connection_to_kafka_that_is_gone(process: Process) -> None:
    assert await process.finds(MINUTE) == []
    process.connected = False
    assert await process.finds(2 * MINUTE) == []
    assert await process.finds(2 * MINUTE + SECOND) == [("kafka", MINUTE, False)]
    process.connected = True
    assert await process.finds(3 * MINUTE) == []


def test_failures_are_counted_in_a_row_from_the_first() -> None:
    assert failing.note("things.test", OSError("one")) == 1
    assert failing.note("things.test", OSError("two")) == 2
    found = failing.consumers()["things.test"]
    assert (found.count, found.error) == (2, "OSError('two')")
    failing.forget("things.test")
    failing.forget("things.test")
    assert "things.test" not in failing.consumers()
    assert failing.note("things.test", OSError("three")) == 1
    failing.forget("things.test")


async def test_one_replica_holds_the_lease_until_it_lapses(process: Process) -> None:
    lasts = timedelta(seconds=15)
    database, clock = process.store.database, process.clock
    first, second = (Lease(database, clock, "auditor", lasts) for _ in range(2))
    assert await first.holds()
    assert not await second.holds()
    clock.advance(lasts)
    assert not await second.holds()
    clock.advance(SECOND)
    assert await second.holds()
    other = Lease(database, clock, "another", lasts)
    assert await other.holds()


async def test_a_lease_of_a_clock_that_was_put_back_holds_nobody_up(process: Process) -> None:
    lasts = timedelta(seconds=15)
    ahead = ManualClock(START + timedelta(hours=1))
    assert await Lease(process.store.database, ahead, "auditor", lasts).holds()
    assert await Lease(process.store.database, process.clock, "auditor", lasts).holds()
