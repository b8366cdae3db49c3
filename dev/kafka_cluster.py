"""The dev system's brokers: one, or three of which any may be lost."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dev.errors import DevError
from dev.kafka import KafkaServer, Member, new_cluster_id
from dev.layout import Layout

CLUSTER_FILE = "cluster"


class KafkaCluster:
    """One broker or three, by the layout; each is a program of its own."""

    def __init__(self, layout: Layout) -> None:
        self._first = layout.var / "kafka"
        ports = layout.broker_ports()
        self.names = list(ports)
        if len(ports) == 1:
            ((port, controller),) = ports.values()
            self.servers = [KafkaServer(self._first, port, controller)]
            return
        controllers = [controller for _, controller in ports.values()]
        cluster = _cluster_id(self._first)
        self.servers = [
            KafkaServer(
                layout.var / name, port, controller, member=Member(node, cluster, controllers)
            )
            for node, (name, (port, controller)) in enumerate(ports.items(), start=1)
        ]

    @property
    def bootstrap(self) -> str:
        """Where clients find it, separated by commas."""
        return ",".join(server.bootstrap for server in self.servers)

    def prepare(self) -> None:
        """Do what takes long the first time, for all of them at once."""
        formed = (self._first / "logs" / "meta.properties").exists()
        if formed and (self._first / CLUSTER_FILE).exists() != (len(self.servers) > 1):
            raise DevError(
                f"{self._first} was made for another number of brokers: set BROKERS back,"
                " or set TOCSIN_VAR to another folder."
            )
        with ThreadPoolExecutor(len(self.servers)) as each:
            list(each.map(KafkaServer.prepare, self.servers))

    def commands(self) -> dict[str, list[str]]:
        """Return the argv of each broker, by name."""
        return {
            name: server.command() for name, server in zip(self.names, self.servers, strict=True)
        }

    async def wait_until_ready(self) -> None:
        """Return when every broker answers."""
        await asyncio.gather(*(server.wait_until_ready() for server in self.servers))


def _cluster_id(folder: Path) -> str:
    """Return the cluster's id, made once; not beside what a single broker has written."""
    path = folder / CLUSTER_FILE
    if path.exists():
        return path.read_text()
    made = new_cluster_id()
    if not (folder / "logs" / "meta.properties").exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(made)
    return made
