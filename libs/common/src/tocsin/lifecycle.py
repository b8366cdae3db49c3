"""Runs a service: settings, database, loops in one task group, drain, exit codes, watchdog.

Exit codes: 0 drained, 1 a loop failed or stalled (a supervisor starts it again), 2 wrong settings.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import structlog
import uvicorn
import uvloop
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin import dead_letters, migrate, settings, telemetry
from tocsin.application import Application, Worker
from tocsin.bus import Consumer, Publisher
from tocsin.clock import Clock, SystemClock
from tocsin.database import Database
from tocsin.errors import MisconfiguredError
from tocsin.follower import Follower
from tocsin.holder import CatalogHolder
from tocsin.housekeeping import Housekeeping
from tocsin.kafka import KafkaPublisher
from tocsin.relay import Relay
from tocsin.settings import ServiceSettings
from tocsin.sql import SqlStore, SqlUnitOfWork
from tocsin.subscribers import Subscribers
from tocsin.timers import TimerLoop
from tocsin.unit_of_work import Store, U
from tocsin.watchdog import Watchdog

log = structlog.get_logger(__name__)
S = TypeVar("S", bound=ServiceSettings)
Q = TypeVar("Q", bound=SqlUnitOfWork)
PUBLISH_WITHIN = 30.0
WORKER_POLL = 1.0


@dataclass(frozen=True)
class Parts(Generic[U]):
    """What a bootstrap is given to build its application from."""

    store: Store[U]
    clock: Clock
    catalog: CatalogHolder
    publisher: Publisher


@dataclass(frozen=True)
class Definition(Generic[S]):
    """A service: its name, its settings and how it is put together.

    `package` holds its migrations; `unit` makes its unit of work; `build` its application.
    """

    name: str
    prefix: str
    settings: type[S]
    unit: Callable[[AsyncConnection, datetime], SqlUnitOfWork]
    build: Callable[[S, Any], Application[Any]]

    @property
    def package(self) -> str:
        """The import name."""
        return self.name.replace("-", "_")


def main(definition: Definition[Any]) -> None:
    """Be the process: read settings, run until told to stop, exit with a code that says how."""
    parser = argparse.ArgumentParser(prog=f"python -m {definition.package}")
    parser.add_argument("--check", action="store_true", help="validate the settings and exit")
    arguments = parser.parse_args()
    try:
        found = settings.from_env(definition.settings, definition.prefix, os.environ)
    except MisconfiguredError as error:
        for mistake in error.mistakes:
            sys.stderr.write(f"{mistake}\n")
        sys.exit(2)
    if arguments.check:
        sys.stdout.write(f"{definition.name}: the settings are valid\n")
        return
    telemetry.configure_logs(found.log_level, definition.name)
    telemetry.configure_traces(found.otlp, definition.name)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(Process(definition, found).run())
    telemetry.flush_traces()
    sys.exit(code)


class Process:
    """One running service."""

    def __init__(self, definition: Definition[Any], found: ServiceSettings) -> None:
        """Put everything together; nothing is opened yet."""
        self.definition = definition
        self.settings = found
        self.stop = asyncio.Event()
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
        server = self._server()
        loops: dict[str, Awaitable[None]] = {
            "relay": self.relay.run(self.stop),
            "timers": self.timers.run(self.stop),
            "catalog": self.follower.run(self.stop),
            "kafka": self.subscribers.run(self.stop),
            "housekeeping": self.housekeeping.run(self.stop),
            "watchdog": self.watchdog.run(self.stop),
            "probe": self._probe(),
            "http": self._serve(server),
            **{worker.name: _work(worker, self.stop) for worker in self.application.workers},
        }
        code = 0
        try:
            async with asyncio.TaskGroup() as group:
                for name, loop in loops.items():
                    group.create_task(loop, name=name)  # type: ignore[arg-type]
        except* Exception as errors:
            for error in errors.exceptions:
                log.error("loop_failed", exc_info=error)  # noqa: TRY400 - one of several.
            code = 1
        await self._close()
        log.info("stopped", code=code)
        return code

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
        while not self.stop.is_set():
            try:
                async with asyncio.timeout(2):
                    await self.database.ping()
                self.database_answers = True
            except (OSError, TimeoutError, SQLAlchemyError):
                self.database_answers = False
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2):
                    await self.stop.wait()

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
