"""The database brought up to date at start, one replica at a time, beside the previous release."""

from importlib import import_module, resources
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from tocsin import crash_points
from tocsin.database import driver_url, prepare_sqlite


async def migrate(url: str, package: str) -> None:
    """Bring the database at `url` to the newest revision in `<package>/migrations`."""
    if url.startswith("sqlite:"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    engine = create_async_engine(
        driver_url(url), poolclass=NullPool, connect_args=_patience(url), hide_parameters=True
    )
    if url.startswith("sqlite:"):
        # The driver begins no transaction for a CREATE TABLE: a kill would leave half a revision.
        prepare_sqlite(engine, "BEGIN IMMEDIATE")
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_upgrade, Path(str(resources.files(package))) / "migrations")
    finally:
        await engine.dispose()
    crash_points.reach("process.migrated")


def _patience(url: str) -> dict[str, float]:
    # A server that went silent must not hold up a start for ever; a long statement may be long.
    return {} if url.startswith("sqlite:") else {"timeout": 5.0, "command_timeout": 600.0}


def _upgrade(connection: Connection, folder: Path) -> None:
    if _revision(connection) != newest(folder):
        # Alembic takes a fifth of a start to load, and most starts have no use for it.
        import_module("tocsin.revisions").upgrade(connection, str(folder))


def newest(folder: Path) -> str:
    """Return the newest revision in a folder: each file's name begins with its own."""
    return max(path.stem.partition("_")[0] for path in folder.glob("versions/[0-9]*.py"))


def _revision(connection: Connection) -> str | None:
    exists = inspect(connection).has_table("alembic_version")
    found = connection.scalar(text("SELECT version_num FROM alembic_version")) if exists else None
    connection.rollback()
    return found
