"""Migrations give exactly the tables that the code uses, on both databases, however often run."""

import asyncio
import importlib
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine

from dev.layout import SERVICES, Service
from dev.postgres import PostgresServer
from tocsin.database import driver_url
from tocsin.migrate import migrate, newest

EACH_SERVICE = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
MakeUrl = Callable[[str], Awaitable[str]]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def make_url(request: pytest.FixtureRequest, tmp_path: Path) -> MakeUrl:
    """Make empty databases by name."""
    test = request.node.name.partition("[")[0].removeprefix("test_")[:30]

    async def sqlite(name: str) -> str:
        return f"sqlite:///{tmp_path}/{name}.db"

    async def postgres(name: str) -> str:
        return await server.create_database(f"{name}_{test}")

    if request.param == "sqlite":
        return sqlite
    server: PostgresServer = request.getfixturevalue("postgres")
    return postgres


def metadata_of(service: Service) -> MetaData:
    found = importlib.import_module(f"{service.module}.adapters.sql").METADATA
    assert isinstance(found, MetaData)
    return found


async def reflected(url: str, prepare: Callable[[Connection], None] | None = None) -> Any:
    """Return all tables of a database, column by column, after `prepare`."""
    engine = create_async_engine(driver_url(url))
    async with engine.begin() as connection:
        if prepare is not None:
            await connection.run_sync(prepare)
        found = await connection.run_sync(_tables)
    await engine.dispose()
    return found


def _tables(connection: Connection) -> dict[str, Any]:
    inspector = inspect(connection)
    return {
        name: {
            "columns": {
                column["name"]: (
                    column["type"].compile(connection.dialect),
                    column["nullable"],
                    str(column["default"]).replace(name, "table"),
                )
                for column in inspector.get_columns(name)
            },
            "key": inspector.get_pk_constraint(name)["constrained_columns"],
            "unique": sorted(
                str(one["column_names"]) for one in inspector.get_unique_constraints(name)
            ),
            "checks": sorted(one["sqltext"] for one in inspector.get_check_constraints(name)),
            "references": sorted(str(one) for one in inspector.get_foreign_keys(name)),
            "indexes": sorted(
                (str(one["name"]), str(one["column_names"]), bool(one["unique"]))
                for one in inspector.get_indexes(name)
            ),
        }
        for name in inspector.get_table_names()
        if name != "alembic_version"
    }


@EACH_SERVICE
async def test_the_migrations_give_exactly_the_tables_of_the_code(
    service: Service, make_url: MakeUrl
) -> None:
    migrated, declared = (
        await make_url(f"m_{service.module}"),
        await make_url(f"d_{service.module}"),
    )
    await migrate(migrated, service.module)
    wanted = await reflected(declared, metadata_of(service).create_all)
    assert set(wanted) >= {"inbox", "outbox", "timers", "dead_letters", "leases"}
    assert await reflected(migrated) == wanted


@EACH_SERVICE
async def test_migrating_again_changes_nothing_and_keeps_what_is_there(
    service: Service, make_url: MakeUrl
) -> None:
    def kept(connection: Connection) -> None:
        rows = connection.execute(text("SELECT event_id FROM inbox")).scalars().all()
        assert [*rows] == ["kept"]

    def insert(connection: Connection) -> None:
        connection.execute(text("INSERT INTO inbox VALUES ('c', 'kept', 1)"))

    url = await make_url(f"a_{service.module}")
    await migrate(url, service.module)
    before = await reflected(url, insert)
    await migrate(url, service.module)
    assert await reflected(url, kept) == before


@EACH_SERVICE
async def test_a_start_that_finds_all_done_does_not_load_alembic(
    service: Service, make_url: MakeUrl
) -> None:
    url = await make_url(f"q_{service.module}")
    await migrate(url, service.module)
    program = (
        "import asyncio, sys; from tocsin.migrate import migrate;"
        "asyncio.run(migrate(*sys.argv[1:])); sys.exit('alembic' in sys.modules)"
    )
    again = await asyncio.create_subprocess_exec(sys.executable, "-c", program, url, service.module)
    assert await again.wait() == 0


@EACH_SERVICE
def test_the_name_of_the_newest_file_is_the_newest_revision(service: Service) -> None:
    module = importlib.import_module(service.module)
    folder = Path(str(module.__file__)).parent / "migrations"
    assert newest(folder) == ScriptDirectory(str(folder)).get_current_head()


@pytest.mark.postgres
@EACH_SERVICE
async def test_replicas_that_start_together_migrate_once(
    service: Service, postgres: PostgresServer
) -> None:
    url = await postgres.create_database(f"together_{service.module}")
    program = "import asyncio, sys; from tocsin.migrate import migrate; asyncio.run(migrate(*sys.argv[1:]))"
    replicas = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, url, service.module, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    async with asyncio.timeout(60):
        answers = [await replica.communicate() for replica in replicas]
    said = [error.decode()[-500:] for _, error in answers]
    assert [replica.returncode for replica in replicas] == [0, 0, 0], said
    assert "inbox" in await reflected(url)


@EACH_SERVICE
def test_a_service_keeps_the_recipes_tables_as_the_library_declares_them(
    service: Service,
) -> None:
    recipe = importlib.import_module("tocsin.tables").RECIPE
    found = metadata_of(service)
    for table in recipe.sorted_tables:
        assert [column.name for column in found.tables[table.name].columns] == [
            column.name for column in table.columns
        ]


def test_every_table_has_a_key() -> None:
    # Every upsert needs one.
    for service in SERVICES:
        for table in metadata_of(service).sorted_tables:
            assert [*table.primary_key.columns], f"{service.name}: {table.name} has no key"
