"""The Kafka side of the bus: subscribers in the one accepted shape.

FastStream's defaults lose messages: it acknowledges first, starts at the latest record and commits
on failure. The shape here does not, and `refuse_other_shapes` keeps every other from starting.
"""

import asyncio
import dataclasses
import functools
import logging
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from aiokafka import ConsumerRebalanceListener
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.message import AckStatus

from tocsin import failing
from tocsin.backoff import Backoff
from tocsin.bus import Consumer, Record
from tocsin.errors import MisconfiguredError
from tocsin.offsets import LazyOffsets
from tocsin.pausing import happens
from tocsin.topics import MAX_MESSAGE_BYTES
from tocsin.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

BATCH = 500
# FastStream sleeps this long after an empty poll, in which nothing is heard; `listen_patiently`
# makes empty polls rare.
POLL_MS = 20
PATIENCE_MS = 1_000
GATHERED_BYTES = 64 * 1024
REBALANCE_MS = 60_000
SESSION_MS = 6_000  # Kafka's least: how long a killed process keeps its partitions.
HEARTBEAT_MS = 1_000
MAX_POLL_MS = 900_000
RETRY = Backoff(first=timedelta(milliseconds=100), ceiling=timedelta(seconds=5))


class DrainOnRevoke(ConsumerRebalanceListener):  # type: ignore[misc]
    """Lets the running batch finish, and its offsets be committed, before somebody else goes on."""

    def __init__(self) -> None:
        """Start idle."""
        self.idle = asyncio.Event()
        self.idle.set()
        self.offsets = LazyOffsets()

    async def on_partitions_revoked(self, revoked: Any) -> None:  # noqa: ANN401 - aiokafka's.
        """Wait for the running batch: its effects and offsets are ours until then."""
        del revoked
        await self.drain()

    async def drain(self) -> None:
        """Return when nothing is running and every offset is committed."""
        if not await happens(self.idle, REBALANCE_MS / 2000):
            log.warning("revoked_while_busy")
        await self.offsets.flush()

    async def on_partitions_assigned(self, assigned: Any) -> None:  # noqa: ANN401 - aiokafka's.
        """Nothing to prepare: state is in the database."""
        del assigned


def broker_of(bootstrap: Sequence[str], client_id: str, drain_timeout: float) -> KafkaBroker:
    """Return a broker that creates no topic and logs through structlog."""
    return KafkaBroker(
        list(bootstrap),  # A string would be taken as one host, commas and all.
        client_id=client_id,
        allow_auto_create_topics=False,
        apply_types=False,  # Injection would send every batch through a thread.
        ack_policy=AckPolicy.NACK_ON_ERROR,
        graceful_timeout=drain_timeout,
        logger=_logger(),
        log_level=logging.DEBUG,
    )


def _logger() -> logging.Logger:
    # Not FastStream's own, which brings a handler of its own. Below an error it tells of each
    # message and each assignment.
    logger = logging.getLogger("tocsin.faststream")
    logger.setLevel(logging.ERROR)
    return logger


def subscribe(
    broker: KafkaBroker,
    consumer: "Consumer[Any]",
    prefix: str,
    turn: asyncio.Event | None = None,
    seat: str | None = None,
) -> DrainOnRevoke:
    """Subscribe a consumer in the one accepted shape; return what to drain at a stop.

    It handles nothing before it is its `turn`. Who comes back with the same `seat` takes over the
    partitions of the process that was killed at once, instead of when its session is over.
    """
    topic, rest = consumer.subscription.topic, consumer.subscription.rest
    drain = DrainOnRevoke()

    @broker.subscriber(
        topic.full_name(prefix),
        group_id=prefix + consumer.name,
        group_instance_id=seat,
        batch=True,
        max_records=BATCH,
        batch_timeout_ms=POLL_MS,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
        parser=_tolerant,
        decoder=_undecoded,
        listener=drain,
        rebalance_timeout_ms=REBALANCE_MS,
        session_timeout_ms=SESSION_MS,
        heartbeat_interval_ms=HEARTBEAT_MS,
        max_poll_interval_ms=MAX_POLL_MS,
        max_partition_fetch_bytes=MAX_MESSAGE_BYTES,
        # Who rests between batches lets the broker gather as well.
        fetch_min_bytes=GATHERED_BYTES if rest else 1,
        fetch_max_wait_ms=int(rest * 1000) or 500,
    )
    async def handle(message: KafkaMessage) -> None:
        if turn is not None:
            await turn.wait()
        drain.idle.clear()
        try:
            await _handled(consumer, topic.name, message, drain.offsets)
        finally:
            drain.idle.set()
        await asyncio.sleep(rest)

    return drain


