"""The relay: what is committed is published, in order, whatever fails on the way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tocsin.database import Database
from tocsin.errors import Unavailable
from tocsin.outgoing import Outgoing
from tocsin.relay import LEASE, Relay
from tocsin.sql import SqlStore, SqlUnitOfWork
from tocsin.tables import DEAD_LETTERS, OUTBOX, RECIPE
from tocsin.testing import ManualClock, MemoryBroker, eventually
from tocsin.topics import MAX_MESSAGE_BYTES

CLOCK = ManualClock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/relay.db")
    async with database.transaction() as connection:
        await connection.run_sync(RECIPE.create_all)
    yield database
    await database.close()


async def fill(database: Database, *payloads: bytes, key: bytes = b"k") -> None:
    rows = [
        {
            "event_id": "e",
            "topic": "commands",
            "key": key,
            "payload": payload,
            "traceparent": None,
            "created_at": CLOCK.now(),
        }
        for payload in payloads
    ]
    async with database.transaction() as connection:
        await connection.execute(OUTBOX.insert(), rows)


async def left(database: Database) -> list[bytes]:
    async with database.snapshot() as connection:
        found = await connection.execute(select(OUTBOX.c.payload).order_by(OUTBOX.c.id))
        return [*found.scalars()]


def payloads(broker: MemoryBroker) -> list[bytes]:
    return [one.value for one in broker.records("commands")]


def published(broker: MemoryBroker) -> Callable[[], Awaitable[bool]]:
    async def any_payload() -> bool:
        return bool(payloads(broker))

    return any_payload


async def test_rows_are_published_in_order_and_deleted(database: Database) -> None:
    broker = MemoryBroker()
    await fill(database, b"1", b"2", b"3")
    relay = Relay(database, broker, CLOCK)
    assert await relay.flush() == 3
    assert payloads(broker) == [b"1", b"2", b"3"]
    await relay.forget_sent()
    assert await left(database) == []
    assert await relay.flush() == 0


async def test_what_kafka_did_not_take_stays_and_is_sent_again(database: Database) -> None:
    broker = MemoryBroker(away=True)
    await fill(database, b"1", b"2")
    relay = Relay(database, broker, CLOCK)
    with pytest.raises(Unavailable):
        await relay.flush()
    await relay.forget_sent()
    assert await left(database) == [b"1", b"2"]
    broker.away = False
    assert await relay.flush() == 2
    assert payloads(broker) == [b"1", b"2"]
    await relay.forget_sent()
    assert await left(database) == []


class Interfering:
    """A broker that, while it is sent to, sees another transaction commit."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.sent: list[Outgoing] = []

    async def send(self, outgoing: Sequence[Outgoing]) -> None:
        if not self.sent:
            await fill(self.database, b"late")
        self.sent += outgoing


async def test_only_what_was_sent_is_deleted(database: Database) -> None:
    broker = Interfering(database)
    await fill(database, b"1", b"2")
    relay = Relay(database, broker, CLOCK)
    await relay.flush()
    await relay.forget_sent()
    assert await left(database) == [b"late"]
    await relay.flush()
    assert [one.value for one in broker.sent] == [b"1", b"2", b"late"]


async def test_a_row_with_a_lower_id_that_commits_late_is_not_deleted_unsent(
    database: Database,
) -> None:
    # PostgreSQL hands out ids before the commit: a slow transaction's may be below those sent.
    await fill(database, b"1", b"2", b"3")
    async with database.transaction() as connection:
        await connection.execute(OUTBOX.delete().where(OUTBOX.c.payload == b"2"))
    broker = MemoryBroker()

    class Slow(MemoryBroker):
        async def send(self, outgoing: Sequence[Outgoing]) -> None:
            await broker.send(outgoing)
            row = {
                "id": 2,
                "event_id": "e",
                "topic": "commands",
                "key": b"k",
                "payload": b"2",
                "created_at": CLOCK.now(),
            }
            if await left(database) == [b"1", b"3"]:
                async with database.transaction() as connection:
                    await connection.execute(OUTBOX.insert(), [row])

    relay = Relay(database, Slow(), CLOCK)
    await relay.flush()
    await relay.forget_sent()
    assert await left(database) == [b"2"]
    await relay.flush()
    assert payloads(broker) == [b"1", b"3", b"2"]


