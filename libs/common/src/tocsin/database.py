"""A service's own database, by URL: SQLite (WAL, FULL) embedded, PostgreSQL for replicas."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from tocsin.driver import adapter_of, refused
from tocsin.inline_sqlite import InlineConnection

log = structlog.get_logger(__name__)
READERS = 4
IDLE_MS = "5000"


class Database:
    """Connections to one database: one writer at a time on SQLite, a pool on PostgreSQL."""

    def __init__(self, url: str) -> None:
        """Take `sqlite:///path` or `postgresql://…`; nothing is opened yet."""
        self.url = url
        self.is_sqlite = url.startswith("sqlite:")
        # SQLite has one writer. Queueing for it here is fair and instant; its own busy handler
        # sleeps up to 100 ms between tries.
        self._turn = asyncio.Lock()
        self._writer, self._reader = _engines(url)
        self._open: AsyncConnection | None = None
        self._readers: list[AsyncConnection] = []

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that commits when left and rolls back on an exception."""
        if self.is_sqlite:
            async with self._turn, _begun(await self._sole_writer(), "BEGIN IMMEDIATE") as begun:
                yield begun
                await _committed(begun)
        else:
            async with self._writer.begin() as connection:
                yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """Open a consistent view to read from; nothing written in it stays."""
        if self.is_sqlite:
            connection = self._readers.pop() if self._readers else await self._reader.connect()
            try:
                async with _begun(connection, "BEGIN") as begun:
                    yield begun
            finally:
                await self._keep_reader(connection)
            return
        async with self._reader.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            try:
                yield connection
            finally:
                await connection.rollback()

    async def _keep_reader(self, connection: AsyncConnection) -> None:
        if connection.invalidated or len(self._readers) >= READERS:
            await connection.close()
        else:
            self._readers.append(connection)

    async def _sole_writer(self) -> AsyncConnection:
        # Kept open, as readers are: a pool's giving and taking back costs as much as a statement.
        if self._open is None or self._open.closed or self._open.invalidated:
            self._open = await self._writer.connect()
        return self._open

    async def ping(self) -> None:
        """Raise unless the database answers."""
        async with self.snapshot() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection."""
        for connection in [*self._readers, *([self._open] if self._open else [])]:
            await connection.close()
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


@asynccontextmanager
async def _begun(connection: AsyncConnection, how: str) -> AsyncIterator[AsyncConnection]:
    """Open a transaction of SQLite's past SQLAlchemy, which takes as long for it as a statement.

    What SQLAlchemy executes in it finds it open. What is not committed is rolled back.
    """
    driver: InlineConnection = adapter_of(connection).driver_connection
    try:
        await _told(connection, driver.begin(how), how)
        yield connection
    finally:
        await _left(connection, driver)


async def _left(connection: AsyncConnection, driver: InlineConnection) -> None:
    """Undo what was not committed; a connection that refuses even that is given up."""
    try:
        # Not by `in_transaction`: of one whose commit was refused, on a full disk, SQLAlchemy says
        # no, and nothing can be executed until it is rolled back.
        if connection.get_transaction() is not None:
            await connection.rollback()
        if not connection.invalidated:
            await driver.rollback()
    except (SQLAlchemyError, sqlite3.Error) as error:
        log.warning("connection_given_up", error=repr(error))
        await connection.invalidate()


async def _committed(connection: AsyncConnection) -> None:
    if connection.in_transaction():
        await connection.commit()
    else:
        await _told(connection, adapter_of(connection).driver_connection.commit(), "COMMIT")


async def _told(connection: AsyncConnection, work: Awaitable[None], text: str) -> None:
    """Let SQLAlchemy judge what goes wrong."""
    try:
        await work
    except BaseException as error:
        await refused(connection, error, text)
        raise


def driver_url(url: str, *, asynchronous: bool = True) -> str:
    """Return the URL with the driver that we use: aiosqlite or asyncpg."""
    scheme, _, rest = url.partition("://")
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
    return f"{drivers[scheme] if asynchronous else scheme}://{rest}"


def _engines(url: str) -> tuple[AsyncEngine, AsyncEngine]:
    if not url.startswith("sqlite:"):
        engine = create_async_engine(
            driver_url(url),
            pool_size=8,
            max_overflow=4,
            pool_timeout=5,
            pool_pre_ping=False,
            pool_use_lifo=True,
            hide_parameters=True,  # Errors are logged; addresses and keys are not.
            # A server that stands still looks like one at work: nobody waits for it for longer.
            connect_args={
                "timeout": 5,
                "command_timeout": 10,
                # A replica that stands still inside a transaction must not hold up the others by
                # its locks: the server rolls it back, and whoever wakes up does it anew.
                "server_settings": {"idle_in_transaction_session_timeout": IDLE_MS},
            },
        )
        return engine, engine
    path = Path(url.removeprefix("sqlite:///"))

    async def connect() -> InlineConnection:
        # Here and not at the start: a folder that is away now may be there later.
        path.parent.mkdir(parents=True, exist_ok=True)
        return InlineConnection(str(path))

    writer = create_async_engine(
        driver_url(url), pool_size=1, max_overflow=0, async_creator=connect, hide_parameters=True
    )
    reader = create_async_engine(
        driver_url(url),
        pool_size=READERS,
        max_overflow=-1,
        async_creator=connect,
        hide_parameters=True,
    )
    prepare_sqlite(writer, "BEGIN IMMEDIATE")
    prepare_sqlite(reader, "BEGIN")
    return writer, reader


def prepare_sqlite(engine: AsyncEngine, begin: str) -> None:
    """Let `engine` begin its transactions by `begin`, and lose none of them."""

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:  # noqa: ANN401 - DBAPI, untyped.
        connection.isolation_level = None  # We say BEGIN ourselves; the driver's is deferred.
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # A commit survives the loss of power, not only of the process.
            "busy_timeout=0",  # SQLite would wait standing still; InlineCursor waits awaiting.
            "foreign_keys=ON",
            "cache_size=-32000",
            "temp_store=MEMORY",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's sync Connection.
        if not connection.connection.driver_connection.in_transaction:
            connection.exec_driver_sql(begin)
