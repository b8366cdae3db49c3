"""Alertmanager as a subject: the same alerts by its own API, its webhook for every new one."""

import asyncio
import contextlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import httpx

from dev.bench.subjects import CONNECTIONS, SETTLE_WITHIN
from dev.ports import LOOPBACK, free_ports
from dev.process import Process
from dev.wire import Sender

PROGRAM = "prometheus-alertmanager"
# Debian's /usr/bin may be missing in a service's path.
WHERE = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/bin"])
ABSENT = f"Alertmanager is not beside it: `{PROGRAM}` (Debian's package) is not installed"
# Each alert is a group of its own, told at once; what is sent `together` is one group.
CONFIG = """
global: {{resolve_timeout: 1h}}
route:
  receiver: bench
  group_by: ['...']
  group_wait: 0s
  group_interval: 1h
  repeat_interval: 24h
  routes:
    - {{matchers: ['together="yes"'], receiver: bench, group_by: [together], group_wait: 0s}}
receivers:
  - name: bench
    webhook_configs: [{{url: "http://{host}:{port}/", send_resolved: false}}]
"""


def installed() -> bool:
    """Return whether there is one on this machine."""
    return shutil.which(PROGRAM, path=WHERE) is not None


class Alertmanager:
    """One Alertmanager in memory, as Debian packages it."""

    name = "Alertmanager"

    def __init__(self, folder: Path) -> None:
        """Keep what it writes in `folder`."""
        self._folder = folder
        (self._port,) = free_ports(1)
        self.sender = Sender(LOOPBACK, self._port, "/api/v2/alerts", "none", CONNECTIONS)
        self._process: Process | None = None

    async def prepare(self, port: int) -> None:
        """Start, telling the webhook at `port`."""
        self._config.write_text(CONFIG.format(host=LOOPBACK, port=port))
        await self._start()

    def body(self, titles: Sequence[str], *, together: bool) -> bytes:
        """Return a request of API version 2."""
        shared = {"cluster": "eu-1", "job": "bench", "severity": "critical"}
        shared |= {"together": "yes"} if together else {}
        alerts = [{"labels": {"alertname": title, "instance": title, **shared}} for title in titles]
        return json.dumps(alerts).encode()

    def told(self, body: bytes) -> Iterable[str]:
        """Return the titles of a notification."""
        return [alert["labels"]["alertname"] for alert in json.loads(body)["alerts"]]

    def pids(self) -> dict[str, int]:
        """Return its one process."""
        assert self._process is not None
        return {"alertmanager": self._process.pid}

    def holders(self) -> set[str]:
        """Return its one process."""
        return {"alertmanager"}

    async def handled(self) -> float | None:
        """Return None: an alert is in memory when it is answered."""
        return None

    async def quiet(self) -> None:
        """Let it finish what it has taken; it says of nothing that it is done."""
        await asyncio.sleep(2)

    async def start_up(self) -> dict[str, float]:
        """Return how long it takes from a start to ready, after a kill."""
        self.end()
        started = time.perf_counter()
        await self._start()
        return {"alertmanager": time.perf_counter() - started}

    def end(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.kill()

    @property
    def _config(self) -> Path:
        return self._folder / "alertmanager.yml"

    async def _start(self) -> None:
        program = shutil.which(PROGRAM, path=WHERE)
        assert program is not None, ABSENT
        command = [
            program,
            f"--config.file={self._config}",
            f"--storage.path={self._folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{self._port}",
            "--cluster.listen-address=",
        ]
        self._process = Process(command, self._folder / "log", environment=_quiet(os.environ))
        url = f"http://{LOOPBACK}:{self._port}/-/ready"
        async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(SETTLE_WITHIN):
            while not await _is_ready(client, url):
                if not self._process.is_running:
                    raise RuntimeError(f"{PROGRAM} ended:\n{self._process.last_lines()}")
                await asyncio.sleep(0.02)


def _quiet(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave proxies out: its webhook is on loopback."""
    return {name: value for name, value in environment.items() if "proxy" not in name.lower()}


async def _is_ready(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@contextlib.contextmanager
def alertmanager() -> Iterator[Alertmanager]:
    """Make an Alertmanager ready to be prepared; it is gone when the block is left."""
    with tempfile.TemporaryDirectory(prefix="tocsin-peer-") as folder:
        peer = Alertmanager(Path(folder))
        try:
            yield peer
        finally:
            peer.end()
