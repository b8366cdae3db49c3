"""Yesterday's release beside today's: on one database, on one Kafka, and handing its data over.

The previous release is the tag, where there is one. Its code runs from git's history, with the
libraries of today. ORDERS sets in how many orders the four services are upgraded.
"""

import asyncio
import contextlib
import itertools
import os
import signal
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from dev.kafka import KafkaServer
from dev.layout import ROOT, SERVICES, Layout, Secrets, Service
from dev.ports import free_ports, port_is_free
from dev.postgres import PostgresServer
from dev.process import Process
from dev.running import Running, running
from tests.integration.test_migrations import EACH_SERVICE, reflected
from tests.integration.traffic import Traffic, traffic
from tocsin.database import driver_url
from tocsin.migrate import migrate
from tocsin.provisioning import provision
from tocsin.testing import eventually

TAG = "v0.1.0"
COMMIT = "7062557"
ORDERS = int(os.environ.get("ORDERS", "1"))
UPGRADES = list(itertools.permutations(SERVICES))[:: 24 // ORDERS][:ORDERS]
DEADLINE = 90.0
YESTERDAYS_SETTINGS = (
    *("HTTP", "KAFKA", "DATABASE", "ENVIRONMENT", "SECRET", "TOKENS", "PUBLIC_URL"),
    *("EGRESS_ALLOW", "SMTP"),
)


@pytest.fixture(scope="session")
def yesterday(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the previous release."""
    for name in (TAG, COMMIT):
        packed = subprocess.run(
            ["git", "archive", name, "dev", "examples", "libs", "services"],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
        if packed.returncode == 0:
            folder = tmp_path_factory.mktemp("yesterday")
            with tarfile.open(fileobj=BytesIO(packed.stdout)) as archive:
                archive.extractall(folder, filter="data")
            # The broker's jars, which are kept beside the code.
            (folder / ".cache").symlink_to(ROOT / ".cache")
            return folder
    pytest.skip(f"neither {TAG} nor {COMMIT} is in git's history here (a shallow clone?)")


def python_path(release: Path) -> dict[str, str]:
    """Return the environment in which Python runs a release's code."""
    sources = [release / "services" / service.name / "src" for service in SERVICES]
    return {"PYTHONPATH": ":".join(map(str, [release, release / "libs/common/src", *sources]))}


# ------------------------------------------------------------------ beside each other


@dataclass
class Mixed:
    """Services of both releases on one Kafka and one PostgreSQL, each of its own processes."""

    layout: Layout
    kafka: KafkaServer
    prefix: str
    databases: dict[str, str]
    yesterday: Path
    secrets: Secrets = field(default_factory=lambda: Secrets("mixed-token", "mixed-secret-0123456"))
    processes: dict[tuple[str, int], Process] = field(default_factory=dict)

    @property
    def running(self) -> Running:
        """Return what reaches its services, by the addresses that answer now."""
        moved = {
            f"{service.prefix}_HTTP": self.layout.address(service, 2)
            for service in SERVICES
            if (service.name, 1) not in self.processes
        }
        return Running(replace(self.layout, moved=moved), self.secrets.token)

    def start(self, service: Service, replica: int) -> None:
        """Start the first replica from yesterday's code, the second from today's."""
        release = self.yesterday if replica == 1 else ROOT
        settings = self.layout.service_environment(
            service, self.databases[service.name], self.secrets
        )
        if replica == 1:
            # It refuses what it does not know, so a new variable is set with the new release.
            known = {f"{service.prefix}_{name}" for name in YESTERDAYS_SETTINGS}
            settings = {name: value for name, value in settings.items() if name in known}
        environment = {
            **os.environ,
            **settings,
            f"{service.prefix}_HTTP": self.layout.address(service, replica),
            f"{service.prefix}_KAFKA": self.kafka.bootstrap,
            f"{service.prefix}_TOPIC_PREFIX": self.prefix,
            **python_path(release),
        }
        self.processes[service.name, replica] = Process(
            [sys.executable, "-m", service.module],
            self.layout.var / f"{service.name}-{replica}.log",
            environment=environment,
        )

    async def stop(self, service: Service, replica: int) -> None:
        """End one in order."""
        process = self.processes.pop((service.name, replica))
        await process.stop(how=signal.SIGTERM, within=40)

    async def handled(self, service: Service) -> float:
        """Return how many events yesterday's process of a service has handled."""
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            answer = await client.get(f"{self.layout.url(service)}/metrics")
        lines = answer.text.splitlines()
        counts = [one for one in lines if one.startswith("tocsin_events_consumed_total{")]
        return sum(float(one.rpartition(" ")[2]) for one in counts)

    async def until(self, replica: int, probe: str, services: Sequence[Service] = SERVICES) -> None:
        """Wait until a replica of each service answers a probe."""
        async with httpx.AsyncClient(timeout=3, trust_env=False) as client:
            for service in services:
                url = f"{self.layout.url(service, replica)}/{probe}"
                process = self.processes[service.name, replica]

                async def answers(url: str = url, process: Process = process) -> bool:
                    assert process.is_running, process.last_lines(20)
                    try:
                        return (await client.get(url)).is_success
                    except httpx.TransportError:
                        return False

                await eventually(answers, within=DEADLINE)


@asynccontextmanager
async def mixed(
    kafka: KafkaServer, postgres: PostgresServer, prefix: str, yesterday: Path, folder: Path
) -> AsyncIterator[Mixed]:
    """Run all four of yesterday on databases of their own."""
    port = next(p for p in free_ports(200) if all(port_is_free(p + n) for n in range(40)))
    layout = Layout.of({"TOCSIN_VAR": str(folder), "TOCSIN_PORT": str(port)})
    names = {each.name: f"{each.module}_{prefix.rstrip('.')}" for each in SERVICES}
    databases = {name: await postgres.create_database(made) for name, made in names.items()}
    await provision([kafka.bootstrap], prefix)
    world = Mixed(replace(layout, replicas=2), kafka, prefix, databases, yesterday)
    try:
        for service in SERVICES:
            world.start(service, 1)
        await world.until(1, "healthz")
        yield world
    finally:
        for process in world.processes.values():
            process.kill()


@pytest.mark.system
@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.parametrize(
    "order", UPGRADES, ids=lambda order: "-".join(service.module[:4] for service in order)
)
async def test_a_system_is_upgraded_service_by_service_while_alerts_ring(
    order: Sequence[Service],
    kafka: KafkaServer,
    postgres: PostgresServer,
    topic_prefix: str,
    yesterday: Path,
    tmp_path: Path,
) -> None:
    async with (
        mixed(kafka, postgres, topic_prefix, yesterday, tmp_path) as world,
        traffic(replace(world.running, layout=replace(world.layout, replicas=1)), "mixed") as load,
    ):
        load.system = world.running
        await load.ring_many(6)
        await load.until_paged()
        for service in order:
            world.start(service, 2)
            # Its migration has been run under yesterday's feet.
            await world.until(2, "readyz", [service])
            assert await revision(world.databases[service.name]) != "0001"
            before = await world.handled(service)
            await load.ring_many(24)
            await load.until_paged()
            assert await world.handled(service) > before
            await world.stop(service, 1)
            load.system = world.running
            await load.ring_many(6)
            await load.until_paged()
        await world.until(2, "readyz")
        await load.one_incident_and_timeline_each()
        assert not load.repeats()
        assert len(load.accepted) == 6 + 4 * 30


async def revision(url: str) -> str:
    """Return the revision that a database is at."""
    engine = create_async_engine(driver_url(url))
    async with engine.connect() as connection:
        found = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    await engine.dispose()
    return str(found)


# ------------------------------------------------------------------ handed over


@pytest.mark.system
@pytest.mark.kafka
async def test_what_yesterday_began_is_finished_today(yesterday: Path, tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        first = running(environment=python_path(yesterday), root=yesterday, var=tmp_path)
        system = await asyncio.to_thread(first.__enter__)
        stack.push(first)
        load = await stack.enter_async_context(traffic(system, "handed", ("15s", "1h")))
        await load.ring_many(4)
        await load.until_paged()
        await asyncio.to_thread(first.__exit__, None, None, None)
        assert await revision(f"sqlite:///{tmp_path}/escalation.db") == "0001"
        port = {"TOCSIN_PORT": str(system.layout.port)}
        second = running(environment=port, var=tmp_path)
        load.system = await asyncio.to_thread(second.__enter__)
        stack.push(second)
        assert await revision(f"sqlite:///{tmp_path}/escalation.db") != "0001"
        assert {who for _, who in told(load)} <= {"handed-1", "handed-2"}
        # Yesterday's deadline, today.
        await eventually(partial(everybody, load, {"handed-1", "handed-2"}), within=DEADLINE)
        await load.ring_many(4)
        await load.until_paged()
        await load.one_incident_and_timeline_each()
        assert not load.repeats()


def told(load: Traffic) -> set[tuple[str, str]]:
    """Return who was paged for what."""
    return {(title, page["responder"]) for title, pages in load.pages.items() for page in pages}


async def everybody(load: Traffic, people: set[str]) -> bool:
    """Tell whether all of these were paged for each accepted alert."""
    return {(title, who) for title in load.accepted for who in people} <= told(load)


# ------------------------------------------------------------------ tomorrow


@EACH_SERVICE
async def test_a_migration_only_adds_what_the_previous_release_can_do_without(
    service: Service, tmp_path: Path
) -> None:
    before: dict[str, Table] = {}
    for revision_id in revisions(service):
        url = f"sqlite:///{tmp_path}/{service.name}-{revision_id}.db"
        after = await reflected(url, partial(upgrade, service, revision_id))
        for name, table in before.items():
            for column, is_what in table["columns"].items():
                assert after[name]["columns"][column] == is_what, f"{name}.{column}"
            for column, (_, nullable, default) in after[name]["columns"].items():
                known = column in table["columns"]
                assert known or nullable or default != "None", f"{name}.{column} must be given"
            for constraint in ("key", "unique", "checks", "references"):
                assert after[name][constraint] == table[constraint], f"{name}: {constraint}"
            added = [one for one in after[name]["indexes"] if one not in table["indexes"]]
            assert not any(unique for _, _, unique in added), f"{name}: a unique index"
        before = after


Table = dict[str, Any]


def revisions(service: Service) -> list[str]:
    """Return a service's revisions, the oldest first."""
    scripts = ScriptDirectory.from_config(alembic(service))
    return [each.revision for each in scripts.walk_revisions()][::-1]


def alembic(service: Service) -> Config:
    """Return Alembic's configuration of a service."""
    config = Config()
    folder = ROOT / "services" / service.name / "src" / service.module / "migrations"
    config.set_main_option("script_location", str(folder))
    return config


def upgrade(service: Service, revision_id: str, connection: Connection) -> None:
    """Bring a database to one revision."""
    config = alembic(service)
    config.attributes["connection"] = connection
    command.upgrade(config, revision_id)


@EACH_SERVICE
async def test_a_release_starts_on_the_database_of_a_later_one(
    service: Service, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/later.db"
    await migrate(url, service.module)
    engine = create_async_engine(driver_url(url))
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await engine.dispose()
    await migrate(url, service.module)
    assert await revision(url) == "9999"
