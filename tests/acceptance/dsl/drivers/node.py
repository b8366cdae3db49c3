"""One service of the world in memory: a process that can die, and the store that outlives it."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn

import httpx

from tests.acceptance.dsl.drivers import TOKEN, Answer, CrashMoment, Json
from tocsin.alarm import Alarms
from tocsin.application import Application
from tocsin.auditor import Auditor
from tocsin.bus import Consumer
from tocsin.errors import Unavailable
from tocsin.findings import Alarm, Finding
from tocsin.testing import MemoryBroker, MemoryStore, MemoryUnitOfWork
from tocsin.timers import TimerLoop
from tocsin.vitals import OUTBOX_KEY

AUDITED_EVERY = timedelta(seconds=5)


class Killed(BaseException):
    """The process ends here. No handler catches it: a kill runs nothing."""


@dataclass
class Doom:
    """When a process dies: around its `left`-th transaction from now, or as it publishes."""

    moment: CrashMoment
    left: int

    def is_met(self, uow: MemoryUnitOfWork | None = None) -> bool:
        """Count a moment; return whether it is the one."""
        if (uow is None) != (self.moment == "after publish"):
            return False
        # Who claims something has something to do once that is saved.
        if self.moment == "after claim" and not (uow and uow.actions):
            return False
        self.left -= 1
        return not self.left


class MortalStore(MemoryStore[Any]):
    """A store whose process can be killed around a commit."""

    def __init__(self, unit: Callable[[Any], MemoryUnitOfWork]) -> None:
        super().__init__(unit)
        self.doom: Doom | None = None
        self.is_work = False  # Only handlers and timers die: they are what must survive it.

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Any]:
        """Open a transaction; die before it is saved, or before anything follows from it."""
        async with super().begin() as uow:
            yield uow
            if self.is_work and self.doom and self.doom.is_met(uow):
                doom, self.doom = self.doom, None
                if doom.moment == "before save":
                    raise Killed
                uow.actions.insert(0, _die)

    @contextlib.contextmanager
    def work(self) -> Iterator[None]:
        """Do what a kill may interrupt."""
        self.is_work = True
        try:
            yield
        finally:
            self.is_work = False


class _Alone:
    """The only replica."""

    async def holds(self) -> bool:
        """Return that it is the one."""
        return True


def _die() -> NoReturn:
    raise Killed


class Node:
    """One service, put together by its real bootstrap."""

    def __init__(
        self,
        name: str,
        build: Callable[[MortalStore], Application[Any]],
        unit: Callable[[Any], MemoryUnitOfWork],
        broker: MemoryBroker,
    ) -> None:
        self.name = name
        self.store = MortalStore(unit)
        self._build = build
        self._broker = broker
        self.alarms: list[Alarm] = []
        self._audited_at: datetime | None = None
        self.is_still = False
        self.start()

    def start(self) -> None:
        """Be a new process over what was saved."""
        self.application = self._build(self.store)
        self.consumers = [
            Consumer(self.name, one, self.store, self.application.clock)
            for one in self.application.subscriptions
        ]
        self.timers = TimerLoop(self.application)
        operators = Alarms(("mailto:operators@example.org",), self._told)
        self.auditor = Auditor(self.application, self._vitals, _Alone(), operators, "the manual")
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.application.http), base_url=f"http://{self.name}"
        )

    async def ask(self, method: str, path: str, body: Json) -> Answer:
        """Answer a request."""
        headers = {} if path.startswith("/k/") else {"Authorization": f"Bearer {TOKEN}"}
        answer = await self.client.request(method, path, headers=headers, json=body)
        is_json = "json" in answer.headers.get("content-type", "")
        return Answer(answer.status_code, answer.json() if is_json else answer.text)

    def steps(self) -> list[Callable[[], Awaitable[bool]]]:
        """Return everything the process does by itself; each returns whether it did anything."""
        if self.is_still:
            return []
        delivering = [self._delivering(consumer) for consumer in self.consumers]
        working = [worker.run_once for worker in self.application.workers]
        return [self._relay, *(self._mortal(work) for work in [*delivering, *working])]

    async def fire(self) -> bool:
        """Fire what is due; a kill brings a new process, to which it is still due."""
        due = await self.store.next_due()
        if self.is_still or due is None or due > self.application.clock.now():
            return False
        return await self._surviving(self.timers.fire)

    def next_audit(self) -> datetime | None:
        """Return when something becomes overdue; what is, is looked at every few seconds."""
        held = self.store.tables.get("obligations", {})
        act_at: list[datetime] = [at for _, at in held.values()]
        soonest = min(act_at, default=None)
        if soonest is None or self._audited_at is None:
            return soonest
        return max(soonest, self._audited_at + AUDITED_EVERY)

    async def audit(self) -> bool:
        """Let the auditor look, where something is overdue."""
        now = self.application.clock.now()
        due = self.next_audit()
        if self.is_still or due is None or due > now:
            return False
        self._audited_at = now
        await self.auditor.audit()
        return True

    async def _vitals(self, now: datetime) -> list[Finding]:
        waiting = self.store.tables.get("outbox")
        return [Finding(OUTBOX_KEY, now, "Kafka is away", shared=True)] if waiting else []

    async def _told(self, address: str, alarm: Alarm) -> None:
        del address
        self.alarms.append(alarm)

    async def _relay(self) -> bool:
        async with self.store.read() as uow:
            waiting = sorted(uow.table("outbox").items())
        if not waiting:
            return False
        try:
            await self._broker.send([outgoing for _, outgoing in waiting])
        except Unavailable:
            return False
        if self.store.doom and self.store.doom.is_met():
            self.store.doom = None
            await self._start_again()
            return True
        async with self.store.begin() as uow:
            for number, _ in waiting:
                uow.table("outbox").pop(number)
        return True

    def _delivering(self, consumer: Consumer[Any]) -> Callable[[], Awaitable[int]]:
        async def deliver() -> int:
            return 0 if self._broker.away else await self._broker.deliver(consumer)

        return deliver

    def _mortal(self, work: Callable[[], Awaitable[int]]) -> Callable[[], Awaitable[bool]]:
        process = self.application

        async def work_while_alive() -> bool:
            return self.application is process and await self._surviving(work)

        return work_while_alive

    async def _surviving(self, work: Callable[[], Awaitable[int]]) -> bool:
        try:
            with self.store.work():
                return bool(await work())
        except Killed:
            await self._start_again()
            return True

    async def _start_again(self) -> None:
        await self.client.aclose()
        self.start()
