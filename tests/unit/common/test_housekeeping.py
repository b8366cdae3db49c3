"""Housekeeping: inbox ids are forgotten when no topic can bring their event back."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tocsin.database import Database
from tocsin.housekeeping import KEPT, Housekeeping
from tocsin.tables import INBOX, RECIPE
from tocsin.testing import START, ManualClock


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/house.db")
    async with database.transaction() as connection:
        await connection.run_sync(RECIPE.create_all)
    yield database
    await database.close()


async def test_only_what_is_too_old_is_forgotten_per_consumer(database: Database) -> None:
    moment = timedelta(microseconds=1)
    rows = [
        {"consumer": "a", "event_id": "older", "seen_at": START - KEPT - moment},
        {"consumer": "b", "event_id": "older", "seen_at": START - moment},
        {"consumer": "a", "event_id": "just kept", "seen_at": START - KEPT},
        {"consumer": "a", "event_id": "new", "seen_at": START},
    ]
    async with database.transaction() as connection:
        await connection.execute(INBOX.insert(), rows)
    house = Housekeeping(database, ManualClock())
    assert await house.forget() == 1
    assert await house.forget() == 0
    async with database.snapshot() as connection:
        left = (await connection.execute(select(INBOX.c.consumer, INBOX.c.event_id))).all()
    assert sorted(tuple(row) for row in left) == [("a", "just kept"), ("a", "new"), ("b", "older")]
