"""What one dev system consists of, and the order in which it comes up."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import Mapping
from itertools import product

import httpx

from dev.console import Console
from dev.errors import DevError
from dev.kafka_cluster import KafkaCluster
from dev.layout import DEV_KEY, INTAKE, POSTMORTEM, ROOT, SERVICES, Layout, Secrets, Service
from dev.postgres import PostgresServer
from dev.preflight import secrets_of
from dev.supervisor import Program, Supervisor

READY_WITHIN = 90.0
COMMAND_WITHIN = 120.0
DRAIN_WITHIN = 35.0
SERVER_STOP_WITHIN = 15.0
SETUP = "setup"


class System:
    """One dev system: what runs in it, in which order, and what it says when it is up."""

    def __init__(self, layout: Layout, environment: Mapping[str, str], console: Console) -> None:
        self._layout = layout
        self._secrets: Secrets = secrets_of(layout)
        self._console = console
        # Programs of this folder find each other's addresses by these.
        self._environment = dict(environment) | {
            "TOCSIN_VAR": str(layout.var),
            "TOCSIN_PORT": str(layout.port),
            "PYTHONUNBUFFERED": "1",
        }
        # Without bytecode every start, and so every restart, compiles for seconds.
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self._kafka = KafkaCluster(layout)
        self._postgres = PostgresServer(layout.var / "postgres", layout.postgres_port)
        self.supervisor = Supervisor(layout.pids, console)

    def prepare(self) -> None:
        """Do what takes long the first time: fetch the broker, make the data folders."""
        self._kafka.prepare()
        if self._layout.postgres:
            self._postgres.prepare()

    async def bring_up(self) -> None:
        """Start everything in order and return when the first alert can be rung."""
        started = time.monotonic()
        self._start_servers()
        await self._kafka.wait_until_ready()
        topics = asyncio.create_task(self._tocsin("topics", "provision"))
        databases = await self._databases()
        await topics
        self.supervisor.start(
            *(p for service in SERVICES for p in self._service(service, databases[service.name]))
        )
        await self._until("healthz")
        await self._tocsin("apply", "examples/catalog", "--set", "examples", "--yes")
        await self._until("readyz")
        self._announce(time.monotonic() - started)

    def _start_servers(self) -> None:
        servers = [self._server(*one) for one in self._kafka.commands().items()]
        if self._layout.postgres:
            # SIGINT is PostgreSQL's fast shutdown.
            command = self._postgres.command()
            servers.append(self._server("postgres", command, stop_signal=signal.SIGINT))
        self.supervisor.start(*servers)
        self.supervisor.start(
            Program("mail", [sys.executable, "-m", "dev.mail"], self._environment)
        )

    def _server(
        self, name: str, command: list[str], *, stop_signal: signal.Signals = signal.SIGTERM
    ) -> Program:
        return Program(name, command, None, stop_signal, SERVER_STOP_WITHIN)

    async def _databases(self) -> dict[str, str]:
        if not self._layout.postgres:
            return {service.name: self._layout.sqlite(service) for service in SERVICES}
        await self._postgres.wait_until_ready()
        return {s.name: await self._postgres.create_database(s.module) for s in SERVICES}

    def _service(self, service: Service, database: str) -> list[Program]:
        """Return one program for each replica."""
        settings = self._layout.service_environment(service, database, self._secrets)
        command = [sys.executable, "-m", service.module]
        found = []
        for replica, name in enumerate(self._layout.replica_names(service), start=1):
            # What the person has set wins, but no two listen at one address.
            own = {f"{service.prefix}_HTTP": self._layout.address(service, replica)}
            environment = settings | self._environment | own
            found.append(Program(name, command, environment, stop_within=DRAIN_WITHIN))
        return found

    async def _tocsin(self, *words: str) -> None:
        """Run one command of the operator's CLI to its end, and show what it says."""
        access = {"TOCSIN_KAFKA": self._kafka.bootstrap, "TOCSIN_TOKEN": self._secrets.token}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tocsin.cli",
            *words,
            cwd=ROOT,
            env=self._environment | access,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), COMMAND_WITHIN)
        finally:
            if process.returncode is None:
                process.kill()
        for line in output.decode(errors="replace").splitlines():
            self._console.say(SETUP, line)
        if process.returncode:
            raise DevError(f"`tocsin {' '.join(words)}` failed; what it said is above.")

    async def _until(self, probe: str) -> None:
        """Wait until every service answers a probe with 200."""
        deadline = time.monotonic() + READY_WITHIN
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            for service, replica in product(SERVICES, range(1, self._layout.replicas + 1)):
                url = f"{self._layout.url(service, replica)}/{probe}"
                while not await _is_ok(client, url):
                    if time.monotonic() > deadline:
                        raise DevError(f"{url} did not answer 200 within {READY_WITHIN:.0f} s.")
                    await asyncio.sleep(0.05)

    def _announce(self, seconds: float) -> None:
        body = json.dumps({"title": "Checkout is down", "severity": "critical"})
        ring = (
            f"curl -sS {self._layout.url(INTAKE)}/v1/alerts/generic -H 'X-Tocsin-Key: {DEV_KEY}'"
            f" -H 'Content-Type: application/json' -d '{body}'"
        )
        for line in (
            f"Tocsin is up after {seconds:.1f} s. Ctrl-C drains and stops everything.",
            f"console: {self._layout.url(POSTMORTEM)}/",
            f"intake: {self._layout.url(INTAKE)}",
            f"token: {self._secrets.token}",
            f"ring: {ring}",
        ):
            print(line, flush=True)


async def _is_ok(client: httpx.AsyncClient, url: str) -> bool:
    try:
        response = await client.get(url)
    except httpx.TransportError:
        return False
    return response.status_code == httpx.codes.OK
