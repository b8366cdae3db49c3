"""One suite, every implementation: memory, SQLite, PostgreSQL."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.database import Database
from tocsin.migrate import migrate
from tocsin.sql import SqlStore, SqlUnitOfWork
from tocsin.testing import ManualClock, MemoryStore, MemoryUnitOfWork
from tocsin.testing.memory import Tables
from tocsin.unit_of_work import Store

MakeStore = Callable[
    [
        Callable[[Tables], MemoryUnitOfWork],
        Callable[[AsyncConnection, datetime], SqlUnitOfWork],
        str,
    ],
    Awaitable[Store[Any]],
]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if backend == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/test.db"


@pytest.fixture
async def make_store(
    backend: str, database_url: str, clock: ManualClock
) -> AsyncIterator[MakeStore]:
    """Make a store of a service: its memory unit, its SQL unit, its package with migrations."""
    opened: list[Database] = []

    async def make(memory: Any, sql: Any, package: str) -> Store[Any]:
        if backend == "memory":
            return MemoryStore(memory)
        await migrate(database_url, package)
        opened.append(Database(database_url))
        return SqlStore(opened[-1], sql, clock.now)

    yield make
    for database in opened:
        await database.close()
