"""`make bench`: throughput, delay and drain of the whole system, from its outside.

Open loop: each request has an intended time, and delay counts from there, so that a stall is seen
in full. Loads stay on loopback and end by themselves. One machine runs everything, this included.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table

from dev.running import Running, paged_by_webhook, running
from dev.wire import Sender, receive
from tocsin import ids
from tocsin.clock import SystemClock
from tocsin.events import AlertEvent, caused_by, encode
from tocsin.outgoing import Outgoing
from tocsin.publisher import KafkaPublisher

KEY = "bench-key-0123456789abcdef"
SERVICE = "bench"
GROUPED = "bench-grouped"
PATH = "/v1/alerts/generic"
SETTLE_WITHIN = 180.0


@dataclass
class Figures:
    """One row of the table. Times in ms, rates per second; None: not measured here."""

    name: str
    sent: int
    accepted: int = 0
    paged: int = 0
    rate: float | None = None
    p50: float | None = None
    p99: float | None = None
    aim: str = ""


class Pages:
    """When each title was first paged."""

    def __init__(self) -> None:
        """Start empty."""
        self.at: dict[str, float] = {}
        self.repeats = 0

    def __call__(self, body: bytes) -> None:
        """Note one webhook; updates of a message are no pages."""
        page = json.loads(body)
        if page["type"] == "page":
            title = page["title"]
            self.repeats += title in self.at
            self.at.setdefault(title, time.perf_counter())

    async def settle(self, titles: list[str]) -> None:
        """Wait until all of these were paged, or nothing has come for a while."""
        async with asyncio.timeout(SETTLE_WITHIN):
            while not self.at.keys() >= set(titles):
                await asyncio.sleep(0.05)


def catalog(port: int) -> list[dict[str, Any]]:
    """Return the benchmark's catalog: one person with a webhook, a service, one that groups."""
    grouped = {"escalation_policy": SERVICE, "grouping": {"by": ["cluster"], "window": "1h"}}
    return [
        *paged_by_webhook(SERVICE, "bench", port, KEY),
        {"kind": "Service", "name": GROUPED, "spec": grouped},
    ]


def alerts(name: str, count: int) -> tuple[list[str], list[bytes]]:
    """Return titles and bodies of `count` distinct alerts."""
    titles = [f"{name} {number}" for number in range(count)]
    bodies = [
        json.dumps(
            {
                "title": title,
                "severity": "critical",
                "dedup_key": title,
                "labels": {"instance": f"node-{number}", "cluster": "eu-1", "job": "bench"},
            }
        ).encode()
        for number, title in enumerate(titles)
    ]
    return titles, bodies


class Bench:
    """The measurements, on one running system."""

    def __init__(self, system: Running, pages: Pages) -> None:
        """Measure `system`, whose pages arrive at `pages`."""
        self._system = system
        self._pages = pages
        host, _, port = system.intake.removeprefix("http://").rpartition(":")
        self._sender = Sender(host, int(port), PATH, KEY, connections=64)

    async def delay(self, name: str, rate: int, seconds: int, aim: str) -> Figures:
        """Send at a steady rate; the delay is from the intended time to the page's arrival."""
        titles, bodies = alerts(name, rate * seconds)
        sent = await self._sender.send(bodies, rate)
        await self._pages.settle(titles)
        delays = sorted(
            (self._pages.at[title] - due) * 1000
            for title, due in zip(titles, sent.intended, strict=True)
        )
        took = max(self._pages.at[title] for title in titles) - min(sent.intended)
        return Figures(
            name,
            sent=len(bodies),
            accepted=sent.accepted,
            paged=len(titles),
            rate=len(titles) / took,
            p50=statistics.median(delays),
            p99=delays[int(len(delays) * 0.99)],
            aim=aim,
        )

    async def drain(self, name: str, count: int, aim: str) -> Figures:
        """Lay a backlog on the topic at once; how fast intake turns it into incidents."""
        before = await self._consumed()
        publisher = KafkaPublisher([self._kafka], "tocsin.", "bench", 60)
        outgoing = [backlog_record(f"{name} {number}") for number in range(count)]
        start = time.perf_counter()
        for first in range(0, count, 2000):
            await publisher.send(outgoing[first : first + 2000])
        async with asyncio.timeout(SETTLE_WITHIN):
            while await self._consumed() - before < count:
                await asyncio.sleep(0.1)
        took = time.perf_counter() - start
        await publisher.close()
        return Figures(name, sent=count, accepted=count, rate=count / took, aim=aim)

    @property
    def _kafka(self) -> str:
        return f"127.0.0.1:{self._system.layout.kafka_port}"

    async def _consumed(self) -> float:
        async with self._system.client() as client:
            answer = await client.get(f"{self._system.intake}/metrics")
        for line in answer.text.splitlines():
            if line.startswith("tocsin_events_consumed_total") and "alert-events" in line:
                return float(line.rpartition(" ")[2])
        return 0.0


