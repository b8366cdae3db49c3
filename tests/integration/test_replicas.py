"""Two processes of each service on one database: shared work, taken over, handed over, fenced.

ZOMBIE_SECONDS, STORM_SECONDS and ROUNDS make it longer than every test run can bear.
"""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from dev.layout import ESCALATION, INTAKE, NOTIFIER, SERVICES, Service
from dev.running import Running, running
from tests.integration.traffic import Traffic, database, ends, ready, since, traffic
from tocsin.testing import eventually

ZOMBIE_SECONDS = float(os.environ.get("ZOMBIE_SECONDS", "14"))
STORM_SECONDS = float(os.environ.get("STORM_SECONDS", "9"))
ROUNDS = int(os.environ.get("ROUNDS", "1"))
RATE = 12
TOPICS = ("alert-events", "incidents", "pages", "notifications")

pytestmark = [pytest.mark.system, pytest.mark.kafka, pytest.mark.postgres]


@pytest.fixture(scope="module")
def system() -> Iterator[Running]:
    """Run two of each service, and room for a third."""
    with running("postgres", {"REPLICAS": "2", "INTAKE_KAFKA_DEADLINE": "20"}) as up:
        yield up


def name_of(service: Service, replica: int) -> str:
    """Return the name of a replica's process."""
    return service.name if replica == 1 else f"{service.name}-{replica}"


def names(replica: int) -> list[str]:
    """Return the names of one replica of each service."""
    return [name_of(service, replica) for service in SERVICES]


# ------------------------------------------------------------------ the relay


async def relays(system: Running, service: Service) -> list[str]:
    """Return the replicas of a service whose relay says that it publishes."""
    found = []
    async with system.client() as client:
        for name in system.layout.replica_names(service):
            try:
                answer = await client.get(f"{system.url(name)}/metrics")
            except httpx.TransportError:
                continue
            if "tocsin_relay_active 1.0" in answer.text.splitlines():
                found.append(name)
    return found


async def holder(system: Running, service: Service) -> str:
    """Return who holds the relay's lease, by the database."""
    async with database(system, service) as connection:
        return str(await connection.fetchval("SELECT holder FROM leases WHERE name = 'relay'"))


async def test_one_relay_of_each_service_publishes_and_another_takes_over_from_the_dead(
    system: Running,
) -> None:
    async with traffic(system, "relay") as load:
        async with load.flowing(RATE):
            for _ in range(5):
                for service in SERVICES:
                    assert len(await relays(system, service)) == 1, service.name
                await asyncio.sleep(0.2)
            active = {service: (await relays(system, service))[0] for service in SERVICES}
            before = {service: await holder(system, service) for service in SERVICES}
            killed_at = time.monotonic()
            for name in active.values():
                system.kill(name)

            async def taken_over(service: Service) -> bool:
                return await holder(system, service) != before[service]

            for service in SERVICES:
                await eventually(partial(taken_over, service), within=30)
                print(f"{service.name}: taken over {time.monotonic() - killed_at:.1f} s after")
            after = await load.ring_many(3)

            async def paged() -> bool:
                return set(after) <= set(load.pages)

            await eventually(paged, within=30)
            print(f"rung after the kill, paged {time.monotonic() - killed_at:.1f} s after it")
        await everything_came_once(load)
        for service in SERVICES:
            assert len(await relays(system, service)) == 1, service.name


async def everything_came_once(load: Traffic) -> None:
    """Check the ledger: nothing lost, no incident twice, no page twice but one that says so."""
    await load.until_paged()
    await eventually(partial(ready, load.system, load.system.names()), within=60, every=0.2)
    await load.one_incident_and_timeline_each()
    repeats = load.repeats()
    for pages in repeats:
        # Whoever may have been told already is told that it may be a repeat.
        assert sum(not page["repeat_possible"] for page in pages) <= 1, pages
    print(f"{load.name}: {len(load.accepted)} accepted, {len(repeats)} paged again")


# ------------------------------------------------------------------ timers


async def test_a_deadline_fires_once_with_both_alive_and_once_when_one_has_died(
    system: Running,
) -> None:
    async with traffic(system, "levels", ("3s", "1h")) as load:
        begin = await ends(system, ["pages"])
        await load.ring_many(20)

        async def second_level() -> bool:
            return sum(len(pages) for pages in load.pages.values()) >= 2 * len(load.accepted)

        await eventually(second_level, within=30)
        await load.ring_many(20)
        await load.until_paged()
        # Between the timer and its deadline.
        system.kill(name_of(ESCALATION, 2))
        await eventually(second_level, within=30)
        each = Counter(
            (title, page["responder"]) for title, pages in load.pages.items() for page in pages
        )
        expected = {(title, who) for title in load.accepted for who in ("levels-1", "levels-2")}
        assert each == Counter(expected)
        await everything_came_once(load)
        requested = [key for key in await since(system, begin) if "page-requested" in key[1]]
        assert len(requested) == len(expected)


