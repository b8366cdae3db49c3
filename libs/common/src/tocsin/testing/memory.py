"""A store in memory: the recipe's port in a few dicts, held to the real one's contract suite."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar

from tocsin.bus import announcement
from tocsin.events import Envelope, Event, encode
from tocsin.outgoing import Outgoing
from tocsin.testing.ledger import MemoryLedger
from tocsin.unit_of_work import DeadLetter, Timer

Tables = dict[str, dict[Any, Any]]


class MemoryUnitOfWork:
    """One transaction over copies of the tables, which replace the originals on commit."""

    def __init__(self, tables: Tables) -> None:
        """Work on `tables`, which nobody else sees yet."""
        self.tables = tables
        self.actions: list[Callable[[], None]] = []

    def table(self, name: str) -> dict[Any, Any]:
        """Return a table by name; a repository keeps frozen values in it."""
        return self.tables.setdefault(name, {})

    @cached_property
    def ledger(self) -> MemoryLedger:
        """The obligations."""
        return MemoryLedger(self.table("obligations"))

    async def unseen(
        self, consumer: str, envelopes: Sequence[Envelope[Event]]
    ) -> list[Envelope[Event]]:
        """Return the envelopes this consumer has not handled, in order, and remember them."""
        inbox = self.table("inbox")
        fresh = []
        for envelope in envelopes:
            if (consumer, envelope.event_id) not in inbox:
                inbox[consumer, envelope.event_id] = True
                fresh.append(envelope)
        return fresh

    async def publish(self, envelopes: Sequence[Envelope[Event]]) -> None:
        """Append to the outbox."""
        outbox = self.table("outbox")
        start = max(outbox, default=0) + 1
        for number, envelope in enumerate(envelopes, start):
            data = envelope.data
            outbox[number] = Outgoing(
                data.TOPIC, data.key.encode(), encode(envelope), envelope.traceparent
            )

    async def set_timers(self, timers: Sequence[Timer]) -> None:
        """Set or move timers."""
        self.table("timers").update({timer.timer_id: timer for timer in timers})

    async def cancel_timers(self, timer_ids: Sequence[str]) -> None:
        """Cancel timers; those that are not set are ignored."""
        for timer_id in timer_ids:
            self.table("timers").pop(timer_id, None)

    async def take_due(self, now: datetime, limit: int) -> list[Timer]:
        """Remove and return timers due by `now`, oldest first."""
        due = [timer for timer in self.table("timers").values() if timer.due_at <= now]
        due.sort(key=lambda timer: (timer.due_at, timer.timer_id))
        await self.cancel_timers([timer.timer_id for timer in due[:limit]])
        return due[:limit]

    async def bury(self, letters: Sequence[DeadLetter]) -> None:
        """Keep dead letters, and announce each new one."""
        graves = self.table("dead_letters")
        fresh = [letter for letter in letters if letter.dead_letter_id not in graves]
        graves.update({letter.dead_letter_id: letter for letter in fresh})
        await self.publish([announcement(letter) for letter in fresh])

    async def pending(self, topic: str) -> int:
        """Return how many events of this topic wait in the outbox."""
        return sum(outgoing.topic == topic for outgoing in self.table("outbox").values())

    def after_commit(self, action: Callable[[], None]) -> None:
        """Call `action` once this has been committed."""
        self.actions.append(action)


M = TypeVar("M", bound=MemoryUnitOfWork)


class MemoryStore(Generic[M]):
    """Transactions one after another over tables in memory."""

    def __init__(self, unit: Callable[[Tables], M]) -> None:
        """Make each unit of work with `unit`."""
        self._unit = unit
        self._lock = asyncio.Lock()
        self.tables: Tables = {}

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[M]:
        """Open a transaction; leaving it commits, an exception rolls it back."""
        async with self._lock:
            uow = self._unit({name: dict(table) for name, table in self.tables.items()})
            yield uow
            self.tables = uow.tables
        for action in uow.actions:
            action()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[M]:
        """Open a view; what is written in it is dropped."""
        yield self._unit({name: dict(table) for name, table in self.tables.items()})

    async def next_due(self) -> datetime | None:
        """Return when the next timer is due."""
        timers = self.tables.get("timers", {})
        return min((timer.due_at for timer in timers.values()), default=None)

    async def take_outbox(self, limit: int = 500) -> list[Outgoing]:
        """Remove and return what is to be published, oldest first: the memory world's relay."""
        async with self.begin() as uow:
            outbox = uow.table("outbox")
            numbers = sorted(outbox)[:limit]
            return [outbox.pop(number) for number in numbers]
