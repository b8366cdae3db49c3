"""Alerts rung at a steady rate at a running system, and a ledger of what became of each."""

import asyncio
import contextlib
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition

from dev.layout import INTAKE, Service
from dev.postgres import PostgresServer
from dev.running import Running, integration
from dev.wire import receive
from tocsin.events import decode
from tocsin.testing import eventually
from tocsin.topics import BY_NAME

RETRY_FOR = 60.0
PATIENCE = 4.0  # Of a sender, for one answer.
PREFIX = "tocsin."


@dataclass
class Traffic:
    """One service of the catalog, its alerts, and everything that came back.

    accepted: titles answered 202; rung: those sent at all; uncertain: those that were once sent
    in vain, as far as the sender knows; unavailable: how often 503 was answered; pages: webhook
    bodies by title.
    """

    system: Running
    name: str
    accepted: set[str] = field(default_factory=set)
    rung: set[str] = field(default_factory=set)
    uncertain: set[str] = field(default_factory=set)
    unavailable: int = 0
    pages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def key(self) -> str:
        """The routing key of its alerts."""
        return f"{self.name}-key-0123456789abcdef0123456789"

    def on_page(self, body: bytes) -> None:
        """Note a page."""
        page = json.loads(body)
        if page["type"] == "page":
            self.pages.setdefault(page["title"], []).append(page)

    async def ring(self, client: httpx.AsyncClient, within: float = RETRY_FOR) -> str:
        """Send one alert as a monitoring tool does, to any replica, until it is accepted."""
        title = f"{self.name} {next(self._numbers)}"
        self.rung.add(title)
        names = self.system.layout.replica_names(INTAKE)
        begin = len(self.rung)
        async with asyncio.timeout(within):
            for attempt in itertools.count(begin):
                if await self._heard(client, self.system.url(names[attempt % len(names)]), title):
                    self.accepted.add(title)
                    return title
                await asyncio.sleep(0.2)
        raise AssertionError("unreachable")

    async def _heard(self, client: httpx.AsyncClient, url: str, title: str) -> bool:
        try:
            answer = await client.post(
                f"{url}/v1/alerts/generic",
                headers={"X-Tocsin-Key": self.key, "Idempotency-Key": title},
                json={"title": title, "severity": "critical", "dedup_key": title},
            )
        except httpx.ConnectError:
            return False
        except httpx.TransportError:
            self.uncertain.add(title)
            return False
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            # It may have been appended all the same, too late for the answer.
            self.unavailable += 1
            self.uncertain.add(title)
            return False
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        return True

    async def ring_many(self, count: int) -> list[str]:
        """Ring so many at once; return their titles."""
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
            return list(await asyncio.gather(*(self.ring(client) for _ in range(count))))

    @asynccontextmanager
    async def flowing(self, rate: float) -> AsyncIterator[None]:
        """Ring at a steady rate until the block is left; then wait for every answer."""
        stop = asyncio.Event()
        task = asyncio.create_task(self._flow(rate, stop))
        try:
            yield
        finally:
            stop.set()
            await task

    async def _flow(self, rate: float, stop: asyncio.Event) -> None:
        async with (
            httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client,
            asyncio.TaskGroup() as all_,
        ):
            while not stop.is_set():
                all_.create_task(self.ring(client))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), 1 / rate)

    def all_paged(self) -> bool:
        """Tell whether every accepted alert has been paged."""
        return self.accepted <= set(self.pages)

    def repeats(self) -> list[list[dict[str, Any]]]:
        """Return the pages of each title that a person was sent more than once."""
        found: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for title, pages in self.pages.items():
            for page in pages:
                found.setdefault((title, page["responder"]), []).append(page)
        return [pages for pages in found.values() if len(pages) > 1]

    async def until_paged(self, within: float = 60.0) -> None:
        """Wait until every accepted alert has been paged."""

        async def paged() -> bool:
            return self.all_paged()

        try:
            await eventually(paged, within=within, every=0.1)
        except AssertionError:
            missing = sorted(self.accepted - set(self.pages))
            raise AssertionError(f"{len(missing)} never paged: {missing[:5]}") from None

    async def one_incident_and_timeline_each(self) -> None:
        """Check that each accepted alert has one incident with a timeline, and nothing else has."""
        async with self.system.client() as client:
            found = await self._incidents(client)
            missing = self.accepted - set(found)
            twice = {title for title, ids in found.items() if len(ids) > 1}
            assert not missing, f"accepted, and no incident: {sorted(missing)[:5]}"
            assert not twice, f"more than one incident: {sorted(twice)[:5]}"
            assert not set(found) - self.rung, "incidents that nobody rang"
            for title in sorted(self.accepted):
                await self._timeline_is_whole(client, found[title][0])

    async def _incidents(self, client: httpx.AsyncClient) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        cursor: str | None = None
        while True:
            query = {"service": self.name, "limit": "500", **({"cursor": cursor} if cursor else {})}
            answer = await client.get(f"{self.system.intake}/v1/incidents", params=query)
            answer.raise_for_status()
            page = answer.json()
            for item in page["items"]:
                found.setdefault(item["title"], []).append(item["id"])
            cursor = page["next"]
            if not cursor:
                return found

    async def _timeline_is_whole(self, client: httpx.AsyncClient, identity: str) -> None:
        async def whole() -> bool:
            answer = await client.get(f"{self.system.postmortem}/v1/timelines/{identity}")
            text = " ".join(item["text"] for item in answer.json().get("items", []))
            return "triggered" in text and f"{self.name}-1" in text

        await eventually(whole, within=30)


