"""One running service: its loops, drained in order."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any

import structlog
from fastapi import FastAPI

from tocsin import crash_points, dead_letters, migrate, obligations_api, starting
from tocsin.application import Definition, Parts
from tocsin.bus import Consumer
from tocsin.clock import SystemClock
from tocsin.database import Database
from tocsin.failures import is_infrastructure
from tocsin.follower import Follower
from tocsin.guard import Guard
from tocsin.holder import CatalogHolder
from tocsin.housekeeping import Housekeeping
from tocsin.pausing import happens
from tocsin.publisher import KafkaPublisher
from tocsin.relay import Relay
from tocsin.serving import server_of
from tocsin.settings import ServiceSettings
from tocsin.sql import SqlStore
from tocsin.subscribers import Subscribers
from tocsin.timers import TimerLoop
from tocsin.watchdog import Watchdog
from tocsin.working import work

log = structlog.get_logger(__name__)
PUBLISH_WITHIN = 30.0
OPEN_AGAIN = 1.0
PROBE_EVERY = 2.0
FAILED_DRAIN = 10.0  # Seconds, after a loop has failed: another may be stuck.


class Process:
    """One running service."""

    def __init__(self, definition: Definition[Any], found: ServiceSettings) -> None:
        """Put everything together; nothing is opened yet."""
        self.definition = definition
        self.settings = found
        self.stop = asyncio.Event()
        self.taken = asyncio.Event()  # Set when nothing is taken in any more.
        self.drained = asyncio.Event()
        self.code = 0
        self.is_open = False
        self._tasks: list[asyncio.Task[None]] = []
        self._gate = asyncio.Event()  # Set when the database is there, or never will be.
        self._opened_at = 0.0
        self.clock = SystemClock()
        self.database = Database(found.database)
        self.store: SqlStore[Any] = SqlStore(self.database, definition.unit, self.clock.now)
        self.catalog = CatalogHolder()
        client = f"{definition.name}-{os.getpid()}"
        self.direct = KafkaPublisher(found.kafka, found.topic_prefix, client, PUBLISH_WITHIN)
        self.relayed = KafkaPublisher(found.kafka, found.topic_prefix, client, PUBLISH_WITHIN)
        self.relay = Relay(self.database, self.relayed, self.clock)
        self.follower = Follower(found.kafka, found.topic_prefix, self.database, self.catalog)
        parts = Parts(self.store, self.clock, self.catalog, self.direct, self.stop)
        self.application = definition.build(found, parts)
        self.timers = TimerLoop(self.application)
        self.subscribers = Subscribers(
            found,
            definition.name,
            [
                Consumer(definition.name, one, self.store, self.clock)
                for one in self.application.subscriptions
            ],
        )
        self.database_answers = False
        self.housekeeping = Housekeeping(self.database, self.clock)
        self.guard = Guard(found, self.application, self.store, self._is_connected, self._troubles)
        self.watchdog = Watchdog(self._loops(), is_served=lambda: self.database_answers)

    def _loops(self) -> dict[str, Callable[[], float]]:
        return {
            "auditor": lambda: self.guard.auditor.progress,
            "relay": lambda: self._since_open(self.relay.progress),
            "timers": lambda: self._since_open(self.timers.progress),
            "catalog": lambda: self.follower.progress,
            "kafka": lambda: self._since_open(self.subscribers.progress),
        }

    async def run(self) -> int:
        """Run until a signal or a failure; return the exit code.

        A loop that fails ends the others as a signal does: they finish what they have begun, so
        that nobody whose alert was kept is answered with an error.
        """
        crash_points.listen(self.definition.name)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.stop.set)
        self.store.on_published = self.relay.wake
        self.store.on_timers = self.timers.wake
        intake = [self._begin(name, loop) for name, loop in self._intake()]
        workers = [self._begin(name, loop) for name, loop in self._workers()]
        back = [self._begin(name, loop) for name, loop in self._back()]
        drain = self._begin("drain", self._drain(intake, workers))
        self._tasks = [*intake, *workers, *back, drain]
        await asyncio.gather(*self._tasks, return_exceptions=True)  # Cancelled, at the worst.
        await self._close()
        log.info("stopped", code=self.code)
        return self.code

    def _begin(self, name: str, loop: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        async def watched() -> None:
            try:
                await loop
            except Exception:
                log.exception("loop_failed", loop=name)
                self.code = 1
                self.stop.set()
                asyncio.get_running_loop().call_later(FAILED_DRAIN, self._give_up)

        return asyncio.create_task(watched(), name=name)

    def _give_up(self) -> None:
        for task in self._tasks:
            task.cancel()

    def _intake(self) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """What takes work in: it ends first, finishing what it has begun."""
        return [
            # First of all, and whatever is away: who asks is answered, if only with a 503.
            ("http", self._serve()),
            ("opening", self._open()),
            ("kafka", self._once_open(self.subscribers.run, self.stop)),
            ("timers", self._once_open(self.timers.run, self.stop)),
            (
                "start",
                self._once_open(partial(starting.run, self.application, self.catalog), self.stop),
            ),
        ]

    def _workers(self) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """What does the work: the last batch taken in may bring some, so it ends after that."""
        return [
            (one.name, self._once_open(partial(work, one), self.taken))
            for one in self.application.workers
        ]

    def _back(self) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """What serves the others: it ends once they have."""
        return [
            ("relay", self._once_open(self.relay.run, self.drained)),
            ("catalog", self.follower.run(self.drained)),
            ("housekeeping", self._once_open(self.housekeeping.run, self.drained)),
            ("probe", self._probe()),
            ("watchdog", self.watchdog.run(self.drained)),
            *self.guard.loops(self.drained),
        ]

    async def _drain(
        self, intake: Sequence[asyncio.Task[None]], workers: Sequence[asyncio.Task[None]]
    ) -> None:
        await asyncio.wait(intake)
        self.taken.set()
        if workers:
            await asyncio.wait(workers)
        crash_points.reach("process.drained")
        self.drained.set()

    async def _open(self) -> None:
        """Bring the database up to date, however long it is away; the rest waits behind the gate.

        HTTP does not: intake takes alerts as soon as it knows its keys, from here or from Kafka.
        """
        try:
            while not self.stop.is_set():
                try:
                    await migrate.migrate(self.settings.database, self.definition.package)
                    await self.follower.recall()
                except Exception as error:
                    if not is_infrastructure(error):
                        raise
                    log.warning("database_away", error=repr(error))
                    await happens(self.stop, OPEN_AGAIN)
                else:
                    self._opened_at, self.is_open = time.monotonic(), True
                    self.database_answers = True  # Just now; the probe goes on from here.
                    return
        finally:
            self._gate.set()

    async def _once_open(
        self, loop: Callable[[asyncio.Event], Awaitable[None]], until: asyncio.Event
    ) -> None:
        await self._gate.wait()
        if self.is_open:
            await loop(until)

    def _since_open(self, progress: float) -> float:
        """Return a loop's last progress; one that waits for the database does not stall."""
        return max(progress, self._opened_at) if self.is_open else time.monotonic()

    async def _probe(self) -> None:
        while not self.drained.is_set():
            try:
                async with asyncio.timeout(2):
                    await self.database.ping()
                self.database_answers = self.is_open
            except Exception as error:
                if not is_infrastructure(error):
                    raise
                self.database_answers = False
            await happens(self.drained, PROBE_EVERY)

    def _serve(self) -> Coroutine[Any, Any, None]:
        app = self.application.http
        assert isinstance(app, FastAPI)
        app.include_router(dead_letters.router(self.definition.name, self.store, self.clock))
        app.include_router(obligations_api.router(self.definition.name, self.store, self.clock))
        app.state.alive += [self.watchdog.stalled, self.subscribers.stalled]
        app.state.ready.append(self._ready)
        return server_of(app, self.settings).serve_until(self.stop, app.state.closing)

    def _ready(self) -> dict[str, bool | str | int]:
        return {
            "database": self.database_answers,
            "kafka": self.subscribers.connected,
            "catalog": self.catalog.loaded,
            "catalog_version": self.catalog.current.version,
            **self.guard.state(),
        }

    def _is_connected(self) -> bool:
        return self.subscribers.connected or not self.is_open  # Before, it is not tried.

    def _troubles(self) -> list[str]:
        """Return why this process is not well; while it is not, no heartbeat goes out."""
        away = [] if self.database_answers else ["the database does not answer"]
        return [*self.watchdog.stalled(), *self.subscribers.stalled(), *away]

    async def _close(self) -> None:
        await self.direct.close()
        await self.relayed.close()
        await self.database.close()
