"""Creates the topics as declared in `tocsin.topics`, and says how existing ones differ."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from tocsin.errors import Unavailable
from tocsin.topics import TOPICS, Topic

WITHIN = 20.0
BY_BROKERS = 0  # As a number of copies: as many as the cluster can keep.
ENOUGH = 3  # Copies. Any one may be lost, and every record that is accepted is still in two.


def copies(brokers: int) -> int:
    """Return how many copies of each record a cluster should keep: one on each broker, to three."""
    return min(brokers, ENOUGH)


async def provision(
    bootstrap: Sequence[str], prefix: str, replication: int = BY_BROKERS
) -> list[str]:
    """Create the topics that are missing and return their names; existing ones stay as they are.

    `replication` says how many copies; by default one on each broker, at most three.
    Raises Unavailable when Kafka does not answer in time or refuses.
    """
    async with _admin(bootstrap) as admin:
        existing = set(await admin.list_topics())
        missing = [topic for topic in TOPICS if topic.full_name(prefix) not in existing]
        if missing:
            number = replication or copies(await _brokers(admin))
            answer = await admin.create_topics([_new(topic, prefix, number) for topic in missing])
            _refuse_failures(answer)
        return [topic.full_name(prefix) for topic in missing]


async def differences(bootstrap: Sequence[str], prefix: str) -> list[str]:
    """Return one sentence for each way in which the broker's topics are not as declared."""
    async with _admin(bootstrap) as admin:
        existing = set(await admin.list_topics())
        present = [topic for topic in TOPICS if topic.full_name(prefix) in existing]
        found = [
            f"{topic.full_name(prefix)}: is missing; create it with `tocsin topics provision`"
            for topic in TOPICS
            if topic not in present
        ]
        found += await _partition_faults(admin, present, prefix)
        found += await _setting_faults(admin, present, prefix)
        return found


@asynccontextmanager
async def _admin(bootstrap: Sequence[str]) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=list(bootstrap), request_timeout_ms=10_000)
    try:
        async with asyncio.timeout(WITHIN):
            await admin.start()
            yield admin
    except (KafkaError, OSError, TimeoutError) as error:
        raise Unavailable(f"Kafka at {','.join(bootstrap)} did not do it: {error!r}") from error
    finally:
        await admin.close()


async def _brokers(admin: AIOKafkaAdminClient) -> int:
    cluster = await admin.describe_cluster()
    return len(cluster["brokers"])


def _new(topic: Topic, prefix: str, replication: int) -> NewTopic:
    settings = dict(topic.settings)
    if replication >= ENOUGH:  # Then two must have a record before the ack.
        settings["min.insync.replicas"] = "2"
    return NewTopic(topic.full_name(prefix), topic.partitions, replication, topic_configs=settings)


def _refuse_failures(answer: Any) -> None:  # noqa: ANN401 - a protocol response.
    for name, code, *more in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:  # Somebody else was quicker: fine.
            raise Unavailable(f"{name}: {error.__name__}: {more[0] if more else ''}")


async def _partition_faults(
    admin: AIOKafkaAdminClient, present: Sequence[Topic], prefix: str
) -> list[str]:
    described = await admin.describe_topics([topic.full_name(prefix) for topic in present])
    counts = {one["topic"]: len(one["partitions"]) for one in described}
    least = {
        one["topic"]: min((len(part["replicas"]) for part in one["partitions"]), default=0)
        for one in described
    }
    wanted = copies(await _brokers(admin))
    return [
        f"{name}: keeps {least.get(name, 0)} copies of a record, not {wanted};"
        " the loss of one broker can lose what was accepted"
        for topic in present
        if least.get(name := topic.full_name(prefix), 0) < wanted
    ] + [
        f"{name}: has {counts.get(name, 0)} partitions, not {topic.partitions};"
        " do not change them under load: keys move, and order breaks"
        for topic in present
        if counts.get(name := topic.full_name(prefix), 0) != topic.partitions
    ]


async def _setting_faults(
    admin: AIOKafkaAdminClient, present: Sequence[Topic], prefix: str
) -> list[str]:
    resources = [
        ConfigResource(ConfigResourceType.TOPIC, topic.full_name(prefix)) for topic in present
    ]
    values: dict[str, dict[str, str]] = {}
    for answer in await admin.describe_configs(resources) if resources else []:
        for _code, _message, _kind, name, entries in answer.resources:
            values[name] = {entry[0]: entry[1] for entry in entries}
    return [
        f"{name}: {setting} is {values.get(name, {}).get(setting)!r}, not {wanted!r}"
        for topic in present
        for setting, wanted in topic.settings.items()
        if values.get(name := topic.full_name(prefix), {}).get(setting) != wanted
    ]
