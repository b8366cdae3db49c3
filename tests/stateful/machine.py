"""What the machines share: an event loop, a clock, a store of either kind, topics, crashes.

In the suite every machine runs a few fixed examples. `HYPOTHESIS_PROFILE=long` runs many random
ones, `EXAMPLES=` says how many.
"""

import asyncio
import atexit
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from starlette.applications import Starlette

from tocsin.application import Application, Subscription, TimerHandler
from tocsin.bus import Consumer, Record
from tocsin.database import Database
from tocsin.events import Envelope, Event, decode, encode
from tocsin.migrate import migrate
from tocsin.sql import SqlStore
from tocsin.testing import ManualClock, MemoryStore
from tocsin.timers import TimerLoop

T = TypeVar("T")
Backend = Literal["memory", "sqlite"]
Crash = Literal["", "before the commit", "after the commit"]
CRASHES: tuple[Crash, ...] = ("", "", "", "", "", "before the commit", "after the commit")
AT_ONCE = st.sampled_from([True, True, True, False])  # Else it waits for a batch with others.
IN_MEMORY = Path("/dev/shm")  # A disk's fsync would be most of a machine's time.
SCRATCH = str(IN_MEMORY) if IN_MEMORY.is_dir() else None
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


def profile(examples: int, steps: int = 40) -> settings:
    """Return the settings of one machine: `examples` are those of the suite."""
    wanted = os.environ.get("EXAMPLES")
    return settings(
        max_examples=int(wanted) if wanted else examples * (100 if LONG else 1),
        stateful_step_count=steps,
        derandomize=not (LONG or wanted),
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        phases=PHASES,
        suppress_health_check=list(HealthCheck),
    )


# To explain a failure costs more than to find it; to shrink it, sometimes.
PHASES = (Phase.generate, *(() if os.environ.get("NO_SHRINK") else (Phase.shrink,)))


class Killed(OSError):  # noqa: N818 - not what is wrong but what happens.
    """The process is killed; to the code it looks like its database going away."""


class Killable:
    """A store whose next transaction ends as the test says."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.crash: Crash = ""

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Any]:
        async with self.store.begin() as uow:
            yield uow
            if self.crash == "before the commit":
                raise Killed
        if self.crash == "after the commit":
            raise Killed

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Any]:
        async with self.store.read() as uow:
            yield uow

    async def next_due(self) -> datetime | None:
        due: datetime | None = await self.store.next_due()
        return due


@lru_cache
def _template(package: str) -> Path:
    """Migrate a database once; every example starts from a copy."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-stateful-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    asyncio.run(migrate(f"sqlite:///{folder}/template.db", package))
    return folder / "template.db"


class Machine(RuleBasedStateMachine):
    """A machine over one store, at a time that it moves itself."""

    def __init__(self, backend: Backend, package: str, memory: Any, sql: Any) -> None:
        super().__init__()
        template = _template(package) if backend == "sqlite" else None
        self.clock = ManualClock()
        self.runner = asyncio.Runner()
        self.closing = ExitStack()
        self.closing.callback(self.runner.close)
        self.database: Database | None = None
        if template is None:
            self.store = Killable(MemoryStore(memory))
        else:
            folder = self.closing.enter_context(tempfile.TemporaryDirectory(dir=SCRATCH))
            shutil.copy(template, f"{folder}/example.db")
            self.database = Database(f"sqlite:///{folder}/example.db")
            self.closing.callback(self._close_database)
            self.store = Killable(SqlStore(self.database, sql, self.clock.now))

    def _close_database(self) -> None:
        assert self.database is not None
        self.run(self.database.close())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run this to its end."""
        return self.runner.run(work)

    def teardown(self) -> None:
        try:
            self.ends()
        finally:
            self.closing.close()

    def ends(self) -> None:
        """What must hold when all is over; Hypothesis calls it after the last step."""

    def killed(self, work: Coroutine[Any, Any, Any], crash: Crash) -> bool:
        """Run this, its transactions ending in `crash`; return whether it was killed."""
        self.store.crash = crash
        try:
            self.run(work)
        except Killed:
            return True
        finally:
            self.store.crash = ""
        return False

    def consumer(self, service: str, subscription: Subscription[Any]) -> Consumer[Any]:
        """Return the real consumer of a subscription, over this store and clock."""
        return Consumer(service, subscription, self.store, self.clock)

    def timers(self, handler: TimerHandler[Any]) -> TimerLoop[Any]:
        """Return the real timer loop, which fires into this handler."""
        application = Application(
            name="stateful",
            store=self.store,
            clock=self.clock,
            subscriptions=(),
            on_timers=handler,
            http=Starlette(),
        )
        return TimerLoop(application)

    def published(self) -> list[Envelope[Event]]:
        """Take what was published since the last call, in order."""
        return self.run(self._published())

    async def _published(self) -> list[Envelope[Event]]:
        if self.database is None:
            return [decode(one.value) for one in await self.store.store.take_outbox(10_000)]
        async with self.database.transaction() as connection:
            found = await connection.exec_driver_sql("SELECT payload FROM outbox ORDER BY id")
            taken = [decode(row.payload) for row in found]
            await connection.exec_driver_sql("DELETE FROM outbox")
        return taken

    def timers_set(self) -> dict[str, tuple[str, datetime]]:
        """Return the timers that are set: to each its subject and when it is due."""
        return self.run(self._timers_set())

    async def _timers_set(self) -> dict[str, tuple[str, datetime]]:
        async with self.store.read() as uow:  # What is written in a view is dropped.
            timers = await uow.take_due(datetime.max.replace(tzinfo=self.clock.now().tzinfo), 9999)
        return {one.timer_id: (one.subject, one.due_at) for one in timers}


def run_machine(make: Callable[[], Machine], examples: int, steps: int = 40) -> None:
    """Run one kind of machine, by whatever makes one: so many examples in the suite."""
    run_state_machine_as_test(make, settings=profile(examples, steps))  # type: ignore[arg-type]


class Feed:
    """A partition as one consumer group reads it: in order, again after a crash."""

    def __init__(self, consumer: Consumer[Any]) -> None:
        self.consumer = consumer
        self.envelopes: list[Envelope[Event]] = []
        self.offset = 0

    def append(self, *envelopes: Envelope[Event]) -> None:
        self.envelopes += envelopes

    @property
    def behind(self) -> int:
        return len(self.envelopes) - self.offset

    def batch(self, size: int) -> Sequence[Envelope[Event]]:
        return self.envelopes[self.offset : self.offset + size]

    def records(self, size: int) -> list[Record]:
        return [
            Record(one.data.TOPIC, 0, self.offset + place, one.data.key.encode(), encode(one))
            for place, one in enumerate(self.batch(size))
        ]

    async def deliver(self, size: int) -> None:
        """Hand the next batch over; whoever is killed in it keeps the offset where it was."""
        await self.consumer.consume(self.records(size))
        self.offset += len(self.batch(size))

    def rewind(self, by: int) -> None:
        """Commit an older offset, as a rebalance or an operator does."""
        self.offset = max(0, self.offset - by)
