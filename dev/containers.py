"""The same two servers as containers of a Docker engine, for a machine that prefers them."""

import contextlib
import secrets
from pathlib import Path

from testcontainers.core.container import DockerContainer

from dev.kafka import KafkaServer
from dev.postgres import SUPERUSER, PostgresServer

KAFKA_IMAGE = "apache/kafka:4.3.1"
POSTGRES_IMAGE = "postgres:18"


class ContainerKafka(KafkaServer):
    """A broker in a container, with the settings of `server.properties` that clients notice."""

    def __init__(
        self, data: Path, port: int, controller_port: int, *, cache: Path | None = None
    ) -> None:
        super().__init__(data, port, controller_port, cache=cache)
        # The host's port is fixed, so that a broker that is restarted keeps its address.
        self._container = DockerContainer(KAFKA_IMAGE).with_bind_ports(9092, port)
        for line in self.settings().splitlines():
            name, separator, value = line.partition("=")
            if separator and not name.startswith(("#", "log.dirs", "listeners", "controller.q")):
                self._container.with_env(f"KAFKA_{name.replace('.', '_').upper()}", value)
        listeners = "PLAINTEXT://0.0.0.0:9092,CONTROLLER://127.0.0.1:9093"
        self._container.with_env("KAFKA_LISTENERS", listeners)
        self._container.with_env("KAFKA_CONTROLLER_QUORUM_VOTERS", "1@127.0.0.1:9093")
        self._created = False

    @property
    def pid(self) -> int | None:
        """None: the broker's process belongs to the engine."""
        return None

    async def start(self) -> None:
        """Start or restart the container and return when the broker answers."""
        if self._created:
            self._container.get_wrapped_container().start()
        else:
            self._container.start()
            self._created = True
        await self.wait_until_ready()

    async def stop(self) -> None:
        """Stop the broker in order; the container stays, and with it the data."""
        self._container.get_wrapped_container().stop(timeout=15)

    def kill(self) -> None:
        """End the broker with SIGKILL; the container stays, and with it the data."""
        if self._created:
            # Killing what was stopped before is an error to the engine, and none to us.
            with contextlib.suppress(OSError):
                self._container.get_wrapped_container().kill()


class ContainerPostgres(PostgresServer):
    """A PostgreSQL in a container."""

    def __init__(self, data: Path, port: int) -> None:
        super().__init__(data, port)
        self._password = secrets.token_urlsafe(24)
        self._container = (
            DockerContainer(POSTGRES_IMAGE)
            .with_bind_ports(5432, port)
            .with_env("POSTGRES_PASSWORD", self._password)
        )
        self._created = False

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
        if self._created:
            self._container.get_wrapped_container().start()
        else:
            self._container.with_env("POSTGRES_USER", SUPERUSER).start()
            self._created = True
        await self.wait_until_ready()

    async def stop(self) -> None:
        """Stop the server in order; the container stays, and with it the data."""
        self._container.get_wrapped_container().stop(timeout=15)

    def kill(self) -> None:
        """End the server with SIGKILL; the container stays, and with it the data."""
        self._container.get_wrapped_container().kill()
