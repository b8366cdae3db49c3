"""A service whose database was restored from an old copy hears what it told since, and goes on.

Replaying what it was asked would not do: people commanded it over HTTP, time passed, and a decision
made anew differs. What it told is the truth, since others have acted on it. So first it takes its
own facts over. Each names its cause: what was handled is everything on a partition up to the last
cause of a fact. There it goes on; what it handled without telling is told by no fact, and needs
none. Only what it held back without deciding is handled again.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from tocsin import rewinding
from tocsin.application import Definition, Recall
from tocsin.clock import SystemClock
from tocsin.database import Database
from tocsin.errors import Undecodable
from tocsin.events import Envelope, Event, decode
from tocsin.migrate import migrate
from tocsin.settings import ServiceSettings
from tocsin.sql import SqlStore
from tocsin.topics import Topic

log = structlog.get_logger(__name__)
BATCH = 500
POLL_MS = 1000


@dataclass
class Told:
    """What the facts say of their causes."""

    handled: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    count: int = 0

    def note(self, envelope: Envelope[Event], again: tuple[type[Event], ...]) -> None:
        """Note the cause of one fact."""
        self.count += 1
        if envelope.causation_id is not None:
            (self.held if isinstance(envelope.data, again) else self.handled).add(
                envelope.causation_id
            )


@dataclass(frozen=True, slots=True)
class Asked:
    """One record of a topic that asks: where it is, whom it is about, and its event's id."""

    offset: int
    key: bytes
    envelope: Envelope[Event]


async def recall(
    definition: Definition[Any], found: ServiceSettings, how: Recall, since: datetime
) -> int:
    """Take over what was told since, and set the groups; return how many facts there were.

    Refused while the service runs.
    """
    clock = SystemClock()
    for topic in (*how.causes, *how.rewound):  # First: nothing is touched while anybody works.
        group = f"{definition.name}.{topic.name}"
        await rewinding.refuse_while_running(found.kafka, found.topic_prefix, group)
    await migrate(found.database, definition.package)
    database = Database(found.database)
    store: SqlStore[Any] = SqlStore(database, definition.unit, clock.now)
    told = Told()
    try:
        async for batch in _read(found, how.facts, since):
            envelopes = [one.envelope for _, one in batch]
            async with store.begin() as uow:
                await how.take(uow, envelopes, clock.now())
            for envelope in envelopes:
                told.note(envelope, how.again)
        for topic in how.causes:
            await _resume(definition.name, found, store, topic, since, told)
        for topic in how.rewound:
            await rewinding.rewind(
                found.kafka, found.topic_prefix, definition.name, topic.name, since, dry_run=False
            )
    finally:
        await database.close()
    log.info("recalled", facts=told.count, since=since.isoformat())
    return told.count


async def _resume(
    service: str,
    found: ServiceSettings,
    store: SqlStore[Any],
    topic: Topic,
    since: datetime,
    told: Told,
) -> None:
    """Set the group's place on one topic, and let the inbox pass over what was handled there."""
    asked: dict[TopicPartition, list[Asked]] = {}
    async for batch in _read(found, topic, since):
        for place, one in batch:
            asked.setdefault(place, []).append(one)
    name = f"{service}.{topic.name}"
    group, full = found.topic_prefix + name, topic.full_name(found.topic_prefix)
    async with rewinding.standing(found.kafka, group, full) as (consumer, places):
        targets = dict(await rewinding.place_at(consumer, places, since))
        for place, records in asked.items():
            targets[place], seen = resume(targets[place], records, told)
            async with store.begin() as uow:
                await uow.unseen(name, [one.envelope for one in seen])
        await consumer.commit(targets)


def resume(start: int, records: Sequence[Asked], told: Told) -> tuple[int, list[Asked]]:
    """Return where to go on, and which records after that were handled nevertheless."""
    last = max((one.offset for one in records if one.envelope.event_id in told.handled), default=-1)
    held = [one for one in records if one.envelope.event_id in told.held]
    keys = {one.key: one.offset for one in reversed(held)}
    place = max(start, min([last + 1, *(one.offset for one in held)]))
    seen = [
        one
        for one in records
        if place <= one.offset <= last
        # What follows on something held back belongs to its story, unless a fact tells of it.
        and (one.envelope.event_id in told.handled or one.offset < keys.get(one.key, last + 1))
    ]
    return place, seen


async def _read(
    found: ServiceSettings, topic: Topic, since: datetime
) -> AsyncIterator[list[tuple[TopicPartition, Asked]]]:
    """Yield what a topic holds from `since` to its present end, in order per partition."""
    full = topic.full_name(found.topic_prefix)
    async with rewinding.standing(found.kafka, None, full) as (consumer, places):
        ends = await consumer.end_offsets(places)
        starts = await rewinding.place_at(consumer, places, since)
        left = {place for place in places if starts[place] < ends[place]}
        for place in places:
            consumer.seek(place, starts[place])
        while left:
            batch = []
            for place, records in (await _poll(consumer)).items():
                inside = [one for one in records if one.offset < ends[place]]
                batch += [(place, asked) for one in inside if (asked := _asked(one)) is not None]
            for place in list(left):
                if await consumer.position(place) >= ends[place]:
                    left.discard(place)
            if batch:
                yield batch


async def _poll(consumer: AIOKafkaConsumer) -> dict[TopicPartition, list[ConsumerRecord]]:
    async with asyncio.timeout(60):
        return dict(await consumer.getmany(timeout_ms=POLL_MS, max_records=BATCH))


def _asked(record: ConsumerRecord) -> Asked | None:
    try:
        return Asked(record.offset, record.key or b"", decode(record.value or b""))
    except Undecodable:
        return None  # Buried or passed over when it was handled; it asked for nothing.
