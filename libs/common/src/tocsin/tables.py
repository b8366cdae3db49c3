"""Column types and the recipe's tables: the same on SQLite and PostgreSQL; multi-row writes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

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
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeDecorator

from tocsin.prepared import Prepared

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LAST = (
    datetime.max.replace(tzinfo=UTC) - EPOCH
) // MICROSECOND  # West of UTC there are later ones.


class Instant(TypeDecorator[datetime]):
    """An aware instant as microseconds since 1970: exact, sortable, the same on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return the microseconds."""
        del dialect
        return None if value is None else min((value - EPOCH) // MICROSECOND, LAST)

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
    # SQLite would give a deleted row's id again, and the relay knows rows by their ids.
    sqlite_autoincrement=True,
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
OBLIGATIONS = Table(
    "obligations",
    RECIPE,
    Column("obligation_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("owed_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("act_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("alarmed_at", Instant),
    Index("obligations_act_at", "act_at"),
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
def _on_conflict(
    dialect: str, table: Table, key: tuple[str, ...], changing: tuple[str, ...]
) -> Prepared:
    return Prepared(_writing(dialect, table, key, changing))


def _writing(
    dialect: str, table: Table, key: tuple[str, ...], changing: tuple[str, ...]
) -> Executable:
    statement = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    if not changing:
        return statement.on_conflict_do_nothing(index_elements=list(key) or None)
    values = {name: statement.excluded[name] for name in changing}
    return statement.on_conflict_do_update(index_elements=list(key), set_=values)


async def upsert(
    connection: AsyncConnection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
    only: Sequence[str] = (),
) -> None:
    """Write whole rows, one statement for all: those whose `key` exists are replaced.

    With `only`, no more than these columns of them.
    """
    if rows:
        changing = only or [one.name for one in table.columns if one.name not in key]
        statement = _on_conflict(connection.dialect.name, table, tuple(key), tuple(changing))
        await statement.many(connection, rows)


async def insert_new(
    connection: AsyncConnection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    key: Sequence[str],
) -> None:
    """Write whole rows, one statement for all: those whose `key` exists stay as they are.

    No `key` means any: PostgreSQL may meet the conflict of two writers at another unique column.
    """
    if rows:
        statement = _on_conflict(connection.dialect.name, table, tuple(key), ())
        await statement.many(connection, rows)
