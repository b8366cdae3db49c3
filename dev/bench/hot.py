"""`python -m dev bench --profile`: what an alert costs of the processor, consumer by consumer.

The four real services in one process, each on a database of its own, with the topics in memory:
no Kafka and no HTTP comes between, so what is counted is decoding, deciding and the transaction.
Processor time and not the clock's: a busy machine changes it little.
"""

import asyncio
import cProfile
import pstats
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Sized
from pathlib import Path
from typing import Any

import escalation.bootstrap
import incident_intake.bootstrap
import notifier.bootstrap
import postmortem.bootstrap
from dev.bench.ours import KEY, SERVICE, backlog_record
from dev.running import paged_by_webhook
from dev.wire import receive
from tocsin import migrate, settings, telemetry
from tocsin.bus import Consumer
from tocsin.catalog import Catalog
from tocsin.clock import SystemClock
from tocsin.database import Database
from tocsin.events import CatalogDocumentChanged
from tocsin.holder import CatalogHolder
from tocsin.lifecycle import Definition, Parts, quieten_collector
from tocsin.relay import BATCH, Relay
from tocsin.sql import SqlStore
from tocsin.testing import MemoryBroker
from tocsin.timers import TimerLoop

SERVICES: tuple[Definition[Any], ...] = (
    incident_intake.bootstrap.SERVICE,
    escalation.bootstrap.SERVICE,
    notifier.bootstrap.SERVICE,
    postmortem.bootstrap.SERVICE,
)
SHOWN = 45
PATIENCE = 10.0
SIZES = {1: 300, 100: 20}  # Alerts in a batch, and batches.


class Costs:
    """Seconds of the processor, by what they went to; all of it seen by `profile`, if there is."""

    def __init__(self, profile: cProfile.Profile | None) -> None:
        """Start at nothing."""
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._profile = profile

    async def of(self, name: str, work: Awaitable[Any]) -> Any:  # noqa: ANN401 - whatever it is.
        """Await some work, and put what it cost down to `name`."""
        if self._profile is not None:
            self._profile.enable()
        started = time.process_time()
        try:
            return await work
        finally:
            self.seconds[name] += time.process_time() - started
            if self._profile is not None:
                self._profile.disable()


class Hot:
    """One service in this process."""

    def __init__(
        self,
        definition: Definition[Any],
        folder: Path,
        broker: MemoryBroker,
        catalog: CatalogHolder,
    ) -> None:
        """Build it as its own process would."""
        self.definition = definition
        self.url = f"sqlite:///{folder / definition.name}.db"
        self.database, self._broker = Database(self.url), broker
        clock = SystemClock()
        store: SqlStore[Any] = SqlStore(self.database, definition.unit, clock.now)
        environment = {"DATABASE": self.url, "SECRET": "bench-secret-0123456789", "HTTP": "x:1"}
        environment |= {"EGRESS_ALLOW": "127.0.0.0/8"} if definition.prefix == "NOTIFIER" else {}
        prefixed = {f"{definition.prefix}_{name}": value for name, value in environment.items()}
        found = settings.from_env(definition.settings, definition.prefix, prefixed)
        application = definition.build(found, Parts(store, clock, catalog, broker))
        self.workers = application.workers
        self.relay = Relay(self.database, broker, clock)
        self._timers = TimerLoop(application)
        self._published = False
        store.on_published = self._note
        self.consumers = [
            Consumer(definition.name, one, store, clock) for one in application.subscriptions
        ]

    async def open(self) -> None:
        """Bring the database up to date, and let workers do what they do at a start."""
        await migrate.migrate(self.url, self.definition.package)
        await self.work(Costs(None))

    async def work(self, costs: Costs) -> int:
        """Handle all there is; return how much there was."""
        done = 0
        for consumer in self.consumers:
            while count := await costs.of(consumer.name, self._broker.deliver(consumer)):
                done += count
        for worker in self.workers:
            while await costs.of(worker.name, worker.run_once()):
                done += 1
        if self._published:  # As its loop is woken, and no more often.
            self._published = False
            await costs.of(f"{self.definition.name}: relay", self._relayed())
        return done

    async def fire(self, costs: Costs) -> None:
        """Do what is due: notifier looks again for pages for which nobody was free."""
        await costs.of(f"{self.definition.name}: timers", self._timers.fire())

    def _note(self) -> None:
        self._published = True

    async def _relayed(self) -> None:
        while await self.relay.flush() >= BATCH:
            pass
        await self.relay.forget_sent()


def catalog_of(documents: Iterable[dict[str, Any]]) -> Catalog:
    """Return the catalog that these documents make."""
    changes = [
        CatalogDocumentChanged(catalog_version=1, author="bench", set="bench", **one)
        for one in documents
    ]
    return Catalog().with_changes(1, changes)


async def run(size: int, batches: int, profile: cProfile.Profile | None) -> dict[str, float]:
    """Send so many batches of this size through all; return ms of the processor per alert."""
    rung: list[bytes] = []
    broker = MemoryBroker()
    server, port = await receive(rung.append)
    holder = CatalogHolder(catalog_of(paged_by_webhook(SERVICE, "bench", port, KEY)))
    with tempfile.TemporaryDirectory(prefix="tocsin-hot-") as folder:
        services = [Hot(one, Path(folder), broker, holder) for one in SERVICES]
        for one in services:
            await one.open()
        costs = Costs(None)
        for batch in range(batches + 1):
            titles = [f"alert {batch} {number}" for number in range(size)]
            await broker.send([backlog_record(title, SERVICE) for title in titles])
            await _through(services, costs, rung, size * (batch + 1))
            costs = costs if batch else Costs(profile)  # The first one warms up.
        for one in services:
            await one.database.close()
    server.close()
    assert len(rung) == (batches + 1) * size, f"{len(rung)} pages"
    return {name: used * 1000 / (batches * size) for name, used in costs.seconds.items()}


async def _through(services: list[Hot], costs: Costs, rung: Sized, wanted: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        while sum([await one.work(costs) for one in services]):
            pass
        if len(rung) >= wanted or time.monotonic() > deadline:
            return
        await asyncio.sleep(0.1)
        for one in services:
            await one.fire(costs)


def main(scale: float) -> None:
    """Print the costs at batches of one and of a hundred, then where the time of each went."""
    telemetry.configure_logs("WARNING", "bench")
    quieten_collector()
    found = {
        size: asyncio.run(run(size, max(round(count * scale), 2), None))
        for size, count in SIZES.items()
    }
    print(f"{'ms of the processor per alert':44}" + "".join(f"{size:>10}" for size in SIZES))
    for name in found[1]:
        print(f"{name:44}" + "".join(f"{found[size].get(name, 0):10.3f}" for size in SIZES))
    print(f"{'all':44}" + "".join(f"{sum(found[size].values()):10.3f}" for size in SIZES))
    for size, count in SIZES.items():
        profile = cProfile.Profile(time.process_time)
        asyncio.run(run(size, max(round(count * scale), 2), profile))
        print(f"\nin batches of {size}:")
        pstats.Stats(profile).sort_stats("tottime").print_stats(SHOWN)
