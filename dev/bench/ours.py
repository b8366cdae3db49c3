"""Tocsin as a subject: the dev system, its metrics, and a backlog laid on its topic."""

import asyncio
import json
import re
import signal
import time
from collections.abc import Iterable, Sequence
from typing import Any

import httpx

from dev.bench.subjects import CONNECTIONS, SETTLE_WITHIN
from dev.running import Running, paged_by_webhook
from dev.wire import Sender
from tocsin import ids
from tocsin.clock import SystemClock
from tocsin.events import AlertEvent, caused_by, encode
from tocsin.outgoing import Outgoing
from tocsin.publisher import KafkaPublisher

KEY = "bench-key-0123456789abcdef"
SERVICE = "bench"
GROUPED = "bench-grouped"
PATH = "/v1/alerts/generic"
AT_ONCE = 2000
QUIET_FOR = 1.5  # Seconds without any event: longer than any consumer rests between batches.
POLL = 0.5  # Each look at a service's metrics costs it milliseconds.
MOVING = ("tocsin_events_consumed_total", "tocsin_outbox_published_total")
_UP = re.compile(r"is up after ([0-9.]+) s")


class Tocsin:
    """The four services, with a catalog of one person, a service, and one that groups."""

    name = "Tocsin"

    def __init__(self, system: Running) -> None:
        """Measure `system`."""
        self._system = system
        # One for all: making one reads certificates for longer than a request takes.
        self._client = system.client()
        host, _, port = system.intake.removeprefix("http://").rpartition(":")
        self.sender = Sender(host, int(port), PATH, KEY, CONNECTIONS)

    async def prepare(self, port: int) -> None:
        """Put the catalog in force, whose one person is paged at `port`."""
        grouped = {"escalation_policy": SERVICE, "grouping": {"by": ["cluster"], "window": "1h"}}
        documents: list[dict[str, Any]] = [
            *paged_by_webhook(SERVICE, "bench", port, KEY),
            {"kind": "Service", "name": GROUPED, "spec": grouped},
        ]
        await self._system.apply(documents, "bench")

    def body(self, titles: Sequence[str], *, together: bool) -> bytes:
        """Return a request of the generic source."""
        alerts = [
            {
                "title": title,
                "severity": "critical",
                "dedup_key": title,
                "service": GROUPED if together else SERVICE,
                "labels": {"instance": title, "cluster": "eu-1", "job": "bench"},
            }
            for title in titles
        ]
        return json.dumps(alerts if len(alerts) > 1 else alerts[0]).encode()

    def told(self, body: bytes) -> Iterable[str]:
        """Return what a page rings for; updates of a message are no pages."""
        page = json.loads(body)
        return [page["title"]] if page["type"] == "page" else []

    def pids(self) -> dict[str, int]:
        """Return the services, Kafka and PostgreSQL."""
        running: dict[str, int] = json.loads(self._system.layout.pids.read_text())
        return {name: pid for name, pid in running.items() if name != "mail"}

    def holders(self) -> set[str]:
        """Return the services."""
        return set(self._system.names())

    async def handled(self) -> float | None:
        """Return how many alert events intake has handled."""
        metrics = await self._metrics(self._system.intake)
        return counted(metrics, "tocsin_events_consumed_total", "alert-events")

    async def quiet(self) -> None:
        """Return when no service has consumed or published anything for a while."""
        before, since = await self._events(), time.monotonic()
        async with asyncio.timeout(SETTLE_WITHIN):
            while time.monotonic() - since < QUIET_FOR:
                await asyncio.sleep(POLL)
                if (now := await self._events()) != before:
                    before, since = now, time.monotonic()

    async def start_up(self) -> dict[str, float]:
        """Return how long the whole took to come up, and how long each service, after a kill."""
        log = (self._system.layout.var / "up.log").read_text(errors="replace")
        found = _UP.search(log)
        times = {"the whole system": float(found.group(1))} if found else {}
        for name in self._system.names():
            before, started = self._system.pid(name), time.perf_counter()
            self._system.signal(name, signal.SIGKILL)
            await self._ready(name, before)
            times[name] = time.perf_counter() - started
        return times

    async def lay_backlog(self, titles: Sequence[str]) -> None:
        """Append an alert event for each title to the topic, as intake would."""
        bootstrap = [f"127.0.0.1:{self._system.layout.kafka_port}"]
        publisher = KafkaPublisher(bootstrap, "tocsin.", "bench", SETTLE_WITHIN)
        outgoing = [backlog_record(title, GROUPED) for title in titles]
        for first in range(0, len(outgoing), AT_ONCE):
            await publisher.send(outgoing[first : first + AT_ONCE])
        await publisher.close()

    async def close(self) -> None:
        """Let connections go."""
        await self._client.aclose()

    async def _ready(self, name: str, before: int) -> None:
        async with asyncio.timeout(SETTLE_WITHIN):
            while not await self._is_ready(name, before):
                await asyncio.sleep(0.02)

    async def _is_ready(self, name: str, before: int) -> bool:
        if json.loads(self._system.layout.pids.read_text()).get(name, before) == before:
            return False
        try:
            answer = await self._client.get(f"{self._system.url(name)}/readyz")
        except httpx.TransportError:
            return False
        return answer.status_code == httpx.codes.OK

    async def _events(self) -> float:
        pages = [await self._metrics(self._system.url(name)) for name in self._system.names()]
        return sum(counted(page, metric) for page in pages for metric in MOVING)

    async def _metrics(self, url: str) -> str:
        return (await self._client.get(f"{url}/metrics")).text


def counted(text: str, metric: str, label: str = "") -> float:
    """Return the sum of a metric's samples whose line has this label in it."""
    return sum(
        float(line.rpartition(" ")[2])
        for line in text.splitlines()
        if line.startswith(metric) and label in line
    )


def backlog_record(title: str, service: str) -> Outgoing:
    """Return an alert event as intake would append it."""
    now = SystemClock().now()
    data = AlertEvent(
        integration="bench",
        source="generic",
        service=service,
        dedup_key=title,
        action="trigger",
        title=title,
        severity="critical",
        received_at=now,
        labels={"instance": title, "cluster": "eu-1"},
    )
    envelope = caused_by(None, data, now=now, source="bench", event_id=ids.new())
    return Outgoing("alert-events", data.key.encode(), encode(envelope))
