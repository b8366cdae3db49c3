"""Sets a service's place on its topics back, for the service to hear again what it has forgotten.

What it has handled is passed over by its inbox. Only while it is stopped: a running consumer would
go on from where it is, and commit that.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code

from tocsin.errors import Refused, Unavailable

WITHIN = 60.0
STATE, MEMBERS = 2, 5  # Of a group's description.


@dataclass(frozen=True, slots=True)
class Move:
    """One partition's place before and after; `was` is None where none was known."""

    topic: str
    partition: int
    was: int | None
    now: int


async def rewind(
    bootstrap: Sequence[str],
    prefix: str,
    service: str,
    topic: str | None,
    to: datetime | None,
    *,
    dry_run: bool,
) -> list[Move]:
    """Set the service's groups to the first record at or after `to`, or to the beginning.

    `topic` without its prefix; None for all that the service reads. Refused while a group has
    members, and where there is no such group.
    """
    try:
        async with asyncio.timeout(WITHIN), _admin(bootstrap) as admin:
            known = await _groups(admin, f"{prefix}{service}.")
            wanted = sorted(known) if topic is None else [topic]
            for name in wanted:
                if name not in known:
                    heard = ", ".join(sorted(known)) or "none yet"
                    raise Refused(f"{service} reads no topic {name!r}; those it reads: {heard}")
            for name in wanted:
                await _refuse_while_running(admin, f"{prefix}{service}.{name}", service)
            moves: list[Move] = []
            for name in wanted:
                group = f"{prefix}{service}.{name}"
                moves += await _move(bootstrap, group, prefix + name, to, dry_run=dry_run)
            return moves
    except (KafkaError, OSError, TimeoutError) as error:
        raise Unavailable(f"Kafka at {','.join(bootstrap)} did not do it: {error!r}") from error


async def refuse_while_running(bootstrap: Sequence[str], prefix: str, group: str) -> None:
    """Raise Refused while this group, named without the prefix, has members."""
    try:
        async with asyncio.timeout(WITHIN), _admin(bootstrap) as admin:
            await _refuse_while_running(admin, prefix + group, group.partition(".")[0])
    except (KafkaError, OSError, TimeoutError) as error:
        raise Unavailable(f"Kafka at {','.join(bootstrap)} did not say: {error!r}") from error


@asynccontextmanager
async def _admin(bootstrap: Sequence[str]) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=list(bootstrap), request_timeout_ms=10_000)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def _groups(admin: AIOKafkaAdminClient, beginning: str) -> set[str]:
    found = [name for name, *_ in await admin.list_consumer_groups()]
    return {name.removeprefix(beginning) for name in found if name.startswith(beginning)}


async def _refuse_while_running(admin: AIOKafkaAdminClient, group: str, service: str) -> None:
    for answer in await admin.describe_consumer_groups([group]):
        for described in answer.groups:
            if described[0]:
                raise for_code(described[0])
            if described[MEMBERS]:
                raise Refused(
                    f"{service} is running: {group} has {len(described[MEMBERS])} member(s)."
                    " Stop every replica, wait 10 s if one was killed, and try again."
                )


async def _move(
    bootstrap: Sequence[str], group: str, topic: str, to: datetime | None, *, dry_run: bool
) -> list[Move]:
    async with standing(bootstrap, group, topic) as (consumer, places):
        targets = await place_at(consumer, places, to)
        moves = []
        for place in places:
            was = await consumer.committed(place)
            moves.append(Move(topic, place.partition, was, targets[place]))
        if not dry_run:
            await consumer.commit(dict(targets))
        return moves


@asynccontextmanager
async def standing(
    bootstrap: Sequence[str], group: str | None, topic: str
) -> AsyncIterator[tuple[AIOKafkaConsumer, list[TopicPartition]]]:
    """Open a consumer on all partitions of a topic, in `group` without being a member of it."""
    places = [TopicPartition(topic, number) for number in await _partitions(bootstrap, topic)]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=list(bootstrap),
        enable_auto_commit=False,
        group_id=group,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        consumer.assign(places)
        yield consumer, places
    finally:
        await consumer.stop()


async def _partitions(bootstrap: Sequence[str], topic: str) -> list[int]:
    # Only a consumer of a topic asks how many partitions it has.
    scout = AIOKafkaConsumer(topic, bootstrap_servers=list(bootstrap), enable_auto_commit=False)
    await scout.start()
    try:
        return sorted(scout.partitions_for_topic(topic) or ())
    finally:
        await scout.stop()


async def place_at(
    consumer: AIOKafkaConsumer, places: Iterable[TopicPartition], to: datetime | None
) -> Mapping[TopicPartition, int]:
    """Return the offset of the first record at or after `to`: the end where there is none."""
    wanted = list(places)
    starts: dict[TopicPartition, int] = await consumer.beginning_offsets(wanted)
    if to is None:
        return starts
    ends = await consumer.end_offsets(wanted)
    found = await consumer.offsets_for_times(
        {place: int(to.timestamp() * 1000) for place in wanted}
    )
    return {
        place: max(at.offset if (at := found.get(place)) else ends[place], starts[place])
        for place in wanted
    }


async def lag(bootstrap: Sequence[str], prefix: str, service: str) -> dict[str, int]:
    """Return, for each topic that the service reads, how many records it has yet to handle."""
    try:
        async with asyncio.timeout(WITHIN), _admin(bootstrap) as admin:
            found: dict[str, int] = {}
            for name in sorted(await _groups(admin, f"{prefix}{service}.")):
                group = f"{prefix}{service}.{name}"
                async with standing(bootstrap, group, prefix + name) as (consumer, places):
                    found[name] = await _behind(consumer, places)
            return found
    except (KafkaError, OSError, TimeoutError) as error:
        raise Unavailable(f"Kafka at {','.join(bootstrap)} did not say: {error!r}") from error


async def _behind(consumer: AIOKafkaConsumer, places: Sequence[TopicPartition]) -> int:
    starts = await consumer.beginning_offsets(places)
    ends = await consumer.end_offsets(places)
    handled = [await consumer.committed(place) for place in places]
    return sum(
        ends[place] - max(at or 0, starts[place]) for place, at in zip(places, handled, strict=True)
    )
