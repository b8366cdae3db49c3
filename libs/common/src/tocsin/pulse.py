"""Whether the consumers are alive inside, which Kafka cannot see, and how far behind they are."""

import asyncio
import contextlib
from typing import Any

from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker

PATIENCE = 0.5


def stalled(broker: KafkaBroker) -> list[str]:
    """Return what is dead inside consumers that still look alive to Kafka.

    aiokafka's fetch task can die unobserved: polls then wait for ever while heartbeats go on.
    """
    found = []
    for subscriber in broker.subscribers:
        consumer = getattr(subscriber, "consumer", None)
        name = ",".join(getattr(subscriber, "topic_names", ()))
        for owner, task in (("_fetcher", "_fetch_task"), ("_coordinator", "_coordination_task")):
            running = getattr(getattr(consumer, owner, None), task, None)
            if running is not None and running.done():
                found.append(f"{name}: {task} has ended")
        tasks = getattr(subscriber, "tasks", None)
        if consumer is not None and tasks and all(task.done() for task in tasks):
            found.append(f"{name}: its consume loop has ended")
    return found


async def lags(broker: KafkaBroker) -> dict[str, int]:
    """Return how many records wait for each consumer group, as the last fetch of each told it.

    A batch that is being handled counts as read. What fails is sought again, and waits. A consumer
    that does not know its place yet is left out.
    """
    found = {}
    for subscriber in broker.subscribers:
        consumer = getattr(subscriber, "consumer", None)
        with contextlib.suppress(KafkaError, TimeoutError):
            if consumer is not None:
                async with asyncio.timeout(PATIENCE):
                    found[str(getattr(subscriber, "group_id", ""))] = await _lag(consumer)
    return found


async def _lag(consumer: Any) -> int:  # noqa: ANN401 - aiokafka's, which is untyped.
    waiting = 0
    for place in consumer.assignment():
        at = await consumer.position(place)
        # Nothing may come between: of a partition that was taken away no end may be asked for.
        waiting += (consumer.highwater(place) or at) - at
    return waiting
