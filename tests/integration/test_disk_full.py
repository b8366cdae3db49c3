"""A full disk refuses and recovers by itself: no false 202, nothing broken, nothing lost."""

import asyncio
import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from dev.running import paged_by_webhook
from tests.integration.outage_load import KEY, all_have_an_incident
from tests.integration.stand import NAMES, Stand, freeze, standing, thaw
from tocsin.testing import eventually

SIZE = "32m"  # Room enough for all that is accepted, once the ballast is gone.
BODY = "x" * 40_000
MOST = 1_000
INTAKE = "incident-intake"
NOBODY_LISTENS = 9

pytestmark = [pytest.mark.system, pytest.mark.kafka]


class SmallDisk:
    """A file system of some megabytes, which a ballast file fills to the last byte."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        with self._ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"\0" * 4096):
                pass

    def free(self) -> None:
        self._ballast.unlink()

    @property
    def left(self) -> int:
        return shutil.disk_usage(self.folder).free


@pytest.fixture(scope="module")
def disk() -> Iterator[SmallDisk]:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount the small file system that this test fills")
    with tempfile.TemporaryDirectory(prefix="tocsin-disk-") as folder:
        command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder]
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
        if mounted.returncode:
            pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
        try:
            yield SmallDisk(Path(folder))
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture(scope="module")
def stand(disk: SmallDisk) -> Iterator[Stand]:
    with standing(elsewhere={INTAKE: disk.folder}) as up:
        documents = paged_by_webhook("disk", "dana", NOBODY_LISTENS, KEY)
        asyncio.run(up.system.apply(documents, "disk"))
        yield up


@pytest.fixture
async def client(stand: Stand) -> AsyncIterator[httpx.AsyncClient]:
    async with stand.system.client() as one:
        yield one


async def post(client: httpx.AsyncClient, stand: Stand, title: str) -> httpx.Response:
    return await client.post(
        f"{stand.system.intake}/v1/alerts/generic",
        headers={"X-Tocsin-Key": KEY},
        json={"title": title, "dedup_key": title, "severity": "critical", "description": BODY},
    )


async def post_until_refused(
    client: httpx.AsyncClient, stand: Stand, name: str
) -> tuple[set[str], httpx.Response]:
    """Return what was accepted before the first refusal, and the refusal."""
    accepted: set[str] = set()
    for number in range(MOST):
        title = f"{name} {number}"
        answer = await post(client, stand, title)
        if answer.status_code != httpx.codes.ACCEPTED:
            return accepted, answer
        accepted.add(title)
    raise AssertionError(f"{MOST} alerts of 40 KB fitted on a disk that is full")


async def write_until_refused(client: httpx.AsyncClient, stand: Stand) -> httpx.Response:
    """Return the answer to the first incident by hand that does not fit."""
    for number in range(MOST):
        body = {"title": f"by hand {number}", "description": BODY, "service": "disk"}
        answer = await client.post(f"{stand.system.intake}/v1/incidents", json=body)
        if answer.status_code != httpx.codes.CREATED:
            return answer
    raise AssertionError("everything fitted on a disk that is full")


async def everything_is_told(stand: Stand, keys: set[str]) -> None:
    await eventually(partial(all_have_an_incident, stand, keys), within=120, every=0.5)
    await stand.until("readyz", *NAMES)


def is_sound(folder: Path) -> str:
    with contextlib.closing(sqlite3.connect(folder / f"{INTAKE}.db")) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


async def test_a_full_disk_refuses_what_it_must_keep_and_kafka_takes_the_alerts(
    stand: Stand, disk: SmallDisk, client: httpx.AsyncClient
) -> None:
    disk.fill()
    assert disk.left == 0
    refused = await write_until_refused(client, stand)
    assert refused.status_code == 503, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "5"
    titles = {f"full {number}" for number in range(100)}
    answers = [await post(client, stand, title) for title in sorted(titles)]
    assert {answer.status_code for answer in answers} == {202}
    # A restart in the middle of it: the file cannot even be opened, and Kafka has the catalog.
    stand.kill(INTAKE)
    stand.start(INTAKE)
    await stand.until("healthz", INTAKE)

    async def accepted() -> bool:
        return (await post(client, stand, "after the restart")).status_code == 202

    await eventually(accepted, within=30, every=0.2)
    assert (await client.get(f"{stand.system.intake}/healthz")).status_code == 200
    disk.free()
    await everything_is_told(stand, titles | {"after the restart"})
    assert is_sound(disk.folder) == "ok"


async def test_a_full_disk_without_kafka_is_a_503_and_no_false_202(
    stand: Stand, disk: SmallDisk, client: httpx.AsyncClient
) -> None:
    freeze(stand.kafka.pid)
    try:
        disk.fill()
        accepted, refused = await post_until_refused(client, stand, "both")
        assert refused.status_code == 503, refused.text
        assert refused.headers["retry-after"] == "5"
        stand.kill(INTAKE)  # What was accepted is on the full disk, not in memory.
        disk.free()
        stand.start(INTAKE)
        await stand.until("healthz", INTAKE)
    finally:
        thaw(stand.kafka.pid)

    async def heard() -> bool:
        return (await post(client, stand, "freed")).status_code == httpx.codes.ACCEPTED

    await eventually(heard, within=30, every=0.2)
    print(f"{len(accepted)} alerts fitted before the first refusal")
    await everything_is_told(stand, accepted | {"freed"})
    assert is_sound(disk.folder) == "ok"