def backlog_record(title: str) -> Outgoing:
    """Return an alert event of the service that groups, as intake would append it."""
    now = SystemClock().now()
    data = AlertEvent(
        integration="bench",
        source="generic",
        service=GROUPED,
        dedup_key=title,
        action="trigger",
        title=title,
        severity="critical",
        received_at=now,
        labels={"instance": title, "cluster": "eu-1"},
    )
    envelope = caused_by(None, data, now=now, source="bench", event_id=ids.new())
    return Outgoing("alert-events", data.key.encode(), encode(envelope))


async def measure(system: Running, scale: float, say: Callable[[str], None]) -> list[Figures]:
    """Run every measurement on a fresh system, one after another."""
    rows: list[Figures] = []
    pages = Pages()
    server, port = await receive(pages)
    async with server:
        await system.apply(catalog(port), "bench")
        bench = Bench(system, pages)
        say("warming up")
        await bench.delay("warm-up", 50, 3, "")
        for name, rate, seconds, aim in (
            ("delay at 10/s", 10, 10, ""),
            ("delay at 100/s", 100, 20, "p50 <= 25 ms, p99 <= 80 ms"),
            ("end to end at 1,000/s", 1000, 15, ">= 1,000/s"),
        ):
            say(name)
            rows.append(await bench.delay(name, rate, max(int(seconds * scale), 2), aim))
        say("backlog of alerts to incidents")
        rows.append(await bench.drain("backlog", int(30_000 * scale), ">= 3,000/s"))
    return rows


def table(rows: list[Figures], title: str) -> Table:
    """Return the figures as people read them."""
    drawn = Table(title=title)
    for column in ("measurement", "sent", "202", "paged", "per second", "p50 ms", "p99 ms", "aim"):
        drawn.add_column(column, justify="left" if column in {"measurement", "aim"} else "right")
    for row in rows:
        figures = [f"{value:,.1f}" if value is not None else "" for value in (row.p50, row.p99)]
        rate = f"{row.rate:,.0f}" if row.rate else ""
        paged = f"{row.paged:,}" if row.paged else ""
        drawn.add_row(
            row.name, f"{row.sent:,}", f"{row.accepted:,}", paged, rate, *figures, row.aim
        )
    return drawn


def main() -> None:
    """Measure, print the table, and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="shorter or longer loads")
    parser.add_argument("--json", type=Path, default=Path("var/bench.json"))
    arguments = parser.parse_args()
    database = os.environ.get("DATABASE") or "sqlite"
    console = Console(stderr=True)
    with console.status("starting a system") as status, running(database) as system:
        rows = uvloop.run(measure(system, arguments.scale, status.update))
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {database}"
    Console(width=120).print(table(rows, f"Tocsin on {machine}"))
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    found = {"machine": machine, "figures": [asdict(row) for row in rows]}
    arguments.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
