"""A SQLite file that somebody else has locked holds up transactions, not the event loop."""

import asyncio
import sqlite3
import time
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from tocsin.database import Database


async def test_the_event_loop_goes_on_while_the_file_is_locked(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/locked.db")
    await database.ping()
    other = sqlite3.connect(tmp_path / "locked.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    slowest = 0.0

    async def beat() -> None:
        nonlocal slowest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            slowest = max(slowest, time.monotonic() - before)

    beating = asyncio.create_task(beat())
    await asyncio.sleep(0.05)
    with pytest.raises(OperationalError):
        async with database.transaction():
            pass
    await asyncio.sleep(0.05)
    beating.cancel()
    other.close()
    await database.close()

    assert slowest < 1.0
