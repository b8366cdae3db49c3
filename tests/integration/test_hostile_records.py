"""Records whose values no database takes: buried alone, on SQLite and on PostgreSQL alike.

A database that refuses a value must not pass for a database that is away: the partition would
stand still for good.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from tocsin.application import Subscription
from tocsin.bus import Consumer, Record
from tocsin.database import Database
from tocsin.events import Actor, AddNote, Envelope, Event, caused_by, encode
from tocsin.migrate import migrate
from tocsin.sql import SqlStore, SqlUnitOfWork
from tocsin.testing import START, ManualClock
from tocsin.topics import COMMANDS

INSERT = text("INSERT INTO leases (name, holder, fence, held_until) VALUES (:n, :h, :f, 0)")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/hostile.db"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    await migrate(url, "tests.recipe_service")
    database = Database(url)
    yield database
    await database.close()


async def on_notes(uow: SqlUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime) -> None:
    """Write each note as one row, as a careless adapter would."""
    del now
    for envelope in envelopes:
        assert isinstance(envelope.data, AddNote)
        name, _, number = envelope.data.text.partition("#")
        row = {"n": name, "h": envelope.data.incident_id, "f": int(number or 0)}
        await uow.connection.execute(INSERT, row)


def record(offset: int, said: str) -> Record:
    data = AddNote(incident_id="inc_1", by=Actor(kind="user", name="ada"), text=said)
    envelope = caused_by(None, data, now=START, source="test")
    return Record("commands", 0, offset, b"inc_1", encode(envelope))


@pytest.mark.parametrize(
    ("said", "everywhere"),
    [
        ("nul \x00 in a text", False),  # SQLite takes it, PostgreSQL does not.
        ("a number too large#" + "9" * 25, True),
        ("good#1", True),  # The same key as the record before it: an integrity violation.
    ],
)
async def test_a_value_that_no_column_takes_buries_its_record_alone(
    database: Database, said: str, *, everywhere: bool
) -> None:
    store = SqlStore(database, SqlUnitOfWork, ManualClock().now)
    consumer = Consumer("test", Subscription(COMMANDS, on_notes, (AddNote,)), store, ManualClock())
    await consumer.consume([record(0, "good"), record(1, said), record(2, "better")])
    buried = 1 if everywhere or not database.is_sqlite else 0
    async with store.read() as uow:
        assert await uow.pending("dead-letters") == buried
        kept = (await uow.connection.execute(text("SELECT name FROM leases"))).scalars()
        assert {"good", "better"} <= set(kept)


async def test_an_event_id_with_a_nul_does_not_stop_the_partition(database: Database) -> None:
    store = SqlStore(database, SqlUnitOfWork, ManualClock().now)
    consumer = Consumer("test", Subscription(COMMANDS, on_notes, (AddNote,)), store, ManualClock())
    data = AddNote(incident_id="inc_1", by=Actor(kind="user", name="ada"), text="bad")
    hostile = encode(Envelope(data=data, time=START, source="x", event_id="a\x00b"))
    await consumer.consume(
        [record(0, "good"), Record("commands", 0, 1, b"\x00", hostile), record(2, "better")]
    )
    async with store.read() as uow:
        assert await uow.pending("dead-letters") == 1


async def test_a_missing_table_is_waited_for(database: Database) -> None:
    store = SqlStore(database, SqlUnitOfWork, ManualClock().now)
    consumer = Consumer("test", Subscription(COMMANDS, on_notes, (AddNote,)), store, ManualClock())
    async with store.begin() as uow:
        await uow.connection.execute(text("ALTER TABLE leases RENAME TO gone"))
    with pytest.raises(Exception, match="leases"):
        await consumer.consume([record(0, "patience")])
    async with store.begin() as uow:
        assert await uow.pending("dead-letters") == 0
        await uow.connection.execute(text("ALTER TABLE gone RENAME TO leases"))
    await consumer.consume([record(0, "patience")])
    async with store.read() as uow:
        assert await uow.pending("dead-letters") == 0
