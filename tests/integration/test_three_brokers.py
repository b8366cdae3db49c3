"""Three Kafka brokers, each killed with -9 in turn under load: 202 all the time, nothing lost."""

import asyncio
import contextlib
import time
from functools import partial
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from dev.running import Running, running
from tests.integration.traffic import PREFIX, ready, traffic
from tocsin.provisioning import differences
from tocsin.testing import eventually
from tocsin.topics import TOPICS

RATE = 6
OFFSETS = "__consumer_offsets"

pytestmark = [pytest.mark.system, pytest.mark.kafka]


async def test_any_one_of_three_brokers_may_be_lost() -> None:
    with running(environment={"BROKERS": "3"}) as system:
        async with traffic(system, "brokers") as load:
            assert not await differences(bootstrap(system), PREFIX)
            await eventually(partial(every_copy_in_sync, system), within=60, every=0.3)
            async with load.flowing(RATE):
                for name in system.layout.broker_ports():
                    began = time.monotonic()
                    enough = len(load.accepted) + 10
                    await eventually(partial(lost, system, name), within=60)
                    while len(load.accepted) < enough:
                        assert time.monotonic() - began < 60, "nothing is accepted"
                        await kept_down(system, name)
                    print(f"{name}: lost, and 10 more accepted in {time.monotonic() - began:.1f} s")
                    await eventually(partial(every_copy_in_sync, system), within=90, every=0.3)
                    print(f"{name}: back in sync {time.monotonic() - began:.1f} s after")
            await load.until_paged()
            await eventually(partial(ready, system, system.names()), within=60, every=0.2)
            await load.one_incident_and_timeline_each()
            print(f"{len(load.accepted)} accepted, {len(load.uncertain)} without an answer at once")
            assert load.unavailable == 0
            assert not load.repeats()


async def lost(system: Running, name: str) -> bool:
    """Kill a broker, again when it comes back, and tell whether the others have noticed."""
    await kept_down(system, name)
    least = await least_in_sync(system)
    return least is not None and least < 3


async def kept_down(system: Running, name: str) -> None:
    """Kill a broker that has been brought back."""
    with contextlib.suppress(KeyError, ProcessLookupError):
        system.kill(name)
    await asyncio.sleep(0.1)


def bootstrap(system: Running) -> list[str]:
    """Return the address of each broker."""
    return [f"127.0.0.1:{port}" for port, _ in system.layout.broker_ports().values()]


async def every_copy_in_sync(system: Running) -> bool:
    """Tell whether each partition has three copies, all of them in sync."""
    return await least_in_sync(system) == 3


async def least_in_sync(system: Running) -> int | None:
    """Return how many copies the worst partition has in sync; None if nobody says."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap(system), request_timeout_ms=3000)
    try:
        async with asyncio.timeout(10):
            await admin.start()
            names = [*(topic.full_name(PREFIX) for topic in TOPICS), OFFSETS]
            found: list[Any] = await admin.describe_topics(names)
    except (KafkaError, OSError, TimeoutError):
        return None
    finally:
        await admin.close()
    return min((len(part["isr"]) for topic in found for part in topic["partitions"]), default=None)
