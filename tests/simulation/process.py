"""A process of a service, put together by its real bootstrap; it can die or stand still."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NoReturn

import httpx

from tests.acceptance.dsl.drivers import TOKEN, Answer
from tests.simulation.broker import Fetched
from tests.simulation.loop import OWNED_BY, Tasks
from tests.simulation.plan import IN_A_TRANSACTION, Halt, Point
from tocsin.application import Application
from tocsin.bus import Consumer
from tocsin.events import CatalogDocumentChanged
from tocsin.holder import CatalogHolder
from tocsin.testing import MemoryStore, MemoryUnitOfWork, followed
from tocsin.timers import TimerLoop

if TYPE_CHECKING:
    from tests.simulation.world import World

RELAY_LEASE = 5.0
BEAT = 1.0


@dataclass
class Database:
    """What outlives the processes of one service."""

    unit: Callable[[Any], MemoryUnitOfWork]
    tables: dict[str, dict[Any, Any]] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    relay_holder: "Process | None" = None
    relay_until: float = 0.0
    followed: CatalogHolder = field(default_factory=CatalogHolder)


class ProcessStore(MemoryStore[Any]):
    """A database as one process sees it: it may die around each commit."""

    def __init__(self, database: Database, process: "Process") -> None:
        self._database = database
        self._process = process
        super().__init__(database.unit)
        self._lock = database.lock

    @property
    def tables(self) -> dict[str, dict[Any, Any]]:
        """What has been committed by anybody."""
        return self._database.tables

    @tables.setter
    def tables(self, tables: dict[str, dict[Any, Any]]) -> None:
        if hasattr(self._process, "store"):  # Not as the store begins: with nothing of its own.
            self._database.tables = tables

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Any]:
        """Open a transaction."""
        await self._process.reach(None)
        async with super().begin() as uow:
            self._process.world.design.opened(self._process, uow)
            yield uow
            actions, uow.actions = uow.actions, []
            await self._process.reach("before commit")
            if self._process.is_firing:
                await self._process.reach("before a timer's commit")
        await self._process.reach("after commit")
        if actions:  # Who claims something has something to do once that is saved.
            await self._process.reach("after claim")
        for action in actions:
            action()


class Process:
    """One of a service's processes. `number` counts those that the world has had."""

    def __init__(self, world: "World", name: str, replica: int, number: int) -> None:
        self.world = world
        self.name = name
        self.replica = replica
        self.number = number
        self.clock = world.clock
        self.database = world.databases[name]
        self.tasks: Tasks = {}
        self.halts: list[Halt] = []
        self.is_dead = False
        self.is_firing = False
        self.freezes = 0
        self.awake = asyncio.Event()
        self.awake.set()
        self.halted: asyncio.Future[None] = world.loop.create_future()
        self.rests: dict[str, float] = {}
        self.catalog = CatalogHolder()
        if self.database.followed.loaded:
            self.catalog.replace(self.database.followed.current)
        self._followed = 0
        self._changes: list[CatalogDocumentChanged] = []
        self.store = ProcessStore(self.database, self)
        self.application: Application[Any] = world.design.build(self)
        self.consumers = [
            Consumer(name, one, self.store, self.clock) for one in self.application.subscriptions
        ]
        self.last_beat: float | None = None
        if self.heartbeat is not None:
            self.heartbeat._holder.elapsed = world.loop.time
        self.timers = TimerLoop(self.application)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.application.http),
            base_url=f"http://{name}",
            trust_env=False,
        )

    def __repr__(self) -> str:
        return f"{self.name}-{self.replica}.{self.number}"

    @property
    def is_running(self) -> bool:
        """Whether it does anything at all."""
        return not self.is_dead and self.awake.is_set()

    @property
    def sender(self) -> Any:
        """The notifier's sender."""
        return self.recorder._sender

    @property
    def recorder(self) -> Any:
        """The notifier's recorder; None in another service."""
        return self._worker("notifier.sender")

    def _worker(self, name: str) -> Any:
        return next((one for one in self.application.workers if one.name == name), None)

    async def reach(self, point: Point | None) -> None:
        """Be at a point of the way: here it may end, or stand still for a while."""
        for halt in [one for one in self.halts if one.point == point]:
            self.halts.remove(halt)
            if halt.nth > 1:
                self.halts.append(replace(halt, nth=halt.nth - 1))
            elif not self.is_dead:
                self.world.halt(self, halt)
        # In a transaction nobody stands still: its locks would hold up all the others.
        while not self.awake.is_set() and point not in IN_A_TRANSACTION:
            await self.awake.wait()
        if self.is_dead:
            await _never()

    async def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do a piece of work as this process; None if it dies or stands still over it."""
        owner = OWNED_BY.set(self.tasks)
        task = asyncio.create_task(work)
        OWNED_BY.reset(owner)
        await asyncio.wait({task, self.halted}, return_when=asyncio.FIRST_COMPLETED)
        if task.done() and not task.cancelled():
            return task.result()
        task.add_done_callback(self.world.came_late)
        return None

    def die(self) -> None:
        """End: nothing of it goes on."""
        self.is_dead = True
        self.awake.set()
        self._stop()
        for task in list(self.tasks):
            task.cancel()

    def freeze(self) -> None:
        """Stand still."""
        self.freezes += 1
        self.awake.clear()
        self._stop()

    def thaw(self) -> None:
        """Go on as if nothing had been."""
        self.halted = self.world.loop.create_future()
        self.awake.set()

    def _stop(self) -> None:
        if not self.halted.done():
            self.halted.set_result(None)

    # What it does by itself.

    async def ask(self, method: str, path: str, body: Any, key: str) -> Answer | None:
        """Answer a request; None if it dies before it has."""
        headers = {"Idempotency-Key": key} if key else {}
        if not path.startswith(("/k/", "/a/", "/i/")):
            headers["Authorization"] = f"Bearer {TOKEN}"
        sent = self.client.request(method, path, headers=headers, json=body)
        answer: httpx.Response | None = await self.run(sent)
        if answer is None:
            return None
        is_json = bool(answer.content) and "json" in answer.headers.get("content-type", "")
        return Answer(answer.status_code, answer.json() if is_json else answer.text)

    async def deliver(self, consumer: Consumer[Any]) -> bool:
        """Fetch a batch, handle it, commit its offsets a moment later or never."""
        broker, chance = self.world.broker, self.world.chance
        fetched = broker.fetch(self, consumer.name, consumer.subscription.topic.name, chance)
        await self.reach("before batch")
        try:
            await self.world.design.consume(self, consumer, fetched)
        except Exception:
            broker.put_back(self, consumer.name, fetched)
            raise
        return True

    async def consumed(self, consumer: Consumer[Any], fetched: Fetched) -> None:
        """Commit the offsets of a batch."""
        await self.reach("before offsets")
        self.world.broker.commit(self, consumer.name, fetched)

    def may_relay(self) -> bool:
        """Return whether there is something to relay, and nobody else does."""
        if self.world.broker.away or not self.database.tables.get("outbox"):
            return False
        moment = self.world.loop.time()
        return self.database.relay_holder is self or self.database.relay_until <= moment

    async def relay(self) -> bool:
        """Publish what the outbox holds, then delete exactly that."""
        self.database.relay_holder = self
        self.database.relay_until = self.world.loop.time() + RELAY_LEASE
        rows = sorted(self.database.tables["outbox"].items())
        rows = rows[: self.world.chance.choice((1, 3, len(rows)))]
        await self.reach("before publish")
        await self.world.broker.send([row for _, row in rows])
        await self.reach("after publish")
        async with self.store.begin() as uow:
            outbox = uow.table("outbox")
            for number, row in rows:
                if outbox.get(number) is row:  # Its number is never given again.
                    del outbox[number]
        return True

    async def fire(self) -> int:
        """Fire what is due."""
        self.is_firing = True
        try:
            return await self.timers.fire()
        finally:
            self.is_firing = False

    def may_follow(self) -> bool:
        """Return whether the catalog topic has something new."""
        return not self.world.broker.away and (
            not self.catalog.loaded or self._followed < len(self.world.broker.log["catalog", 0])
        )

    async def follow(self) -> bool:
        """Put each complete version of the catalog in force, and remember it."""
        records = self.world.broker.log["catalog", 0]
        catalog = followed(self.catalog.current, records[self._followed :], self._changes)
        self._followed = len(records)
        self.catalog.replace(catalog)
        if catalog.version:
            self.database.followed.replace(catalog)
        return True

    @property
    def heartbeat(self) -> Any:
        """The notifier's sign of life; None where it is alone, or another service."""
        return self._worker("notifier.heartbeat")

    @property
    def holder_name(self) -> str:
        """The name that it claims under."""
        return str(self.heartbeat._holder.name) if self.heartbeat else ""

    def must_beat(self) -> bool:
        """Return whether a second has passed since its last sign."""
        if self.heartbeat is None:
            return False
        return self.last_beat is None or self.world.loop.time() - self.last_beat >= BEAT

    async def beat(self) -> bool:
        """Give the sign of life."""
        self.last_beat = self.world.loop.time()
        await self.heartbeat._holder.beat(self.store)
        return True

    async def look_after_others(self) -> bool:
        """Take over from those who give no sign."""
        await self.heartbeat._look()
        return True

    def has_to_record(self) -> bool:
        """Return whether the notifier's recorder has something to do."""
        if self.recorder is None:
            return False
        return bool(self.sender.finished) or self.recorder._recover_before is not None

    async def record(self) -> bool:
        """Record what became of calls."""
        return bool(await self.recorder.run_once())

    async def close(self) -> None:
        """Leave nothing behind."""
        self.die()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0)


async def _never() -> NoReturn:
    await asyncio.Future()
    raise AssertionError("this never is")
