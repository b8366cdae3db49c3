"""A delete whose answer is lost must not take later rows with it: SQLite gives ids again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.database import Database
from tocsin.relay import Relay
from tocsin.tables import OUTBOX, RECIPE
from tocsin.testing import ManualClock, MemoryBroker

CLOCK = ManualClock()


class Forgetful(Database):
    """Commits, and then says that it failed, while `loses_answers` holds."""

    loses_answers = False

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        async with super().transaction() as connection:
            yield connection
        if self.loses_answers:
            raise OSError("the answer was lost")


async def put(database: Database, payload: bytes) -> None:
    row = {"event_id": "e", "topic": "pages", "key": b"k", "payload": payload}
    async with database.transaction() as connection:
        await connection.execute(OUTBOX.insert(), [{**row, "created_at": CLOCK.now()}])


async def test_a_row_written_after_a_lost_answer_is_published(tmp_path: Path) -> None:
    database = Forgetful(f"sqlite:///{tmp_path}/relay.db")
    async with database.transaction() as connection:
        await connection.run_sync(RECIPE.create_all)
    broker = MemoryBroker()
    relay = Relay(database, broker, CLOCK)
    await put(database, b"first")
    await relay.flush()
    database.loses_answers = True
    with pytest.raises(OSError, match="lost"):
        await relay.forget_sent()
    database.loses_answers = False
    await put(database, b"second")
    await relay.flush()
    await relay.forget_sent()
    await relay.flush()
    await database.close()

    assert b"second" in [one.value for one in broker.records("pages")]
