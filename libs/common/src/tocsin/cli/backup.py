"""`tocsin backup` and `tocsin restore`: one SQLite file, while its service runs or stands still."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import typer

from tocsin.cli.failure import CliError, UsageError
from tocsin.cli.session import session

SQLITE = "sqlite:///"
ASIDE = ".before-restore"
PG_DUMP = "pg_dump --format=custom --file={file} {url}"
PG_RESTORE = "pg_restore --clean --if-exists --single-transaction --dbname={url} {file}"


def backup(
    ctx: typer.Context,
    database: str = typer.Argument(help="The service's …_DATABASE: sqlite:///path."),
    file: Path = typer.Argument(help="Where the copy goes; must not exist."),
) -> None:
    """Copy a SQLite database as it stands at one moment; its service may go on."""
    run = session(ctx)
    source = _path(database, PG_DUMP, file)
    if not source.exists():
        raise CliError(f"{source}: there is no such file")
    if file.exists():
        raise CliError(f"{file} exists already; nothing is overwritten")
    try:
        with _copy(source, file) as (partial, size):
            _settle(partial, file)
    except (sqlite3.Error, OSError) as error:
        raise CliError(f"{source} could not be copied to {file}: {error}") from error
    run.out.answer({"database": str(source), "file": str(file), "bytes": size})
    run.out.say(f"{file}: {size} bytes, sound")


def restore(
    ctx: typer.Context,
    file: Path = typer.Argument(help="What `tocsin backup` wrote."),
    database: str = typer.Argument(help="The stopped service's …_DATABASE: sqlite:///path."),
) -> None:
    """Put a copy in the place of a stopped service's database; the old file is kept aside."""
    run = session(ctx)
    target = _path(database, PG_RESTORE, file)
    if not file.exists():
        raise CliError(f"{file}: there is no such file")
    try:
        _sound(file)
        # The copy is whole before the old one moves: a kill between leaves one of them in place,
        # but for the moment of two renames.
        with _copy(file, target) as (partial, size):
            aside = _set_aside(target)
            _settle(partial, target)
    except (sqlite3.Error, OSError) as error:
        raise CliError(f"{file} could not be restored to {target}: {error}") from error
    run.out.answer({"file": str(file), "database": str(target), "bytes": size, "aside": aside})
    run.out.say(f"{target}: {size} bytes, sound" + (f"; the old one is {aside}" if aside else ""))
    run.out.say("Before the service starts: `tocsin topics rewind`, as docs/operations.md says.")


def _path(url: str, instead: str, file: Path) -> Path:
    if url.startswith("postgresql://"):
        raise UsageError(f"PostgreSQL has tools of its own: {instead.format(file=file, url=url)}")
    if not url.startswith(SQLITE):
        raise UsageError(f"{url!r} is not a database's address; write sqlite:///path")
    return Path(url.removeprefix(SQLITE))


@contextlib.contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
        yield connection


@contextlib.contextmanager
def _copy(source: Path, final: Path) -> Iterator[tuple[Path, int]]:
    """Copy a database beside where it is to be; yield the copy, in which nothing is broken."""
    partial = final.with_name(final.name + ".partial")
    try:
        with _open(source) as here, _open(partial) as there:
            here.backup(there)
        yield partial, _sound(partial)
    finally:
        partial.unlink(missing_ok=True)


def _sound(path: Path) -> int:
    """Return the size of a database in which nothing is broken; CliError tells what is."""
    with _open(path) as connection:
        # A file of its own, without a log beside it that could be forgotten when it is moved.
        connection.execute("PRAGMA journal_mode=DELETE")
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    if found != ["ok"]:
        raise CliError(f"{path} is broken: {'; '.join(found[:3])}")
    return path.stat().st_size


def _set_aside(target: Path) -> str | None:
    """Move the old database out of the way; CliError while anybody has it open."""
    if not target.exists():
        return None
    with _open(target) as connection:
        connection.execute("PRAGMA busy_timeout=0")
        try:
            # Needs the file for itself, and takes the log in.
            connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            raise CliError(f"{target} is in use ({error}): stop its service first") from error
    aside = target.with_name(target.name + ASIDE)
    target.replace(aside)
    return str(aside)


def _settle(partial: Path, final: Path) -> None:
    """Rename into place, on the disk and not only in its cache."""
    for path in (partial, partial.parent):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        if path == partial:
            partial.replace(final)
