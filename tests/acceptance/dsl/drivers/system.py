"""The real system: `python -m dev up`, four processes, a real Kafka, real time."""

import asyncio
import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeVar
from zlib import crc32

import httpx

from dev.layout import ESCALATION, INTAKE, NOTIFIER, POSTMORTEM, ROOT, Layout
from dev.ports import LOOPBACK, port_is_free
from tests.acceptance.dsl.devices import Device, Message
from tests.acceptance.dsl.drivers import Address, Answer, Faults, Json, Service
from tocsin.clock import SystemClock

T = TypeVar("T")
UP_WITHIN = 120.0
DOWN_WITHIN = 60.0
WITHIN = 15.0
EVERY = 0.05
GRACE = timedelta(seconds=0.4)  # What would still ring by mistake has this long to do so.
OFFSETS = (0, 1, 2, 3, 10, 20, 30)
STATUS_OF = {"taken": 204, "refused": 503, "gone": 410}
SERVICES = {service.name: service for service in (INTAKE, ESCALATION, NOTIFIER, POSTMORTEM)}


class DeviceServer(ThreadingHTTPServer):
    """Where everybody's devices hear: one path each."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), _Ringing)
        self.devices: dict[str, Device] = {}

    def connect(self, world: str, device: Device) -> str:
        """Return the URL of a device."""
        path = f"/{world}/{device.owner}/{device.name}"
        self.devices[path] = device
        return f"http://{LOOPBACK}:{self.server_port}{path}"


class _Ringing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: DeviceServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        incident = body["incident"]
        message = Message(
            purpose=body["type"],
            title=body["title"],
            status=incident["status"],
            incident_id=incident["id"],
            delivery_id=self.headers["webhook-id"],
            at=SystemClock().now(),
            link=body["actions"].get("acknowledge", ""),
            text=body["text"],
            titles=tuple(one["title"] for one in body["incidents"]),
            links=tuple((one["id"], one["url"]) for one in body["incidents"]),
        )
        device = self.server.devices.get(self.path)
        self.send_response(STATUS_OF[device.ring(message)] if device else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name.
        """Say nothing."""


@dataclass(frozen=True)
class RunningSystem:
    """One real system and the devices of everybody in it."""

    layout: Layout
    token: str
    devices: DeviceServer
    said: list[str]


@contextlib.contextmanager
def running_system(folder: Path) -> Iterator[RunningSystem]:
    """Bring the dev system up on ports and in a folder of its own, and take it down in order."""
    environment = {name: value for name, value in os.environ.items() if not _is_ours(name)}
    environment |= {"TOCSIN_VAR": str(folder / "var"), "TOCSIN_PORT": str(_free_block())}
    layout = Layout.of(environment)
    devices = DeviceServer()
    hearing = threading.Thread(target=devices.serve_forever, daemon=True)
    hearing.start()
    process = subprocess.Popen(
        [sys.executable, "-m", "dev", "up"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said: list[str] = []
        yield RunningSystem(layout, _token(process, said), devices, said)
    finally:
        _stop(process)
        devices.shutdown()
        devices.server_close()
        hearing.join(5)


class SystemDriver:
    """A driver: what is its own in the shared system ends in a suffix."""

    faults: Faults | None = None
    slack = timedelta(seconds=WITHIN)

    def __init__(self, running: RunningSystem, name: str) -> None:
        self.suffix = f"-{crc32(name.encode()):08x}"
        self._running = running
        self._clock = SystemClock()
        self._client = httpx.AsyncClient(timeout=10, trust_env=False)

    def now(self) -> datetime:
        """Return what time it is."""
        return self._clock.now()

    def connect(self, device: Device) -> Address:
        """Make a device reachable."""
        return Address("webhook", self._running.devices.connect(self.suffix[1:], device))

    async def apply(self, documents: Sequence[Mapping[str, Json]]) -> None:
        """Put the documents in force; return when every service has taken them up."""
        bundle = {"set": f"world{self.suffix}", "documents": documents}
        plan = (await self.ask("escalation", "PUT", "/v1/catalog", bundle)).expect(200)

        async def taken_up() -> bool | None:
            versions = [(await self.ask(name, "GET", "/readyz")).body for name in SERVICES]
            return all(one["catalog_version"] >= plan["version"] for one in versions) or None

        assert await self.eventually(taken_up), "the catalog was not taken up"

    async def ask(
        self, service: Service | str, method: str, path: str, body: Json = None
    ) -> Answer:
        """Send a service a request."""
        headers = {}
        if not path.startswith("/k/"):
            headers["Authorization"] = f"Bearer {self._running.token}"
        url = self._running.layout.url(SERVICES[service]) + path
        answer = await self._client.request(method, url, headers=headers, json=body)
        is_json = "json" in answer.headers.get("content-type", "")
        return Answer(answer.status_code, answer.json() if is_json else answer.text)

    async def passes(self, duration: timedelta) -> None:
        """Wait."""
        await asyncio.sleep(max(duration, GRACE).total_seconds())

    def sees(self, look: Callable[[], T | None]) -> T | None:
        """Look again and again: devices are rung from other threads."""
        deadline = time.monotonic() + WITHIN
        while (found := look()) is None and time.monotonic() < deadline:
            time.sleep(EVERY)
        return found

    async def eventually(self, look: Callable[[], Awaitable[T | None]]) -> T | None:
        """Look again and again."""
        deadline = time.monotonic() + WITHIN
        # It waits for other processes: there is no event.
        while (found := await look()) is None and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(EVERY)
        return found

    async def close(self) -> list[str]:
        """End; return what was buried, and which process died, in this scenario or before it."""
        found = [line for line in self._running.said if "; restarting in " in line]
        for name in SERVICES:
            answer = await self.ask(name, "GET", f"/v1/dead-letters/{name}")
            letters = answer.expect(200)["items"]
            found += [f"{one['consumer']} buried a record: {one['reason']}" for one in letters]
        await self._client.aclose()
        return found


def _is_ours(variable: str) -> bool:
    prefixes = ("TOCSIN_", *(f"{service.prefix}_" for service in SERVICES.values()))
    return variable.startswith(prefixes) or variable == "DATABASE"


def _free_block() -> int:
    # Below the range of outgoing connections; where it starts differs from run to run.
    start = 20_000 + os.getpid() * 40 % 10_000
    for port in range(start, start + 2_000, 40):
        if all(port_is_free(port + offset) for offset in OFFSETS):
            return port
    raise AssertionError("no ports are free")


def _token(process: "subprocess.Popen[str]", said: list[str]) -> str:
    """Return the API token that the system says once it is up; go on listening behind that."""
    token: queue.Queue[str] = queue.Queue()

    def listen() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if line.startswith("token: "):
                token.put(line.removeprefix("token: ").strip())
        token.put("")

    threading.Thread(target=listen, daemon=True).start()
    with contextlib.suppress(queue.Empty):
        if found := token.get(timeout=UP_WITHIN):
            return found
    raise AssertionError("the system did not come up; it said:\n" + "".join(said[-60:]))


def _stop(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(DOWN_WITHIN)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
