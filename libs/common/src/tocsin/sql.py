"""The recipe in SQL: one code for SQLite and PostgreSQL, a handful of statements per batch."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cached_property
from typing import Generic, TypeVar

from sqlalchemy import bindparam, delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin import telemetry
from tocsin.bus import announcement
from tocsin.database import Database
from tocsin.events import Envelope, Event, encode
from tocsin.ledger import SqlLedger
from tocsin.prepared import Prepared, Texts
from tocsin.tables import (
    DEAD_LETTERS,
    EPOCH,
    MICROSECOND,
    OUTBOX,
    TIMERS,
    Instant,
    Json,
    insert_new,
    recipe_tables,
    upsert,
)
from tocsin.unit_of_work import DeadLetter, Timer

__all__ = [
    "Instant",
    "Json",
    "SqlStore",
    "SqlUnitOfWork",
    "insert_new",
    "recipe_tables",
    "upsert",
]

# One parameter holds every id, so the text, and with it the plan, is the same for any batch size.
_REMEMBER = Prepared(
    by_dialect=lambda dialect: text(
        {
            "sqlite": "INSERT INTO inbox (consumer, event_id, seen_at)"
            " SELECT :consumer, value, :now FROM json_each(:ids) WHERE true"
            " ON CONFLICT DO NOTHING RETURNING event_id",
            "postgresql": "INSERT INTO inbox (consumer, event_id, seen_at)"
            " SELECT CAST(:consumer AS text), value, CAST(:now AS bigint)"
            " FROM unnest(:ids) AS value"
            " ON CONFLICT DO NOTHING RETURNING event_id",
        }[dialect]
    ).bindparams(bindparam("ids", type_=Texts))
)
_TAKE_DUE = Prepared(
    select(TIMERS)
    .where(TIMERS.c.due_at <= bindparam("now", type_=Instant))
    .order_by(TIMERS.c.due_at, TIMERS.c.timer_id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_CANCEL = Prepared(delete(TIMERS).where(TIMERS.c.timer_id == bindparam("id")))
_PENDING = Prepared(
    select(func.count()).select_from(OUTBOX).where(OUTBOX.c.topic == bindparam("of"))
)
_PUBLISH = Prepared(OUTBOX.insert())
_NEXT_DUE = Prepared(select(func.min(TIMERS.c.due_at)))


class SqlUnitOfWork:
    """One transaction over SQLAlchemy Core; a service's repositories extend it."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        """Work on `connection`, in whose transaction everything here happens; `now` dates rows."""
        self.connection = connection
        self.now = now
        self.actions: list[Callable[[], None]] = []
        self.published = False
        self.earliest: datetime | None = None

    @cached_property
    def ledger(self) -> SqlLedger:
        """The obligations."""
        return SqlLedger(self.connection)

    async def unseen(
        self, consumer: str, envelopes: Sequence[Envelope[Event]]
    ) -> list[Envelope[Event]]:
        """Return the envelopes this consumer has not handled, in order, and remember them."""
        if not envelopes:
            return []
        first: dict[str, Envelope[Event]] = {}
        for envelope in envelopes:
            first.setdefault(envelope.event_id, envelope)
        now = (self.now - EPOCH) // MICROSECOND
        given = {"consumer": consumer, "now": now, "ids": list(first)}
        fresh = set(await _REMEMBER.scalars(self.connection, given))
        return [envelope for event_id, envelope in first.items() if event_id in fresh]

    async def publish(self, envelopes: Sequence[Envelope[Event]]) -> None:
        """Insert outbox rows; the relay is woken after the commit."""
        if not envelopes:
            return
        self.published = True
        rows = [
            {
                "event_id": envelope.event_id,
                "topic": envelope.data.TOPIC,
                "key": envelope.data.key.encode(),
                "payload": encode(envelope),
                "traceparent": envelope.traceparent,
                "created_at": self.now,
            }
            for envelope in envelopes
        ]
        await _PUBLISH.many(self.connection, rows)

    async def set_timers(self, timers: Sequence[Timer]) -> None:
        """Set or move timers."""
        due = [timer.due_at for timer in timers]
        self.earliest = min([*due, self.earliest] if self.earliest else due, default=None)
        latest = {timer.timer_id: timer for timer in timers}
        rows = [
            {
                "timer_id": timer.timer_id,
                "kind": timer.kind,
                "subject": timer.subject,
                "due_at": timer.due_at,
                "data": dict(timer.data),
            }
            for timer in latest.values()
        ]
        await upsert(self.connection, TIMERS, rows, key=["timer_id"])

    async def cancel_timers(self, timer_ids: Sequence[str]) -> None:
        """Cancel timers; those that are not set are ignored."""
        if timer_ids:
            await _CANCEL.many(self.connection, [{"id": identity} for identity in timer_ids])

    async def take_due(self, now: datetime, limit: int) -> list[Timer]:
        """Remove and return timers due by `now`; other replicas skip what we hold."""
        rows = await _TAKE_DUE.rows(self.connection, {"now": now, "most": limit})
        await self.cancel_timers([row.timer_id for row in rows])
        return [Timer(row.timer_id, row.kind, row.subject, row.due_at, row.data) for row in rows]

    async def bury(self, letters: Sequence[DeadLetter]) -> None:
        """Keep dead letters, and announce each; the same record buried twice is one letter."""
        known = await self.connection.execute(
            select(DEAD_LETTERS.c.dead_letter_id).where(
                DEAD_LETTERS.c.dead_letter_id.in_([one.dead_letter_id for one in letters])
            )
        )
        seen = set(known.scalars())
        fresh = [letter for letter in letters if letter.dead_letter_id not in seen]
        rows = [
            {
                "dead_letter_id": letter.dead_letter_id,
                "consumer": letter.consumer,
                "topic": letter.topic,
                "partition": letter.partition,
                "offset": letter.offset,
                "key": letter.key,
                "payload": letter.payload,
                "reason": letter.reason.replace("\x00", "\\x00"),
                "error": letter.error,
                "first_seen_at": letter.first_seen_at,
                "replayed_at": None,
            }
            for letter in fresh
        ]
        await insert_new(self.connection, DEAD_LETTERS, rows, key=["dead_letter_id"])
        await self.publish([announcement(letter) for letter in fresh])

    async def pending(self, topic: str) -> int:
        """Return how many events of this topic wait in the outbox."""
        return int((await _PENDING.scalars(self.connection, {"of": topic}))[0])

    def after_commit(self, action: Callable[[], None]) -> None:
        """Call `action` once this has been committed, and never if it was not."""
        self.actions.append(action)


