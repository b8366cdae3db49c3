"""The bus: MemoryBroker and a real Kafka do the same with the same consumer."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pytest
from aiokafka import AIOKafkaProducer

from dev.kafka import KafkaServer
from tocsin import kafka as bus
from tocsin.application import Subscription
from tocsin.bus import Consumer
from tocsin.database import Database
from tocsin.events import Actor, AddNote, Envelope, Event, caused_by, encode
from tocsin.migrate import migrate
from tocsin.outgoing import Outgoing
from tocsin.provisioning import provision
from tocsin.publisher import KafkaPublisher
from tocsin.relay import Relay
from tocsin.sql import SqlStore, SqlUnitOfWork
from tocsin.testing import (
    START,
    ManualClock,
    MemoryBroker,
    MemoryStore,
    MemoryUnitOfWork,
    eventually,
)
from tocsin.topics import COMMANDS
from tocsin.unit_of_work import UnitOfWork


def note(text: str, incident: str = "inc_1") -> Envelope[Event]:
    data = AddNote(incident_id=incident, by=Actor(kind="user", name="ada"), text=text)
    return caused_by(None, data, now=START, source="test")


def record(envelope: Envelope[Event]) -> Outgoing:
    return Outgoing("commands", envelope.data.key.encode(), encode(envelope))


class Heard:
    """A handler that remembers; `refuse` makes it fail on one text."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.refuse: str | None = None
        self.outage = 0

    async def __call__(
        self, uow: UnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
    ) -> None:
        del uow, now
        if self.outage:
            self.outage -= 1
            raise OSError("the database is away")
        texts = [one.data.text for one in envelopes if isinstance(one.data, AddNote)]
        if self.refuse in texts:
            raise ValueError(f"cannot handle {self.refuse}")
        self.texts += texts


class World(Protocol):
    """A bus with one consumer of `commands`."""

    heard: Heard

    async def publish(self, *outgoing: Outgoing) -> None: ...
    async def letters(self) -> int: ...
    async def settle(self, texts: Sequence[str]) -> None: ...


class InMemory:
    def __init__(self) -> None:
        self.heard = Heard()
        self.broker = MemoryBroker()
        self.store = MemoryStore(MemoryUnitOfWork)
        subscription = Subscription(COMMANDS, self.heard, (AddNote,))
        self.consumer = Consumer("test", subscription, self.store, ManualClock())

    async def publish(self, *outgoing: Outgoing) -> None:
        await self.broker.send(outgoing)

    async def letters(self) -> int:
        return len(self.store.tables.get("dead_letters", {}))

    async def settle(self, texts: Sequence[str]) -> None:
        for _ in range(3):
            try:
                while await self.broker.deliver(self.consumer):
                    pass
            except OSError:
                continue
        assert sorted(self.heard.texts) == sorted(texts)


class OnKafka:
    def __init__(
        self, server: KafkaServer, prefix: str, database: Database, heard: Heard | None = None
    ) -> None:
        self.heard = heard or Heard()
        self.prefix = prefix
        self.store = SqlStore(database, SqlUnitOfWork, ManualClock().now)
        subscription = Subscription(COMMANDS, self.heard, (AddNote,))
        consumer = Consumer("test", subscription, self.store, ManualClock())
        self.broker = bus.broker_of([server.bootstrap], "test", 5)
        bus.subscribe(self.broker, consumer, prefix)
        bus.refuse_other_shapes(self.broker)
        self.publisher = KafkaPublisher([server.bootstrap], prefix, "test", 10)

    async def publish(self, *outgoing: Outgoing) -> None:
        await self.publisher.send(outgoing)

    async def letters(self) -> int:
        async with self.store.read() as uow:
            return await uow.pending("dead-letters")

    async def settle(self, texts: Sequence[str]) -> None:
        async def all_here() -> bool:
            return sorted(self.heard.texts) == sorted(texts)

        await eventually(all_here, within=20)
        await asyncio.sleep(0.2)  # Anything too much would come now.
        assert sorted(self.heard.texts) == sorted(texts)


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
def bootstrap(request: pytest.FixtureRequest) -> KafkaServer | None:
    return request.getfixturevalue("kafka") if request.param == "kafka" else None


