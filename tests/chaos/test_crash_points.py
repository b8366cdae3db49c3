"""A process dies where it was told to, and only then; a migration that dies is done again."""

import asyncio
import os
import signal
import sqlite3
import sys
from pathlib import Path

import pytest

from dev.layout import SERVICES, Service
from dev.ports import free_ports
from tocsin.crash_points import FOLDER
from tocsin.testing import eventually


def environment(service: Service, folder: Path) -> dict[str, str]:
    http, kafka = free_ports(2)
    return {
        **os.environ,
        FOLDER: str(folder),
        f"{service.prefix}_DATABASE": f"sqlite:///{folder / 'service.db'}",
        f"{service.prefix}_HTTP": f"127.0.0.1:{http}",
        f"{service.prefix}_KAFKA": f"127.0.0.1:{kafka}",
    }


async def start(service: Service, folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", service.module),
        env=environment(service, folder),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


def tables(folder: Path) -> set[str]:
    with sqlite3.connect(folder / "service.db") as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
async def test_a_kill_in_the_middle_of_a_migration_leaves_nothing_half_done(
    service: Service, tmp_path: Path
) -> None:
    (tmp_path / f"next-{service.name}").write_text("process.migrating 1")

    dying = await start(service, tmp_path)
    assert await asyncio.wait_for(dying.wait(), 60) == -signal.SIGKILL
    assert "inbox" not in tables(tmp_path)

    living = await start(service, tmp_path)

    async def is_migrated() -> bool:
        return {"inbox", "outbox", "obligations"} <= tables(tmp_path)

    try:
        await eventually(is_migrated, within=60)
    finally:
        living.kill()
        await living.wait()


async def test_production_refuses_to_be_killed_by_order(tmp_path: Path) -> None:
    (service,) = [one for one in SERVICES if one.name == "postmortem"]
    given = environment(service, tmp_path) | {
        "POSTMORTEM_ENVIRONMENT": "production",
        "POSTMORTEM_SECRET": "a secret of our own",
        "POSTMORTEM_TOKENS": f"ops={'0' * 64}:read",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "postmortem", "--check"),
        env=given,
        stderr=asyncio.subprocess.PIPE,
    )
    _, told = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 2
    assert FOLDER in told.decode()