@asynccontextmanager
async def traffic(
    system: Running, name: str, escalate_after: Sequence[str] = ("1h",)
) -> AsyncIterator[Traffic]:
    """Put a service in force whose levels page `<name>-1`, `<name>-2`, all by a webhook here."""
    made = Traffic(system, name)
    server, port = await receive(made.on_page)
    people = [f"{name}-{number}" for number in range(1, len(escalate_after) + 1)]
    method = {"name": "hook", "channel": "webhook", "address": f"http://127.0.0.1:{port}/"}
    rule = {"urgency": "high", "contact_method": "hook", "after": "0s"}
    user = {"contact_methods": [method], "notification_rules": [rule]}
    steps = [
        {"targets": [{"user": one}], "escalate_after": after}
        for one, after in zip(people, escalate_after, strict=True)
    ]
    documents: list[dict[str, Any]] = [
        *({"kind": "User", "name": one, "spec": user} for one in people),
        {"kind": "EscalationPolicy", "name": name, "spec": {"levels": steps}},
        {"kind": "Service", "name": name, "spec": {"escalation_policy": name}},
        integration(f"{name}-test", made.key, "generic", name),
    ]
    await system.apply(documents, name)
    try:
        yield made
    finally:
        server.close()


async def ready(system: Running, names: Sequence[str]) -> bool:
    """Tell whether all of these processes answer that they are ready."""
    async with system.client() as client:
        for name in names:
            try:
                answer = await client.get(f"{system.url(name)}/readyz", timeout=3)
            except httpx.TransportError:
                return False
            if not answer.is_success:
                return False
    return True


@asynccontextmanager
async def database(system: Running, service: Service) -> AsyncIterator[Any]:
    """Connect to a service's PostgreSQL database."""
    layout = system.layout
    server = PostgresServer(layout.var / "postgres", layout.postgres_port)
    connection = await asyncpg.connect(server.url(service.module), timeout=5)
    try:
        yield connection
    finally:
        await connection.close()


Places = dict[TopicPartition, int]


async def ends(system: Running, topics: Sequence[str]) -> Places:
    """Return where each partition of these topics ends now."""
    async with _reading(system) as consumer:
        places = [
            TopicPartition(PREFIX + name, number)
            for name in topics
            for number in range(BY_NAME[name].partitions)
        ]
        found: Places = await consumer.end_offsets(places)
        return found


async def since(system: Running, begin: Places) -> Counter[tuple[str, str, str]]:
    """Count the records since `begin`: by topic, type and event id."""
    end = await ends(system, sorted({place.topic.removeprefix(PREFIX) for place in begin}))
    found: Counter[tuple[str, str, str]] = Counter()
    async with _reading(system) as consumer:
        consumer.assign(list(begin))
        for place, offset in begin.items():
            consumer.seek(place, offset)
        async with asyncio.timeout(30):
            for place in begin:
                while await consumer.position(place) < end[place]:
                    for records in (await consumer.getmany(timeout_ms=500)).values():
                        found.update(_named(record) for record in records)
    return found


def _named(record: Any) -> tuple[str, str, str]:
    envelope = decode(record.value)
    return record.topic.removeprefix(PREFIX), envelope.data.TYPE, envelope.event_id


@asynccontextmanager
async def _reading(system: Running) -> AsyncIterator[Any]:
    brokers = [f"127.0.0.1:{port}" for port, _ in system.layout.broker_ports().values()]
    consumer = AIOKafkaConsumer(bootstrap_servers=brokers, enable_auto_commit=False)
    async with asyncio.timeout(20):
        await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()