async def test_a_row_larger_than_a_topic_takes_is_parked_and_holds_up_nobody(
    database: Database,
) -> None:
    broker = MemoryBroker()
    huge = b"x" * MAX_MESSAGE_BYTES
    await fill(database, b"1", huge, b"2")
    relay = Relay(database, broker, CLOCK)
    assert await relay.flush() == 3
    assert payloads(broker) == [b"1", b"2"]
    await relay.forget_sent()
    (announcement,) = await left(database)
    assert b'"payload":""' in announcement
    assert len(announcement) < 4096
    async with database.snapshot() as connection:
        (letter,) = (await connection.execute(select(DEAD_LETTERS))).all()
    assert letter.payload == huge
    assert (letter.error, letter.consumer) == ("MessageTooLarge", "relay")
    assert str(MAX_MESSAGE_BYTES) in letter.reason


async def test_the_largest_row_that_fits_is_sent(database: Database) -> None:
    broker = MemoryBroker()
    await fill(database, b"x" * (MAX_MESSAGE_BYTES - 4097))
    await Relay(database, broker, CLOCK).flush()
    assert len(payloads(broker)) == 1


async def test_a_second_relay_waits_until_the_lease_is_over(database: Database) -> None:
    clock, broker = ManualClock(), MemoryBroker()
    first, second = Relay(database, broker, clock), Relay(database, broker, clock)
    await fill(database, b"1")
    assert await first.flush() == 1
    await first.forget_sent()
    await fill(database, b"2")
    assert await second.flush() == 0
    clock.advance(LEASE + timedelta(microseconds=1))
    assert await second.flush() == 1
    assert payloads(broker) == [b"1", b"2"]


async def test_a_relay_that_leaves_publishes_the_rest_and_lets_go(database: Database) -> None:
    clock, broker = ManualClock(), MemoryBroker()
    first, second = Relay(database, broker, clock), Relay(database, broker, clock)
    stop = asyncio.Event()
    stop.set()
    await fill(database, b"1", b"2")
    await first.run(stop)
    assert payloads(broker) == [b"1", b"2"]
    await fill(database, b"3")
    assert await second.flush() == 1


async def test_a_relay_that_cannot_reach_kafka_lets_one_that_can_publish(
    database: Database,
) -> None:
    """Or one replica without its network would hold up every event of the service for ever."""
    cut_off, reached = MemoryBroker(away=True), MemoryBroker()
    first, second = Relay(database, cut_off, CLOCK), Relay(database, reached, CLOCK)
    stop = asyncio.Event()
    await fill(database, b"1")
    running = [asyncio.create_task(first.run(stop))]
    await eventually(has_failed(first))
    running.append(asyncio.create_task(second.run(stop)))
    await eventually(published(reached), within=5)
    stop.set()
    await asyncio.gather(*running)
    assert payloads(reached) == [b"1"]


def has_failed(relay: Relay) -> Callable[[], Awaitable[bool]]:
    async def failed() -> bool:
        return not relay.healthy

    return failed


async def test_the_relay_is_woken_by_a_commit(database: Database) -> None:
    broker = MemoryBroker()
    relay = Relay(database, broker, CLOCK)
    store = SqlStore(database, SqlUnitOfWork, CLOCK.now)
    woken: list[bool] = []
    store.on_published = lambda: woken.append(True)
    async with store.begin() as uow:
        await uow.set_timers([])
    assert woken == []
    store.on_published = relay.wake
    stop = asyncio.Event()
    running = asyncio.create_task(relay.run(stop))
    await asyncio.sleep(0.05)
    await fill(database, b"1")
    relay.wake()
    await eventually(published(broker), within=0.19, every=0.005)  # Sooner than it looks itself.
    stop.set()
    await running


async def test_the_relay_outlives_an_outage_and_says_so(database: Database) -> None:
    broker = MemoryBroker(away=True)
    relay = Relay(database, broker, CLOCK)
    await fill(database, b"1")
    stop = asyncio.Event()
    running = asyncio.create_task(relay.run(stop))
    await asyncio.sleep(0.1)
    assert not relay.healthy
    broker.away = False
    await eventually(published(broker), within=2)
    stop.set()
    await running
    assert relay.healthy


async def test_what_was_sent_is_deleted_a_moment_later_and_never_sent_twice(
    database: Database,
) -> None:
    broker = MemoryBroker()
    relay = Relay(database, broker, CLOCK)
    await fill(database, b"1")
    assert await relay.flush() == 1
    assert await left(database) == [b"1"]
    assert await relay.flush() == 0
    await asyncio.sleep(0.15)
    assert await relay.flush() == 0
    assert await left(database) == []
    assert payloads(broker) == [b"1"]
