"""SQLite on the event loop's own thread: statements run at once, only a commit waits elsewhere.

aiosqlite hands every statement to a thread and back. Each hand-over costs more than our
statements do, and waits for the interpreter's lock behind whatever the event loop is doing. A
statement of ours takes microseconds on pages in memory; what can take long is the commit's fsync,
which runs in a thread wherever it is slow. SQLAlchemy's aiosqlite dialect takes this connection
by `async_creator`.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

QUICK = 0.0015  # Seconds that the event loop may stand still for; a thread costs a tenth of that.
REMEMBERED = 0.05
LOCKED_FOR = 5.0
LOCK_RETRY = 0.01
_COMMITS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="sqlite-commit")


class InlineCursor:
    """A cursor with aiosqlite's interface."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        """Wrap `cursor`."""
        self._cursor = cursor
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        """Be the context that SQLAlchemy opens."""
        return self

    @property
    def description(self) -> Any:  # noqa: ANN401 - DBAPI.
        """The columns of the result."""
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        """How many rows a statement touched."""
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        """The id of the last inserted row."""
        return self._cursor.lastrowid

    async def execute(self, statement: str, parameters: Sequence[Any] = ()) -> "InlineCursor":
        """Run one statement; wait without standing still while another process holds the lock."""
        deadline = time.monotonic() + LOCKED_FOR
        while True:
            try:
                self._cursor.execute(statement, parameters)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                await asyncio.sleep(LOCK_RETRY)
            else:
                return self

    async def executemany(self, statement: str, parameters: Any) -> "InlineCursor":  # noqa: ANN401
        """Run one statement for many rows."""
        self._cursor.executemany(statement, parameters)
        return self

    async def fetchall(self) -> list[Any]:
        """Return all rows of the result."""
        return self._cursor.fetchall()

    async def close(self) -> None:
        """Let the result go."""
        self._cursor.close()


class InlineConnection:
    """A connection with the part of aiosqlite's interface that SQLAlchemy uses."""

    def __init__(self, path: str) -> None:
        """Open the file at `path`."""
        # One task at a time uses a connection (the pool sees to it), though its commits run in a
        # thread: SQLite's own lock makes that safe.
        self._conn = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._tx = self
        self._usual = QUICK  # How long a commit took lately; the first ones go to the thread.

    @property
    def _connection(self) -> bool:
        return True

    @property
    def isolation_level(self) -> str | None:
        """None: transactions begin where we say so."""
        return self._conn.isolation_level

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, whoever began it."""
        return self._conn.in_transaction

    async def begin(self, how: str) -> None:
        """Open a transaction; wait while another process holds the file."""
        await self.cursor().execute(how)

    def put_nowait(self, job: "tuple[asyncio.Future[Any], Callable[[], Any]]") -> None:
        """Run what SQLAlchemy wants run on aiosqlite's thread."""
        future, function = job
        future.set_result(function())

    def cursor(self) -> InlineCursor:
        """Return a new cursor."""
        return InlineCursor(self._conn.cursor())

    async def commit(self) -> None:
        """Commit: at once on a quick disk, in a thread where an fsync would hold up the loop."""
        if not self._conn.in_transaction:
            return
        started = time.perf_counter()
        if self._usual < QUICK:
            self._conn.commit()
        else:
            await self._commit_elsewhere()
        took = time.perf_counter() - started
        self._usual += (took - self._usual) * REMEMBERED

    async def _commit_elsewhere(self) -> None:
        running = asyncio.get_running_loop().run_in_executor(_COMMITS, self._conn.commit)
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            # It cannot be called back; what comes next must not find it under way.
            await asyncio.wait([running])
            raise

    async def rollback(self) -> None:
        """Undo what was not committed."""
        self._conn.rollback()

    async def create_function(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
        """Define an SQL function: SQLAlchemy defines REGEXP."""
        self._conn.create_function(*arguments, **options)

    async def close(self) -> None:
        """Close the file."""
        self._conn.close()

    def stop(self) -> None:
        """Close the file, from anywhere."""
        self._conn.close()
