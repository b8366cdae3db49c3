"""A whole system whose parts a test takes away and gives back, one by one.

`dev.running` brings back within seconds what dies; here a part stays away for as long as the test
wants: killed (its port is closed) or frozen (it takes connections and answers nothing).
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]

from dev.kafka import KafkaServer
from dev.layout import PORTS_OF_A_SYSTEM, ROOT, SERVICES, Layout, Secrets
from dev.ports import free_range
from dev.postgres import PostgresServer
from dev.preflight import secrets_of
from dev.process import Process
from dev.running import Running
from tocsin.provisioning import provision

READY_WITHIN = 120.0
PREFIX = "tocsin."
NAMES = tuple(service.name for service in SERVICES)


class Stand:
    """Kafka, perhaps PostgreSQL, and the four services as processes of the test's own."""

    def __init__(self, folder: Path, *, postgres: bool, elsewhere: Mapping[str, Path]) -> None:
        """Use `folder`; a service in `elsewhere` has its SQLite file in that folder instead."""
        given = {
            "TOCSIN_VAR": str(folder),
            "TOCSIN_PORT": str(free_range(PORTS_OF_A_SYSTEM)),
            "DATABASE": "postgres" if postgres else "sqlite",
        }
        self.layout = Layout.of(given)
        self.layout.var.mkdir(parents=True, exist_ok=True)
        self.secrets: Secrets = secrets_of(self.layout)
        self.system = Running(self.layout, self.secrets.token)
        ports = self.layout.kafka_port, self.layout.controller_port
        self.kafka = KafkaServer(folder / "kafka", *ports)
        self.postgres = PostgresServer(folder / "postgres", self.layout.postgres_port)
        self.databases = {
            service.name: f"sqlite:///{elsewhere[service.name]}/{service.name}.db"
            if service.name in elsewhere
            else self.layout.sqlite(service)
            for service in SERVICES
        }
        self.services: dict[str, Process] = {}

    async def servers_up(self) -> None:
        """Start Kafka with its topics, and PostgreSQL with its databases."""
        await self.kafka.start()
        await provision([self.kafka.bootstrap], PREFIX)
        if self.layout.postgres:
            await self.postgres.start()
            for service in SERVICES:
                url = await self.postgres.create_database(service.module)
                self.databases[service.name] = url

    def start(self, *names: str) -> None:
        """Start services, whatever is there or not."""
        for service in SERVICES:
            if service.name in names:
                settings = self.layout.service_environment(
                    service, self.databases[service.name], self.secrets
                )
                self.services[service.name] = Process(
                    [sys.executable, "-m", service.module],
                    self.layout.var / f"{service.name}.log",
                    environment=dict(os.environ) | settings,
                    folder=ROOT,
                )

    def stop(self, *names: str) -> None:
        """Ask services to end in order."""
        for name in names:
            os.kill(self.services[name].pid, signal.SIGTERM)
        for name in names:
            self.services[name].end(within=40)

    def kill(self, *names: str) -> None:
        """End services as a crash would."""
        for name in names:
            self.services[name].kill()

    def url(self, name: str) -> str:
        """Return where a service listens."""
        return next(self.layout.url(one) for one in SERVICES if one.name == name)

    async def until(self, probe: str, *names: str, within: float = READY_WITHIN) -> None:
        """Return when each of these services answers a probe with 200."""
        deadline = time.monotonic() + within
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            for name in names:
                while not await _is_ok(client, f"{self.url(name)}/{probe}"):
                    if time.monotonic() > deadline or not self.services[name].is_running:
                        words = self.services[name].last_lines(20)
                        raise AssertionError(f"{name} did not answer {probe}:\n{words}")
                    await asyncio.sleep(0.05)

    def cli(self, *words: str, fails: bool = False) -> str:
        """Run one command of the operator's CLI and return its stdout; stderr if it `fails`."""
        environment = {
            **os.environ,
            "TOCSIN_PORT": str(self.layout.port),
            "TOCSIN_KAFKA": self.kafka.bootstrap,
            "TOCSIN_TOKEN": self.secrets.token,
            "TOCSIN_TOPIC_PREFIX": PREFIX,
        }
        done = subprocess.run(
            [sys.executable, "-m", "tocsin.cli", *words],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert bool(done.returncode) is fails, f"{words}: {done.stdout}{done.stderr}"
        return done.stderr if fails else done.stdout

    def recall(self, name: str, since: str) -> str:
        """Let a stopped service take over what it told since; return what it says."""
        service = next(one for one in SERVICES if one.name == name)
        settings = self.layout.service_environment(service, self.databases[name], self.secrets)
        done = subprocess.run(
            [sys.executable, "-m", service.module, "--recall-since", since],
            env=dict(os.environ) | settings,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert not done.returncode, done.stdout + done.stderr
        return done.stdout

    def end(self) -> None:
        """End everything."""
        for process in self.services.values():
            with contextlib.suppress(ProcessLookupError):
                thaw(process.pid)
            process.kill()
        for server in (self.kafka, self.postgres):
            if server.pid is not None:
                thaw(server.pid)
        self.kafka.kill()
        asyncio.run(self.postgres.stop())


def freeze(pid: int | None) -> None:
    """Let a process and its children stand still: connections stay open, nothing is answered."""
    _signal_family(pid, signal.SIGSTOP)


def thaw(pid: int | None) -> None:
    """Let them go on."""
    _signal_family(pid, signal.SIGCONT)


def _signal_family(pid: int | None, number: signal.Signals) -> None:
    assert pid is not None
    with contextlib.suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        for one in (parent, *parent.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                one.send_signal(number)


async def _is_ok(client: httpx.AsyncClient, url: str) -> bool:
    try:
        answer = await client.get(url)
    except httpx.TransportError:
        return False
    return answer.status_code == httpx.codes.OK


@contextmanager
def standing(
    *, postgres: bool = False, elsewhere: Mapping[str, Path] | None = None
) -> Iterator[Stand]:
    """Bring everything up on free ports; all is gone when the block is left."""
    with tempfile.TemporaryDirectory(prefix="tocsin-stand-") as folder:
        stand = Stand(Path(folder), postgres=postgres, elsewhere=elsewhere or {})
        try:
            asyncio.run(stand.servers_up())
            stand.start(*NAMES)
            asyncio.run(stand.until("healthz", *NAMES))
            yield stand
        finally:
            stand.end()