async def _handled(
    consumer: "Consumer[UnitOfWork]", topic: str, message: KafkaMessage, offsets: LazyOffsets
) -> None:
    raw = message.raw_message
    records = raw if isinstance(raw, tuple) else (raw,)
    try:
        await consumer.consume(
            [Record(topic, one.partition, one.offset, one.key or b"", one.value) for one in records]
        )
    except Exception as error:
        # FastStream seeks back at once and would spin; how long to wait is ours to say.
        failures = failing.note(consumer.name, error)
        log.warning("batch_again", consumer=consumer.name, failures=failures, error=repr(error))
        await asyncio.sleep(RETRY.delay(failures, random.random()).total_seconds())  # noqa: S311
        raise
    failing.forget(consumer.name)
    offsets.note(message.consumer, records)
    # Our exact offsets stand; FastStream's own commit would move to wherever the position is.
    message.committed = AckStatus.ACKED


async def _tolerant(message: Any, original: Any) -> Any:  # noqa: ANN401 - FastStream's parser.
    """Parse even records whose headers are null or not UTF-8: FastStream would drop those."""
    return await original(tuple(_readable(one) for one in message))


def _readable(record: Any) -> Any:  # noqa: ANN401 - aiokafka's ConsumerRecord.
    if all(value is not None and value.isascii() for _, value in record.headers):
        return record
    headers = tuple(
        (name, (value or b"").decode("latin-1").encode()) for name, value in record.headers
    )
    return dataclasses.replace(record, headers=headers)


async def _undecoded(message: Any) -> Any:  # noqa: ANN401 - FastStream's decoder.
    """Leave the bytes alone: what cannot be decoded is ours to bury, not FastStream's to drop."""
    return message


def listen_patiently(broker: KafkaBroker) -> None:
    """Let an idle consumer wait in one long poll, which the first record ends at once.

    A poll every 20 ms would cost each idle consumer 2 % of a core, and a nap after each of them
    up to 20 ms of delay.
    """
    for subscriber in broker.subscribers:
        consumer = getattr(subscriber, "consumer", None)
        if consumer is not None:
            consumer.getmany = functools.partial(_patiently, consumer.getmany)


async def _patiently(getmany: Any, *, timeout_ms: int, max_records: int) -> Any:  # noqa: ANN401
    return await getmany(timeout_ms=max(timeout_ms, PATIENCE_MS), max_records=max_records)


def leave_seats(broker: KafkaBroker) -> None:
    """Let the others have our partitions at once when we stop: nobody may come back to the seat.

    aiokafka leaves a group only if it has no seat in it.
    """
    for subscriber in broker.subscribers:
        coordinator: Any = getattr(getattr(subscriber, "consumer", None), "_coordinator", None)
        if getattr(coordinator, "_group_instance_id", None) is not None:
            coordinator._group_instance_id = None  # noqa: SLF001 - no public way.


def refuse_other_shapes(broker: KafkaBroker) -> None:
    """Raise MisconfiguredError unless every subscriber has the one shape that loses nothing."""
    mistakes: list[str] = []
    groups: set[str] = set()
    for subscriber in broker.subscribers:
        name = ",".join(getattr(subscriber, "topic_names", ()))
        mistakes += [f"subscriber of {name}: {fault}" for fault in _faults(subscriber)]
        group = getattr(subscriber, "group_id", None)
        if group in groups:
            mistakes.append(f"subscriber of {name}: shares the group {group} with another")
        groups.add(str(group))
    if mistakes:
        raise MisconfiguredError(mistakes)


def _faults(subscriber: Any) -> list[str]:  # noqa: ANN401 - FastStream's, mostly private.
    # No public way to read them back.
    connection, calls = subscriber._connection_args, subscriber._call_options  # noqa: SLF001
    checks = {
        "acknowledges before it has handled": subscriber.ack_policy is AckPolicy.NACK_ON_ERROR,
        "has no group, so nothing remembers where it was": bool(subscriber.group_id),
        "commits by itself": connection.get("enable_auto_commit") is False,
        "starts at the latest record": connection.get("auto_offset_reset") == "earliest",
        "is not a batch subscriber": getattr(subscriber, "max_records", None) is not None,
        "drops records that FastStream cannot parse": calls.parser is _tolerant,
        "decodes by itself, and stumbles over what is not JSON": calls.decoder is _undecoded,
    }
    return [fault for fault, holds in checks.items() if not holds]
