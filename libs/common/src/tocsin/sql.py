"""The recipe in SQL: one code for SQLite and PostgreSQL, a handful of statements per batch."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Generic, TypeVar

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Executable,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TextClause,
    bindparam,
    delete,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeDecorator

from tocsin import telemetry
from tocsin.bus import announcement
from tocsin.database import Database
from tocsin.events import Envelope, Event, encode
from tocsin.unit_of_work import DeadLetter, Timer

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware instant as microseconds since 1970: exact, sortable, the same on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return the microseconds."""
        del dialect
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ANN401
        """Return the instant, in UTC."""
        del dialect
        return None if value is None else EPOCH + value * MICROSECOND


class Json(TypeDecorator[Any]):
    """A JSON value as text. A NUL stays escaped, so PostgreSQL takes it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401
        """Return the JSON text."""
        del dialect
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401
        """Return the value."""
        del dialect
        return None if value is None else orjson.loads(value)


_BIG_KEY = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up only INTEGER keys.
RECIPE = MetaData()
INBOX = Table(
    "inbox",
    RECIPE,
    Column("consumer", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("seen_at", Instant, nullable=False),
    Index("inbox_seen_at", "seen_at"),
)
OUTBOX = Table(
    "outbox",
    RECIPE,
    Column("id", _BIG_KEY, primary_key=True, autoincrement=True),
    Column("event_id", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("traceparent", Text),
    Column("created_at", Instant, nullable=False),
)
TIMERS = Table(
    "timers",
    RECIPE,
    Column("timer_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("data", Json, nullable=False),
    Index("timers_due_at", "due_at"),
)
DEAD_LETTERS = Table(
    "dead_letters",
    RECIPE,
    Column("dead_letter_id", Text, primary_key=True),
    Column("consumer", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("replayed_at", Instant),
)
LEASES = Table(
    "leases",
    RECIPE,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("held_until", Instant, nullable=False),
)
CATALOG_DOCUMENTS = Table(
    "catalog_documents",
    RECIPE,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("catalog_version", BigInteger, nullable=False),
    Column("document", Json, nullable=False),
)


def recipe_tables(metadata: MetaData) -> None:
    """Add the recipe's tables to a service's own."""
    for table in RECIPE.sorted_tables:
        table.to_metadata(metadata)


def insert_into(connection: AsyncConnection, table: Table) -> Any:  # noqa: ANN401 - two dialects.
    """Return an INSERT of this connection's dialect, which knows ON CONFLICT."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


@lru_cache(maxsize=256)
def _on_conflict(dialect: str, table: Table, key: tuple[str, ...], *, update: bool) -> Executable:
    statement = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    if not update:
        return statement.on_conflict_do_nothing(index_elements=list(key))
    values = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if column.name not in key
    }
    return statement.on_conflict_do_update(index_elements=list(key), set_=values)


async def upsert(
    connection: AsyncConnection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
) -> None:
    """Write whole rows, one statement for all: those whose `key` exists are replaced."""
    if rows:
        statement = _on_conflict(connection.dialect.name, table, tuple(key), update=True)
        await connection.execute(statement, list(rows))


async def insert_new(
    connection: AsyncConnection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
) -> None:
    """Write whole rows, one statement for all: those whose `key` exists stay as they are."""
    if rows:
        statement = _on_conflict(connection.dialect.name, table, tuple(key), update=False)
        await connection.execute(statement, list(rows))


# One parameter holds every id, so the text, and with it the plan, is the same for any batch size.
_REMEMBER: dict[str, TextClause] = {
    "sqlite": text(
        "INSERT INTO inbox (consumer, event_id, seen_at)"
        " SELECT :consumer, value, :now FROM json_each(:ids) WHERE true"
        " ON CONFLICT DO NOTHING RETURNING event_id"
    ),
    "postgresql": text(
        "INSERT INTO inbox (consumer, event_id, seen_at)"
        " SELECT CAST(:consumer AS text), value, CAST(:now AS bigint)"
        " FROM json_array_elements_text(CAST(:ids AS json))"
        " ON CONFLICT DO NOTHING RETURNING event_id"
    ),
}
_TAKE_DUE = (
    select(TIMERS)
    .where(TIMERS.c.due_at <= bindparam("now", type_=Instant))
    .order_by(TIMERS.c.due_at, TIMERS.c.timer_id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_CANCEL = delete(TIMERS).where(TIMERS.c.timer_id == bindparam("id"))
_PENDING = select(func.count()).select_from(OUTBOX).where(OUTBOX.c.topic == bindparam("of"))


class SqlUnitOfWork:
    """One transaction over SQLAlchemy Core; a service's repositories extend it."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        """Work on `connection`, in whose transaction everything here happens; `now` dates rows."""
        self.connection = connection
        self.now = now
        self.actions: list[Callable[[], None]] = []
        self.published = False
        self.earliest: datetime | None = None

    async def unseen(
        self, consumer: str, envelopes: Sequence[Envelope[Event]]
    ) -> list[Envelope[Event]]:
        """Return the envelopes this consumer has not handled, in order, and remember them."""
        if not envelopes:
            return []
        first: dict[str, Envelope[Event]] = {}
        for envelope in envelopes:
            first.setdefault(envelope.event_id, envelope)
        found = await self.connection.execute(
            _REMEMBER[self.connection.dialect.name],
            {
                "consumer": consumer,
                "now": (self.now - EPOCH) // MICROSECOND,
                "ids": orjson.dumps(list(first)).decode(),
            },
        )
        fresh = set(found.scalars())
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
        await self.connection.execute(OUTBOX.insert(), rows)

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
            await self.connection.execute(_CANCEL, [{"id": identity} for identity in timer_ids])

    async def take_due(self, now: datetime, limit: int) -> list[Timer]:
        """Remove and return timers due by `now`; other replicas skip what we hold."""
        rows = (await self.connection.execute(_TAKE_DUE, {"now": now, "most": limit})).all()
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
        return int((await self.connection.execute(_PENDING, {"of": topic})).scalar_one())

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
            found = await connection.execute(select(func.min(TIMERS.c.due_at)))
            due: datetime | None = found.scalar_one_or_none()
            return due
