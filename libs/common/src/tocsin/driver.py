"""A connection's driver, past SQLAlchemy but in its transaction; refusals go SQLAlchemy's way."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.util import greenlet_spawn

from tocsin.inline_sqlite import InlineConnection


async def fetched(
    connection: AsyncConnection, text: str, values: Sequence[Any]
) -> Sequence[Sequence[Any]]:
    """Execute a text with its parameters in order; return the rows as the driver gives them."""
    sqlite = connection.dialect.name == "sqlite"
    work = partial(_sqlite_rows if sqlite else _asyncpg_rows, text, values)
    found: Sequence[Sequence[Any]] = await _run(connection, text, work)
    return found


async def executed(connection: AsyncConnection, text: str, rows: Sequence[Sequence[Any]]) -> None:
    """Execute a text once for each of these rows of parameters."""
    sqlite = connection.dialect.name == "sqlite"
    await _run(connection, text, partial(_sqlite_many if sqlite else _asyncpg_many, text, rows))


async def _run(connection: AsyncConnection, text: str, work: Callable[[Any], Any]) -> Any:  # noqa: ANN401
    adapter = adapter_of(connection)
    if isinstance(adapter, asyncpg.AsyncAdapt_asyncpg_connection) and not adapter._transaction:  # noqa: SLF001
        await _begun(connection, adapter)
    try:
        return await work(adapter.driver_connection)
    except BaseException as error:
        await refused(connection, error, text)
        raise


async def _begun(connection: AsyncConnection, adapter: Any) -> None:  # noqa: ANN401
    """Begin, as SQLAlchemy's dialect does at the first statement."""
    await _joined(connection)
    try:
        await adapter._start_transaction()  # noqa: SLF001
    except BaseException as error:
        await refused(connection, error, "BEGIN")
        raise


async def _joined(connection: AsyncConnection) -> None:
    """Let SQLAlchemy know that a transaction is open."""
    if not connection.in_transaction():
        await connection.begin()


def adapter_of(connection: AsyncConnection) -> Any:  # noqa: ANN401 - of either dialect.
    """Return what stands between SQLAlchemy and the driver; what was invalid is opened anew."""
    sync: Any = connection.sync_connection
    return sync.connection.dbapi_connection


async def refused(connection: AsyncConnection, error: BaseException, text: str) -> None:
    """Raise what SQLAlchemy raises where the driver raises `error`, its connection given up."""
    sync: Any = connection.sync_connection
    adapter = adapter_of(connection)
    translated = _translated(adapter, error)
    if getattr(adapter.driver_connection, "in_transaction", False):
        # SQLite's goes on; SQLAlchemy would roll back what it takes for a statement outside of any.
        await _joined(connection)
    await greenlet_spawn(_judged, sync._handle_dbapi_exception, translated, text)  # noqa: SLF001


def _judged(judge: Callable[..., Any], error: BaseException, text: str) -> None:
    try:
        raise error  # noqa: TRY301
    except BaseException as caught:  # noqa: BLE001 - it looks for what is being handled.
        judge(caught, text, None, None, None)


def _translated(adapter: Any, error: BaseException) -> BaseException:  # noqa: ANN401
    """Return an error as the DBAPI knows it."""
    if isinstance(error, Exception):
        try:
            adapter._handle_exception(error)  # noqa: SLF001 - raises it translated.
        except Exception as translated:  # noqa: BLE001 - whatever it became.
            return translated
    return error


async def _sqlite_rows(text: str, values: Sequence[Any], driver: InlineConnection) -> list[Any]:
    cursor = driver.cursor()
    await cursor.execute(text, values)
    return await cursor.fetchall()


async def _sqlite_many(text: str, rows: Sequence[Sequence[Any]], driver: InlineConnection) -> None:
    await driver.cursor().executemany(text, rows)


async def _asyncpg_rows(text: str, values: Sequence[Any], driver: Any) -> Any:  # noqa: ANN401
    return await driver.fetch(text, *values)


async def _asyncpg_many(text: str, rows: Sequence[Sequence[Any]], driver: Any) -> None:  # noqa: ANN401
    if len(rows) == 1:
        await driver.fetch(text, *rows[0])
    else:
        await driver.executemany(text, rows)
