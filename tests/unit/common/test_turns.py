"""A consumer waits until another has caught up, and never for ever."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from aiokafka import TopicPartition
from faststream.kafka import KafkaBroker

from tocsin.application import Subscription
from tocsin.bus import Consumer
from tocsin.events import Envelope, Event
from tocsin.testing import ManualClock, MemoryStore, MemoryUnitOfWork, eventually
from tocsin.topics import INCIDENTS, PAGES
from tocsin.turns import Turns

PLACES = {TopicPartition("t.incidents", number): end for number, end in enumerate((5, 0, 7))}


@dataclass
class Reader:
    """A consumer of `incidents`, with the part of aiokafka's interface that is asked."""

    assigned: bool = True
    done: dict[TopicPartition, int] = field(default_factory=dict)

    def assignment(self) -> set[TopicPartition]:
        return set(PLACES) if self.assigned else set()

    async def beginning_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 0)

    async def end_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {place: PLACES[place] for place in places}

    async def committed(self, place: TopicPartition) -> int | None:
        return self.done.get(place)


@dataclass
class Subscriber:
    consumer: Reader
    topic_names: tuple[str, ...] = ("t.incidents",)


@dataclass
class Broker:
    subscribers: list[Subscriber]


async def ignore(uow: object, envelopes: Sequence[Envelope[Event]], now: datetime) -> None:
    del uow, envelopes, now


def consumer(subscription: Subscription[Any]) -> Consumer[Any]:
    return Consumer("notifier", subscription, MemoryStore(MemoryUnitOfWork), ManualClock())


FIRST = consumer(Subscription(INCIDENTS, ignore, ()))
WAITING = consumer(Subscription(PAGES, ignore, (), after=INCIDENTS))


def watched(reader: Reader, longest: float = 10.0) -> tuple[Turns, asyncio.Event]:
    found = Turns([FIRST, WAITING], longest)
    found.watch(cast("KafkaBroker", Broker([Subscriber(reader)])), "t.")
    event = found.of(WAITING)
    assert event is not None
    return found, event


async def test_only_who_says_so_waits() -> None:
    assert Turns([FIRST, WAITING]).of(FIRST) is None


async def test_it_is_its_turn_when_all_partitions_are_handled_to_their_end() -> None:
    reader = Reader()
    found, event = watched(reader)
    await asyncio.sleep(0.15)
    assert not event.is_set()
    reader.done = {place: end for place, end in PLACES.items() if end}
    await asyncio.wait_for(event.wait(), 5)
    found.close()


async def test_who_has_no_partition_waits_no_longer_than_it_may() -> None:
    found, event = watched(Reader(assigned=False), longest=0.05)
    await asyncio.wait_for(event.wait(), 5)
    found.close()


async def test_at_the_end_nobody_waits_any_longer() -> None:
    found, event = watched(Reader())
    found.close()

    async def is_set() -> bool:
        return event.is_set()

    await eventually(is_set, within=1)
