"""A whole dev system in a folder and on ports of its own, for tests and benchmarks."""

import asyncio
import hashlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from dev.layout import (
    ESCALATION,
    INTAKE,
    NOTIFIER,
    PORTS_OF_A_SYSTEM,
    POSTMORTEM,
    ROOT,
    SERVICES,
    Layout,
    Secrets,
    Service,
)
from dev.ports import free_range
from dev.postgres import PostgresServer
from dev.process import Process

UP_WITHIN = 180.0
DOWN_WITHIN = 60.0


@dataclass(frozen=True)
class Running:
    """A dev system that is up: its addresses, its token, its processes."""

    layout: Layout
    token: str

    def client(self) -> httpx.AsyncClient:
        """Return a client that may do everything; to be closed by whoever asked."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.AsyncClient(headers=headers, timeout=15, trust_env=False)

    @property
    def intake(self) -> str:
        """Where alerts go."""
        return self.layout.url(INTAKE)

    @property
    def escalation(self) -> str:
        """Where the catalog goes."""
        return self.layout.url(ESCALATION)

    @property
    def notifier(self) -> str:
        """Where links in pages lead."""
        return self.layout.url(NOTIFIER)

    @property
    def postmortem(self) -> str:
        """Where timelines are."""
        return self.layout.url(POSTMORTEM)

    def url(self, name: str) -> str:
        """Return where a service listens, or a replica of it such as `escalation-2`."""
        for service in SERVICES:
            names = self.layout.replica_names(service)
            if name in names:
                return self.layout.url(service, names.index(name) + 1)
        raise KeyError(name)

    def names(self) -> list[str]:
        """Return the name of every process of every service."""
        return [name for service in SERVICES for name in self.layout.replica_names(service)]

    def pid(self, name: str) -> int:
        """Return the process id that a part has now."""
        return int(json.loads(self.layout.pids.read_text())[name])

    def kill(self, name: str) -> None:
        """End a part as a crash would; the supervisor brings it back."""
        self.signal(name, signal.SIGKILL)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a part a signal: to end it in order, to stop it in its tracks, to wake it."""
        os.kill(self.pid(name), number)

    @contextmanager
    def another(
        self, service: Service, environment: Mapping[str, str] | None = None
    ) -> Iterator[Process]:
        """Run one more process of a service, beyond those of the system; only on PostgreSQL."""
        layout = self.layout
        database = PostgresServer(layout.var / "postgres", layout.postgres_port).url(service.module)
        secrets = Secrets(self.token, (layout.var / "secret").read_text().strip())
        address = layout.address(service, layout.replicas + 1)
        given = {
            **os.environ,
            **layout.service_environment(service, database, secrets),
            f"{service.prefix}_HTTP": address,
            **(environment or {}),
        }
        log = layout.var / f"another-{service.name}.log"
        process = Process([sys.executable, "-m", service.module], log, environment=given)
        try:
            yield process
        finally:
            process.end(within=DOWN_WITHIN)

    async def apply(self, documents: list[dict[str, Any]], set_name: str) -> int:
        """Put a set of catalog documents in force everywhere, and return its version."""
        async with self.client() as client:
            # A service is healthy before its database has its tables.
            await _until_at(client, f"{self.escalation}/readyz", 0)
            current = await client.get(f"{self.escalation}/v1/catalog")
            current.raise_for_status()
            answer = await client.put(
                f"{self.escalation}/v1/catalog",
                headers={"If-Match": str(current.json()["version"])},
                json={"set": set_name, "author": "dev", "documents": documents},
            )
            answer.raise_for_status()
            wanted = int(answer.json()["version"])
            for name in self.names():
                await _until_at(client, f"{self.url(name)}/readyz", wanted)
        return wanted


async def _until_at(client: httpx.AsyncClient, url: str, version: int) -> None:
    async with asyncio.timeout(30):
        while True:
            answer = await client.get(url)
            ready = answer.status_code == httpx.codes.OK
            if ready and answer.json()["catalog_version"] >= version:
                return
            await asyncio.sleep(0.05)


def integration(name: str, key: str, source: str, service: str | None = None) -> dict[str, Any]:
    """Return an Integration document for a key."""
    spec: dict[str, Any] = {
        "source": source,
        "key_sha256": hashlib.sha256(key.encode()).hexdigest(),
    }
    if service:
        spec["service"] = service
    return {"kind": "Integration", "name": name, "spec": spec}


def paged_by_webhook(
    name: str, person: str, port: int, key: str, source: str = "generic"
) -> list[dict[str, Any]]:
    """Return a service whose alerts, sent with `key`, page one person at a port on loopback."""
    method = {"name": "hook", "channel": "webhook", "address": f"http://127.0.0.1:{port}/"}
    rule = {"urgency": "high", "contact_method": "hook", "after": "0s"}
    user = {"contact_methods": [method], "notification_rules": [rule]}
    level = {"targets": [{"user": person}], "escalate_after": "1h"}
    return [
        {"kind": "User", "name": person, "spec": user},
        {"kind": "EscalationPolicy", "name": name, "spec": {"levels": [level]}},
        {"kind": "Service", "name": name, "spec": {"escalation_policy": name}},
        # Apart from the examples' integrations, some of which are named after their tool.
        integration(f"{name}-test", key, source, name),
    ]


@contextmanager
def running(
    database: str = "sqlite",
    environment: Mapping[str, str] | None = None,
    *,
    root: Path = ROOT,
    var: Path | None = None,
) -> Iterator[Running]:
    """Run `python -m dev up` until the block is left; everything it wrote is gone then.

    `root` is whose code runs, when not this release's; what is written into `var` stays.
    """
    kept = nullcontext(str(var)) if var else tempfile.TemporaryDirectory(prefix="tocsin-")
    with kept as folder:
        given = {
            **os.environ,
            "TOCSIN_VAR": folder,
            "TOCSIN_PORT": str(free_range(PORTS_OF_A_SYSTEM)),
            "DATABASE": database,
            **(environment or {}),
        }
        log = Path(folder) / "up.log"
        log.unlink(missing_ok=True)  # An earlier run's would say already that it is up.
        process = Process([sys.executable, "-m", "dev", "up"], log, environment=given, folder=root)
        try:
            _wait_until_up(process, log)
            layout = Layout.of(given)
            yield Running(layout, (layout.var / "token").read_text().strip())
        finally:
            process.end(within=DOWN_WITHIN)


def _wait_until_up(process: Process, log: Path) -> None:
    deadline = time.monotonic() + UP_WITHIN
    while "ring: curl" not in log.read_text(errors="replace"):
        if not process.is_running or time.monotonic() > deadline:
            raise RuntimeError(f"the system did not come up:\n{process.last_lines(40)}")
        time.sleep(0.05)
