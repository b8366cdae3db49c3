"""Prepared statements do what SQLAlchemy's do, on both databases and in the same transactions."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.schema import CreateTable

from tocsin.database import Database
from tocsin.failures import is_infrastructure
from tocsin.prepared import Among, Prepared
from tocsin.tables import Instant, Json

METADATA = MetaData()
THINGS = Table(
    "things",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("at", Instant),
    Column("more", Json),
    Column("raw", LargeBinary),
)
NOON = datetime(2026, 11, 29, 12, 0, 0, 123456, tzinfo=UTC)
ADD = Prepared(THINGS.insert())
ALL = Prepared(select(THINGS).order_by(THINGS.c.name))
SOME = Prepared(
    select(THINGS.c.name)
    .where(Among(THINGS.c.name, "names"))
    .order_by(THINGS.c.name)
    .with_for_update()
)
COUNT = Prepared(select(func.count()).select_from(THINGS))
AT_LEAST = Prepared(
    select(THINGS.c.name, THINGS.c.size)
    .where(THINGS.c.size >= bindparam("least"), THINGS.c.name != "none")
    .order_by(THINGS.c.size.desc())
    .limit(bindparam("most"))
)
RESIZE = Prepared(
    update(THINGS)
    .where(THINGS.c.name == bindparam("of"))
    .values(size=bindparam("size"), at=bindparam("at"), more=None)
)
DROP = Prepared(delete(THINGS).where(THINGS.c.name == bindparam("of")).returning(THINGS.c.size))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    async with database.transaction() as connection:
        await connection.execute(CreateTable(THINGS))
    yield database
    await database.close()


def thing(name: str, size: int = 1, **more: Any) -> dict[str, Any]:
    return {"name": name, "size": size, "at": None, "more": None, "raw": None} | more


async def add(database: Database, *things: dict[str, Any]) -> None:
    async with database.transaction() as connection:
        await ADD.many(connection, things)


async def names(database: Database) -> list[str]:
    async with database.snapshot() as connection:
        return [row.name for row in await ALL.rows(connection)]


async def test_values_come_back_as_they_went_in(database: Database) -> None:
    await add(
        database, thing("a", 7, at=NOON, more={"x": ["\x00", 1]}, raw=b"\x00\xff"), thing("b")
    )
    async with database.snapshot() as connection:
        first, second = await ALL.rows(connection)
        assert (first.name, first.size, first.at, first.more, first.raw) == (
            "a",
            7,
            NOON,
            {"x": ["\x00", 1]},
            b"\x00\xff",
        )
        assert (second.at, second.more, second.raw) == (None, None, None)
        assert (await ALL.mappings(connection))[0]["more"] == {"x": ["\x00", 1]}
        assert await COUNT.scalars(connection) == [2]


async def test_any_number_of_texts_is_one_parameter(database: Database) -> None:
    await add(database, *(thing(f"{number:03}") for number in range(200)))
    async with database.transaction() as connection:
        for asked in ([], ["007"], ["1' OR '1'='1", "199", "000"], [f"{n:03}" for n in range(200)]):
            found = await SOME.scalars(connection, {"names": asked})
            assert found == sorted(set(asked) - {"1' OR '1'='1"})


async def test_parameters_and_constants_go_where_they_belong(database: Database) -> None:
    await add(database, thing("a", 1), thing("b", 2), thing("c", 3), thing("none", 4))
    async with database.transaction() as connection:
        found = await AT_LEAST.rows(connection, {"least": 2, "most": 1})
        assert [(row.name, row.size) for row in found] == [("c", 3)]
        await RESIZE.many(connection, [{"of": one, "size": 9, "at": NOON} for one in ("a", "b")])
        assert await DROP.scalars(connection, {"of": "a"}) == [9]
        assert await DROP.scalars(connection, {"of": "a"}) == []
    async with database.snapshot() as connection:
        assert [(row.name, row.at) for row in await ALL.rows(connection)] == [
            ("b", NOON),
            ("c", None),
            ("none", None),
        ]


async def test_a_parameter_that_was_not_given_is_no_null(database: Database) -> None:
    async with database.transaction() as connection:
        with pytest.raises(KeyError):
            await RESIZE.many(connection, [{"of": "a", "size": 9}])


async def test_both_ways_are_in_one_transaction(database: Database) -> None:
    async with database.transaction() as connection:
        await ADD.many(connection, [thing("a")])
        await connection.execute(THINGS.insert(), [thing("b")])
        await ADD.many(connection, [thing("c")])
    assert await names(database) == ["a", "b", "c"]
    for order in ((ADD, None), (None, ADD)):

        async def failing(order: tuple[Prepared | None, ...] = order) -> None:
            async with database.transaction() as connection:
                for number, way in enumerate(order):
                    row = thing(f"no {number}")
                    if way is None:
                        await connection.execute(THINGS.insert(), [row])
                    else:
                        await way.many(connection, [row])
                raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            await failing()
    assert await names(database) == ["a", "b", "c"]


async def test_what_a_snapshot_writes_does_not_stay(database: Database) -> None:
    async with database.snapshot() as connection:
        await ADD.many(connection, [thing("a")])
        assert await COUNT.scalars(connection) == [1]
    assert await names(database) == []


async def test_a_snapshot_is_one_moment(database: Database) -> None:
    async with database.snapshot() as connection:
        assert await COUNT.scalars(connection) == [0]
        await add(database, thing("a"))
        assert await COUNT.scalars(connection) == [0]
        found = await connection.execute(select(func.count()).select_from(THINGS))
        assert found.scalar_one() == 0
    assert await names(database) == ["a"]


async def test_refused_values_are_told_apart_from_an_outage(database: Database) -> None:
    await add(database, thing("a"))

    async def twice() -> None:
        async with database.transaction() as connection:
            await ADD.many(connection, [thing("b")])
            await ADD.many(connection, [thing("a")])

    with pytest.raises(IntegrityError) as refused:
        await twice()
    assert not is_infrastructure(refused.value)
    assert "a" not in str(refused.value.params or "")
    assert await names(database) == ["a"]
    missing = Prepared(text("SELECT nothing FROM nowhere"))
    async with database.transaction() as connection:
        with pytest.raises((OperationalError, ProgrammingError)) as broken:
            await missing.scalars(connection)
    assert is_infrastructure(broken.value)


@pytest.mark.parametrize("value", [2**63, "no number"], ids=["too large", "no number"])
async def test_what_the_driver_cannot_take_is_the_values_fault(
    database: Database, value: object, backend: str
) -> None:
    if backend == "sqlite" and isinstance(value, str):
        pytest.skip("SQLite keeps it as it is")
    with pytest.raises(Exception) as refused:
        await add(database, thing("a") | {"size": value})
    assert not is_infrastructure(refused.value)
    assert await names(database) == []


async def test_who_is_cancelled_leaves_nothing_behind(database: Database) -> None:
    started = asyncio.Event()

    async def working() -> None:
        async with database.transaction() as connection:
            await ADD.many(connection, [thing("a")])
            started.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(working())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await add(database, thing("b"))
    assert await names(database) == ["b"]


async def test_a_list_within_a_statement_is_refused(database: Database) -> None:
    listed = Prepared(select(THINGS).where(THINGS.c.name.in_(["a", "b"])))
    async with database.snapshot() as connection:
        with pytest.raises(AssertionError, match="Among"):
            await listed.rows(connection)


async def test_many_texts_find_their_rows_by_the_index(database: Database, backend: str) -> None:
    if backend != "sqlite":
        pytest.skip("a plan of PostgreSQL's depends on how large the table is")
    async with database.snapshot() as connection:
        asked = SOME._plan(connection, {"names": []}).text
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", ('["a"]',))
        assert "SEARCH things USING COVERING INDEX" in " ".join(str(row) for row in plan)
