"""Two replicas of the durable log on one database: what one keeps, the other does not overtake."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from incident_intake.adapters.memory import MemoryIntakeUnitOfWork
from incident_intake.handlers.durable_log import DurableLog
from tests.unit.incident_intake.test_durable_log import DEADLINE, Bench, FailingStore
from tocsin.topics import ALERT_EVENTS


class WatchedStore(FailingStore):
    """A store that counts its reads, and whose reads fail while it is away."""

    reads = 0

    @asynccontextmanager
    async def read(self) -> AsyncIterator[MemoryIntakeUnitOfWork]:
        self.reads += 1
        if self.away:
            raise OSError("the database is away")
        async with super().read() as uow:
            yield uow


def replica(store: WatchedStore, look_every: float = 0.0) -> Bench:
    """Return a replica with its own way to Kafka, on the database that all share."""
    bench = Bench()
    bench.store = store
    bench.log = DurableLog(bench.broker, store, DEADLINE, look_every)
    return bench


def shared() -> WatchedStore:
    return WatchedStore(MemoryIntakeUnitOfWork)


async def test_what_one_replica_keeps_in_the_outbox_another_does_not_overtake() -> None:
    store = shared()
    cut_off, reaches = replica(store), replica(store)
    await reaches.append("earlier")
    cut_off.broker.away = True
    await cut_off.append("trigger")
    await reaches.append("resolve")
    assert cut_off.in_outbox() == ["trigger", "resolve"]
    # The relay brings both to Kafka, in order; then the way is free again.
    await reaches.relay()
    await reaches.append("afterwards")
    sent = [one.value for one in reaches.broker.records(ALERT_EVENTS.name)]
    assert len(sent) == 4
    assert not reaches.log.is_diverting
    assert cut_off.in_outbox() == []


async def test_a_look_serves_every_alert_until_the_next() -> None:
    store = shared()
    bench = replica(store, look_every=60.0)
    for number in range(3):
        await bench.append(f"{number}")
    before = store.reads
    await asyncio.gather(*(bench.append(f"more {number}") for number in range(50)))
    assert store.reads == before
    assert before == 1


async def test_a_database_that_cannot_be_looked_at_keeps_no_alert_from_kafka() -> None:
    store = shared()
    bench = replica(store)
    await bench.append("first")
    store.away = True
    await bench.append("second")
    await bench.append("third")
    assert bench.in_kafka() == {"first", "second", "third"}
    assert store.reads == 1