Q = TypeVar("Q", bound=SqlUnitOfWork)


class SqlStore(Generic[Q]):
    """Units of work on one database. `on_published` and `on_timers` wake the loops."""

    def __init__(
        self,
        database: Database,
        unit: Callable[[AsyncConnection, datetime], Q],
        now: Callable[[], datetime],
    ) -> None:
        """Make each unit of work with `unit`, dated by `now`."""
        self.database = database
        self._unit = unit
        self._now = now
        self.on_published: Callable[[], None] = lambda: None
        self.on_timers: Callable[[datetime], None] = lambda _earliest: None

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Q]:
        """Open a transaction; leaving it commits, an exception rolls it back."""
        with telemetry.transaction():
            async with self.database.transaction() as connection:
                uow = self._unit(connection, self._now())
                yield uow
        if uow.published:
            self.on_published()
        if uow.earliest is not None:
            self.on_timers(uow.earliest)
        for action in uow.actions:
            action()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Q]:
        """Open a consistent view for reading."""
        async with self.database.snapshot() as connection:
            yield self._unit(connection, self._now())

    async def next_due(self) -> datetime | None:
        """Return when the next timer is due."""
        async with self.database.snapshot() as connection:
            due: datetime | None = (await _NEXT_DUE.scalars(connection))[0]
            return due
