"""The embedded database: durable, one writer at a time, readers never in the way."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tocsin.database import Database, driver_url


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/a/new/folder/x.db")
    async with database.transaction() as connection:
        await connection.execute(text("CREATE TABLE t (n INTEGER PRIMARY KEY)"))
    yield database
    await database.close()


async def numbers(database: Database) -> list[int]:
    async with database.snapshot() as connection:
        found = (await connection.execute(text("SELECT n FROM t ORDER BY n"))).scalars()
        return [*found]


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),  # FULL: a commit outlives the loss of power.
        ("foreign_keys", 1),
        ("busy_timeout", 0),
    ],
)
async def test_every_connection_is_set_up_to_lose_nothing(
    database: Database, pragma: str, value: object
) -> None:
    async with database.transaction() as connection:
        assert (await connection.execute(text(f"PRAGMA {pragma}"))).scalar_one() == value


async def test_leaving_commits_and_an_exception_rolls_back(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(text("INSERT INTO t VALUES (1)"))

    async def failing() -> None:
        async with database.transaction() as connection:
            await connection.execute(text("INSERT INTO t VALUES (2)"))
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await failing()
    assert await numbers(database) == [1]


async def test_what_a_snapshot_writes_does_not_stay(database: Database) -> None:
    async with database.snapshot() as connection:
        await connection.execute(text("INSERT INTO t VALUES (1)"))
    assert await numbers(database) == []


async def test_many_writers_at_once_all_come_through(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.transaction() as connection:
            before = (await connection.execute(text("SELECT count(*) FROM t"))).scalar_one()
            await asyncio.sleep(0)
            await connection.execute(text("INSERT INTO t VALUES (:n)"), {"n": before})
            del number

    await asyncio.gather(*[write(number) for number in range(50)])
    assert await numbers(database) == list(range(50))


async def test_a_reader_sees_one_moment_while_others_write(database: Database) -> None:
    async with database.snapshot() as reading:
        assert (await reading.execute(text("SELECT count(*) FROM t"))).scalar_one() == 0
        async with database.transaction() as writing:
            await writing.execute(text("INSERT INTO t VALUES (1)"))
        assert (await reading.execute(text("SELECT count(*) FROM t"))).scalar_one() == 0
    assert await numbers(database) == [1]


async def test_a_commit_is_on_disk_for_another_process(database: Database, tmp_path: Path) -> None:
    async with database.transaction() as connection:
        await connection.execute(text("INSERT INTO t VALUES (7)"))
    other = sqlite3.connect(f"{tmp_path}/a/new/folder/x.db")
    assert other.execute("SELECT n FROM t").fetchall() == [(7,)]
    other.close()


def test_a_url_names_its_driver() -> None:
    assert driver_url("sqlite:///var/x.db") == "sqlite+aiosqlite:///var/x.db"
    assert driver_url("postgresql://u:p@h/d") == "postgresql+asyncpg://u:p@h/d"
    assert driver_url("sqlite:///x.db", asynchronous=False) == "sqlite:///x.db"