# ------------------------------------------------------------------ rolling restart


async def test_a_restart_in_order_under_load_repeats_nothing_even_on_the_topics(
    system: Running,
) -> None:
    async with traffic(system, "rolling") as load:
        begin = await ends(system, TOPICS)
        async with load.flowing(RATE):
            for replica in (1, 2) * ROUNDS:
                await restart(system, names(replica))
        await everything_came_once(load)
        assert not load.repeats()
        await settled(system)
        found = await since(system, begin)
        twice = {key: count for key, count in found.items() if count > 1}
        # An answer that was cut off is asked for again: the sender's repeat, under the same id.
        at_most = len(load.uncertain)
        assert sum(topic == "alert-events" for topic, _, _ in twice) <= at_most, twice
        assert not [key for key in twice if key[0] != "alert-events"], twice
        print(f"{found.total()} records, uncertain answers {at_most}")


async def restart(system: Running, all_: Sequence[str]) -> None:
    """End these in order, all at once, and wait until their successors are ready."""
    before = {name: system.pid(name) for name in all_}
    for name in all_:
        system.signal(name, signal.SIGTERM)

    async def replaced(name: str) -> bool:
        try:
            return system.pid(name) != before[name]
        except KeyError:
            return False

    for name in all_:
        await eventually(partial(replaced, name), within=60)
    await eventually(partial(ready, system, all_), within=60, every=0.2)


async def settled(system: Running) -> None:
    """Wait until no outbox holds anything."""

    async def empty(service: Service) -> bool:
        async with database(system, service) as connection:
            return not bool(await connection.fetchval("SELECT EXISTS (SELECT FROM outbox)"))

    for service in SERVICES:
        await eventually(partial(empty, service), within=30)


# ------------------------------------------------------------------ zombies


async def test_a_replica_that_stood_still_is_fenced_and_holds_nobody_up(system: Running) -> None:
    async with traffic(system, "zombie") as load:
        async with load.flowing(RATE), stopped_while_it_holds_locks(system):
            began = time.monotonic()
            for name in names(2):
                if name != name_of(INTAKE, 2):
                    system.signal(name, signal.SIGSTOP)
            rung = await load.ring_many(10)

            async def paged() -> bool:
                return set(rung) <= set(load.pages)

            try:
                # While it stands still: the others must not wait for its locks or its partitions.
                await eventually(paged, within=45)
                print(f"paged {time.monotonic() - began:.1f} s after they stood still")
                await asyncio.sleep(max(0.0, ZOMBIE_SECONDS - (time.monotonic() - began)))
            finally:
                for name in names(2):
                    system.signal(name, signal.SIGCONT)
        await everything_came_once(load)


@asynccontextmanager
async def stopped_while_it_holds_locks(system: Running) -> AsyncIterator[None]:
    """Stop intake's second replica in the middle of a transaction, until the block is left."""
    name = name_of(INTAKE, 2)
    process = psutil.Process(system.pid(name))

    async def caught() -> bool:
        process.suspend()
        if await holds_locks(system, process):
            return True
        process.resume()
        return False

    try:
        await eventually(caught, within=60, every=0.003)
        yield
    finally:
        process.resume()


async def holds_locks(system: Running, process: psutil.Process) -> bool:
    """Tell whether a process has a transaction open that has written."""
    ports = [one.laddr.port for one in process.net_connections() if one.raddr]
    async with database(system, INTAKE) as connection:
        await asyncio.sleep(0.01)
        found = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE client_port = ANY($1::int[])"
            " AND state = 'idle in transaction' AND backend_xid IS NOT NULL",
            ports,
        )
    return bool(found)


# ------------------------------------------------------------------ rebalances


async def test_replicas_that_come_and_go_all_the_time_lose_nothing_and_repeat_nothing(
    system: Running,
) -> None:
    async with traffic(system, "storm") as load:
        joins = 0
        async with load.flowing(RATE):
            end = time.monotonic() + STORM_SECONDS
            while time.monotonic() < end:
                async with third(system, (ESCALATION, INTAKE, NOTIFIER)[joins % 3]):
                    await asyncio.sleep(3)
                joins += 1
        await everything_came_once(load)
        assert not load.repeats()
        print(f"{joins} joined and left")


@asynccontextmanager
async def third(system: Running, service: Service) -> AsyncIterator[None]:
    """Run a third replica of a service until the block is left; it drains then."""
    with system.another(service) as process:
        yield
        await process.stop(within=60)