@asynccontextmanager
async def on_kafka(
    server: KafkaServer, prefix: str, folder: Path, heard: Heard | None = None
) -> AsyncIterator["OnKafka"]:
    """Make a consumer on the real broker; whoever takes it starts it."""
    url = f"sqlite:///{folder}/bus.db"
    await migrate(url, "tests.recipe_service")
    await provision([server.bootstrap], prefix)
    database = Database(url)
    world = OnKafka(server, prefix, database, heard)
    yield world
    await world.broker.stop()
    await world.publisher.close()
    await database.close()


@pytest.fixture
async def world(
    bootstrap: KafkaServer | None, topic_prefix: str, tmp_path: Path
) -> AsyncIterator[World]:
    if bootstrap is None:
        yield InMemory()
        return
    async with on_kafka(bootstrap, topic_prefix, tmp_path) as real:
        await real.broker.start()
        yield real


async def test_what_is_published_is_handled_in_order_per_key(world: World) -> None:
    texts = [f"note {number}" for number in range(50)]
    await world.publish(*[record(note(text)) for text in texts])
    await world.settle(texts)
    assert world.heard.texts == texts


async def test_the_same_event_twice_is_handled_once(world: World) -> None:
    once = record(note("once"))
    await world.publish(once)
    await world.settle(["once"])
    await world.publish(once, once)
    await world.publish(record(note("after")))
    await world.settle(["once", "after"])


async def test_records_that_are_no_events_are_buried_and_stop_nobody(world: World) -> None:
    await world.publish(
        Outgoing("commands", b"k", b"{not json"),
        record(note("good")),
        Outgoing(
            "commands", b"k", b'{"id":"1","source":"x","type":"who knows","time":"t","data":1}'
        ),
        Outgoing("commands", b"k", b"\xff\xfe"),
    )
    await world.settle(["good"])
    assert await world.letters() == 3


async def test_an_event_that_fails_alone_is_buried_alone(world: World) -> None:
    world.heard.refuse = "bad"
    await world.publish(*[record(note(text)) for text in ("one", "bad", "two")])
    await world.settle(["one", "two"])
    assert await world.letters() == 1


async def test_an_outage_buries_nothing_and_loses_nothing(world: World) -> None:
    world.heard.outage = 2
    await world.publish(record(note("patience")))
    await world.settle(["patience"])
    assert await world.letters() == 0


@pytest.mark.kafka
async def test_a_header_that_is_null_or_not_text_loses_no_record(
    kafka: KafkaServer, topic_prefix: str, tmp_path: Path
) -> None:
    async with on_kafka(kafka, topic_prefix, tmp_path) as world:
        await world.broker.start()
        producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap)
        await producer.start()
        foreign = record(note("foreign"))
        await producer.send_and_wait(
            topic_prefix + "commands",
            foreign.value,
            key=b"k",
            headers=[("a", None), ("b", b"\xff\xfe")],
        )
        await world.settle(["foreign"])
        await producer.stop()


@pytest.mark.kafka
async def test_the_relay_publishes_what_was_committed_in_order_and_deletes_it(
    kafka: KafkaServer, topic_prefix: str, tmp_path: Path
) -> None:
    async with on_kafka(kafka, topic_prefix, tmp_path) as world:
        relay = Relay(world.store.database, world.publisher, ManualClock())
        texts = [f"note {number}" for number in range(1200)]
        for start in range(0, 1200, 300):
            async with world.store.begin() as uow:
                await uow.publish([note(text) for text in texts[start : start + 300]])
        while await relay.flush():
            pass
        await relay.forget_sent()
        async with world.store.read() as uow:
            assert await uow.pending("commands") == 0
        await world.broker.start()
        await world.settle(texts)
        assert world.heard.texts == texts


async def test_two_relays_never_hold_the_lease_together(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bus.db"
    await migrate(url, "tests.recipe_service")
    database, broker, clock = Database(url), MemoryBroker(), ManualClock()
    first, second = Relay(database, broker, clock), Relay(database, broker, clock)
    store = SqlStore(database, SqlUnitOfWork, clock.now)
    async with store.begin() as uow:
        await uow.publish([note("one")])
    assert await first.flush() == 1
    async with store.begin() as uow:
        await uow.publish([note("two")])
    assert await second.flush() == 0
    assert await first.flush() == 1
    await database.close()
