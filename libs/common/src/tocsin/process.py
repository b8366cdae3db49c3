"""One running service: its loops in one task group, drained in order."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from tocsin import dead_letters, migrate
from tocsin.application import Definition, Parts, Worker
from tocsin.bus import Consumer
from tocsin.clock import SystemClock
from tocsin.database import Database
from tocsin.follower import Follower
from tocsin.holder import CatalogHolder
from tocsin.housekeeping import Housekeeping
from tocsin.publisher import KafkaPublisher
from tocsin.relay import Relay
from tocsin.settings import ServiceSettings
from tocsin.sql import SqlStore
from tocsin.subscribers import Subscribers
from tocsin.timers import TimerLoop
from tocsin.watchdog import Watchdog

log = structlog.get_logger(__name__)
PUBLISH_WITHIN = 30.0
WORKER_POLL = 1.0


class Process:
    """One running service."""

    def __init__(self, definition: Definition[Any], found: ServiceSettings) -> None:
        """Put everything together; nothing is opened yet."""
        self.definition = definition
        self.settings = found
        self.stop = asyncio.Event()
        self.drained = asyncio.Event()
        self.clock = SystemClock()
        self.database = Database(found.database)
        self.store: SqlStore[Any] = SqlStore(self.database, definition.unit, self.clock.now)
        self.catalog = CatalogHolder()
        client = f"{definition.name}-{os.getpid()}"
        self.direct = KafkaPublisher(found.kafka, found.topic_prefix, client, PUBLISH_WITHIN)
        self.relayed = KafkaPublisher(found.kafka, found.topic_prefix, client, PUBLISH_WITHIN)
        self.relay = Relay(self.database, self.relayed, self.clock)
        self.follower = Follower(found.kafka, found.topic_prefix, self.database, self.catalog)
        parts = Parts(self.store, self.clock, self.catalog, self.direct)
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
        self.watchdog = Watchdog(
            {
                "relay": lambda: self.relay.progress,
                "timers": lambda: self.timers.progress,
                "catalog": lambda: self.follower.progress,
                "kafka": lambda: self.subscribers.progress,
            }
        )

    async def run(self) -> int:
        """Run until a signal or a failure; return the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self.stop.set)
        await self._open()
        code = 0
        try:
            async with asyncio.TaskGroup() as group:
                begun = [group.create_task(one, name=name) for name, one in self._front()]
                for name, one in self._back():
                    group.create_task(one, name=name)
                group.create_task(self._drain(begun), name="drain")
        except* Exception as errors:
            for error in errors.exceptions:
                log.error("loop_failed", exc_info=error)  # noqa: TRY400 - one of several.
            code = 1
        await self._close()
        log.info("stopped", code=code)
        return code

    def _front(self) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """What takes work in: it ends first, finishing what it has begun."""
        return [
            ("http", self._serve(self._server())),
            ("kafka", self.subscribers.run(self.stop)),
            ("timers", self.timers.run(self.stop)),
            *((one.name, _work(one, self.stop)) for one in self.application.workers),
        ]

    def _back(self) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """What serves the others: it ends once they have."""
        return [
            ("relay", self.relay.run(self.drained)),
            ("catalog", self.follower.run(self.drained)),
            ("housekeeping", self.housekeeping.run(self.drained)),
            ("probe", self._probe()),
            ("watchdog", self.watchdog.run(self.drained)),
        ]

    async def _drain(self, front: Sequence[asyncio.Task[None]]) -> None:
        await asyncio.wait(front)
        self.drained.set()

    async def _open(self) -> None:
        while not self.stop.is_set():
            try:
                await migrate.migrate(self.settings.database, self.definition.package)
                await self.follower.recall()
                break
            except (OSError, TimeoutError, SQLAlchemyError) as error:
                log.warning("database_away", error=repr(error))
                await asyncio.sleep(1)
        self.store.on_published = self.relay.wake
        self.store.on_timers = self.timers.wake

    async def _probe(self) -> None:
        while not self.drained.is_set():
            try:
                async with asyncio.timeout(2):
                    await self.database.ping()
                self.database_answers = True
            except (OSError, TimeoutError, SQLAlchemyError):
                self.database_answers = False
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2):
                    await self.drained.wait()

    def _server(self) -> uvicorn.Server:
        app = self.application.http
        assert isinstance(app, FastAPI)
        app.include_router(dead_letters.router(self.definition.name, self.store, self.clock))
        app.state.alive.append(self.watchdog.stalled)
        app.state.alive.append(self.subscribers.stalled)
        app.state.ready.append(self._ready)
        host, port = self.settings.host_and_port
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            loop="none",
            http="httptools",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_keep_alive=30,
            limit_concurrency=4000,
            backlog=4096,
            timeout_graceful_shutdown=int(self.settings.drain_timeout),
        )
        return _Server(config)

    def _ready(self) -> dict[str, bool | str | int]:
        return {
            "database": self.database_answers,
            "kafka": self.subscribers.connected,
            "catalog": self.catalog.loaded,
            "catalog_version": self.catalog.current.version,
        }

    async def _serve(self, server: uvicorn.Server) -> None:
        task = asyncio.create_task(server.serve())
        stopping = asyncio.create_task(self.stop.wait())
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        stopping.cancel()
        try:
            await task
        except SystemExit as error:  # uvicorn exits when the port is taken.
            raise OSError(f"cannot listen on {self.settings.http}") from error
        self.stop.set()

    async def _close(self) -> None:
        await self.direct.close()
        await self.relayed.close()
        await self.database.close()


class _Server(uvicorn.Server):
    """Leaves the signals to us: on one, everything drains in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def _work(worker: Worker, stop: asyncio.Event) -> None:
    """Run a worker; at the end of a drain it finishes what it has begun."""
    while not stop.is_set():
        if not await worker.run_once():
            waiting = [asyncio.create_task(worker.wait()), asyncio.create_task(stop.wait())]
            _, late = await asyncio.wait(
                waiting, timeout=WORKER_POLL, return_when=asyncio.FIRST_COMPLETED
            )
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
    while await worker.run_once():
        pass
