"""The same two servers as containers of a Docker engine, for a machine that prefers them.

The images are those of `.env`; KAFKA_IMAGE and POSTGRES_IMAGE in the environment name others.
"""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any, cast

from testcontainers.core.container import DockerContainer

from dev.kafka import KafkaServer
from dev.layout import ROOT
from dev.ports import LOOPBACK
from dev.postgres import SUPERUSER, PostgresServer

STOP_WITHIN = 15
# What a container says of itself otherwise than a process of this machine.
OF_ITS_OWN = ("log.dirs", "listeners", "controller.quorum")


def image(variable: str) -> str:
    """Return the image that the environment names, or `.env`."""
    lines = (ROOT / ".env").read_text(encoding="utf-8").splitlines()
    usual = dict(line.partition("=")[::2] for line in lines)
    return os.environ.get(variable) or usual[variable]


class _Container:
    """One container on a port of this machine alone; it stays, and so its data, until `remove`."""

    def __init__(self, name: str, inside: int, port: int) -> None:
        self._container = DockerContainer(name)
        # The host's port is fixed, so that a server that is restarted keeps its address.
        ports = cast("dict[str, Any]", self._container.ports)
        ports[f"{inside}/tcp"] = (LOOPBACK, port)
        self._created = False

    def tell(self, **variables: str) -> None:
        self._container.with_envs(**variables)

    def start(self, *command: str) -> None:
        if self._created:
            self._container.get_wrapped_container().start()
            return
        if command:
            self._container.with_command(list(command))
        self._container.start()
        self._created = True

    def stop(self) -> None:
        self._container.get_wrapped_container().stop(timeout=STOP_WITHIN)

    def kill(self) -> None:
        if self._created:
            # Killing what was stopped before is an error to the engine, and none to us.
            with contextlib.suppress(OSError):
                self._container.get_wrapped_container().kill()

    def remove(self) -> None:
        self._container.stop()


class ContainerKafka(KafkaServer):
    """A broker in a container, with the settings of `server.properties`."""

    def __init__(
        self, data: Path, port: int, controller_port: int, *, name: str | None = None
    ) -> None:
        """Run the image `name`, or the usual one."""
        super().__init__(data, port, controller_port)
        self._container = _Container(name or image("KAFKA_IMAGE"), 9092, port)
        told = {
            "KAFKA_LISTENERS": "PLAINTEXT://0.0.0.0:9092,CONTROLLER://127.0.0.1:9093",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@127.0.0.1:9093",
            "KAFKA_LOG_DIRS": "/var/lib/kafka/data/logs",
        }
        for line in self.settings().splitlines():
            name, separator, value = line.partition("=")
            if separator and not name.startswith(("#", *OF_ITS_OWN)):
                told[f"KAFKA_{name.replace('.', '_').upper()}"] = value
        self._container.tell(**told)

    @property
    def pid(self) -> int | None:
        """None: the broker's process belongs to the engine."""
        return None

    async def start(self) -> None:
        """Start or restart the container and return when the broker answers."""
        self._container.start()
        await self.wait_until_ready()

    async def stop(self) -> None:
        """Stop the broker in order; the container stays, and with it the data."""
        self._container.stop()

    def kill(self) -> None:
        """End the broker with SIGKILL; the container stays, and with it the data."""
        self._container.kill()

    def remove(self) -> None:
        """Leave nothing of it."""
        self._container.remove()


class ContainerPostgres(PostgresServer):
    """A PostgreSQL in a container."""

    def __init__(self, data: Path, port: int, *, name: str | None = None) -> None:
        """Run the image `name`, or the usual one."""
        super().__init__(data, port)
        self._password = secrets.token_urlsafe(24)
        self._container = _Container(name or image("POSTGRES_IMAGE"), 5432, port)
        self._container.tell(POSTGRES_USER=SUPERUSER, POSTGRES_PASSWORD=self._password)

    @property
    def pid(self) -> int | None:
        """None: the server's process belongs to the engine."""
        return None

    @property
    def password(self) -> str:
        """The superuser's password."""
        return self._password

    async def start(self) -> None:
        """Start or restart the container and return when the server answers."""
        self._container.start("postgres", "-c", "max_connections=300")
        await self.wait_until_ready()

    async def stop(self) -> None:
        """Stop the server in order; the container stays, and with it the data."""
        self._container.stop()

    def kill(self) -> None:
        """End the server with SIGKILL; the container stays, and with it the data."""
        self._container.kill()

    def remove(self) -> None:
        """Leave nothing of it."""
        self._container.remove()
