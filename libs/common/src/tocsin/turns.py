"""Which topic is heard first at a start: one consumer waits until another has caught up.

Between topics there is no order. But who was away, or hears old topics again, should know what has
been answered before it acts on what was asked.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker

from tocsin.bus import Consumer

log = structlog.get_logger(__name__)
LONGEST = 60.0  # Then it goes on without: better told twice than not at all.
EVERY = 0.1


class Turns:
    """The waiting consumers of one connection, and the tasks that look how far the others are."""

    def __init__(self, consumers: Sequence[Consumer[Any]], longest: float = LONGEST) -> None:
        """Let each consumer whose subscription says `after` wait, for `longest` at most."""
        self._longest = longest
        self._events = {
            one.name: asyncio.Event() for one in consumers if one.subscription.after is not None
        }
        self._consumers = [one for one in consumers if one.name in self._events]
        self._tasks: list[asyncio.Task[None]] = []

    def of(self, consumer: Consumer[Any]) -> asyncio.Event | None:
        """Return what this consumer waits for, if it waits."""
        return self._events.get(consumer.name)

    def watch(self, broker: KafkaBroker, prefix: str) -> None:
        """Begin to look; the connection is open."""
        for consumer in self._consumers:
            first = consumer.subscription.after
            assert first is not None
            task = asyncio.create_task(self._wait(broker, first.full_name(prefix), consumer.name))
            self._tasks.append(task)

    def close(self) -> None:
        """Look no more; nobody waits any longer."""
        for task in self._tasks:
            task.cancel()
        for event in self._events.values():
            event.set()

    async def _wait(self, broker: KafkaBroker, topic: str, name: str) -> None:
        try:
            async with asyncio.timeout(self._longest):
                await _caught_up(broker, topic)
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("turn_taken_without", consumer=name, first=topic, error=repr(error))
        self._events[name].set()


async def _caught_up(broker: KafkaBroker, topic: str) -> None:
    """Return when all that was on the topic's partitions of ours by now is committed."""
    reader = next(
        getattr(one, "consumer", None)
        for one in broker.subscribers
        if topic in getattr(one, "topic_names", ())
    )
    assert reader is not None
    while not reader.assignment():  # noqa: ASYNC110 - aiokafka tells nobody.
        await asyncio.sleep(EVERY)
    left: set[TopicPartition] = set(reader.assignment())
    starts = await reader.beginning_offsets(list(left))
    ends = await reader.end_offsets(list(left))
    while left:
        for place in list(left):
            if place not in reader.assignment():
                left.discard(place)  # Another replica's by now.
            elif (await reader.committed(place) or starts[place]) >= ends[place]:
                left.discard(place)
        if left:
            await asyncio.sleep(EVERY)
