"""A clock that is put back must not leave the outbox to a dead process."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tocsin.database import Database
from tocsin.relay import Relay
from tocsin.tables import OUTBOX, RECIPE
from tocsin.testing import ManualClock, MemoryBroker


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/relay.db")
    async with database.transaction() as connection:
        await connection.run_sync(RECIPE.create_all)
    yield database
    await database.close()


async def test_a_lease_from_before_a_clock_step_does_not_hold_for_the_length_of_the_step(
    database: Database,
) -> None:
    ahead = ManualClock()
    ahead.advance(timedelta(hours=1))
    await Relay(database, MemoryBroker(), ahead).flush()  # Killed; then the clock is put right.
    right = ManualClock()
    broker = MemoryBroker()
    async with database.transaction() as connection:
        row = {"event_id": "e", "topic": "pages", "key": b"k", "payload": b"{}"}
        await connection.execute(OUTBOX.insert(), [{**row, "created_at": right.now()}])
    relay = Relay(database, broker, right)
    right.advance(timedelta(seconds=30))
    await relay.flush()

    assert len(broker.records("pages")) == 1
