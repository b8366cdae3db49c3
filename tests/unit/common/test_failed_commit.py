"""A commit that the embedded database refuses spoils nothing: the next transaction works.

A deferred constraint fails at the commit, as a full disk does.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin import driver
from tocsin.database import Database

ORPHAN = "INSERT INTO child VALUES (1)"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/x.db")
    async with database.transaction() as connection:
        await connection.execute(text("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
        await connection.execute(
            text(
                "CREATE TABLE child (of INTEGER REFERENCES parent (id)"
                " DEFERRABLE INITIALLY DEFERRED)"
            )
        )
    yield database
    await database.close()


async def insert(connection: AsyncConnection, statement: str, *, prepared: bool) -> None:
    """Execute by SQLAlchemy, which then knows of the transaction, or past it."""
    if prepared:
        await driver.executed(connection, statement, [[]])
    else:
        await connection.execute(text(statement))


async def children(database: Database) -> int:
    async with database.snapshot() as connection:
        found = await connection.execute(text("SELECT count(*) FROM child"))
        return int(found.scalar_one())


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("then", [True, False])
async def test_what_comes_after_a_refused_commit_is_kept(
    database: Database, *, first: bool, then: bool
) -> None:
    with pytest.raises(IntegrityError):
        async with database.transaction() as connection:
            await insert(connection, ORPHAN, prepared=first)

    async with database.transaction() as connection:
        await insert(connection, "INSERT INTO parent VALUES (1)", prepared=then)
        await insert(connection, ORPHAN, prepared=then)
    assert await children(database) == 1


async def test_a_connection_that_cannot_be_rolled_back_is_not_used_again(
    database: Database,
) -> None:
    async def failing() -> None:
        async with database.transaction() as connection:
            await insert(connection, "INSERT INTO parent VALUES (1)", prepared=True)
            driver.adapter_of(connection).driver_connection.stop()
            raise ValueError("of its own")

    with pytest.raises(ValueError, match="of its own"):
        await failing()

    async with database.transaction() as connection:
        await insert(connection, "INSERT INTO parent VALUES (1)", prepared=False)
