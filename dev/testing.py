"""Kafka and PostgreSQL for one pytest session: real servers on free ports, gone afterwards.

With CONTAINERS=1 both come from a Docker engine instead (`dev.containers`).
"""

import asyncio
import importlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.kafka import KafkaServer
from dev.ports import free_ports
from dev.postgres import PostgresServer


@contextmanager
def kafka_for_tests() -> Iterator[KafkaServer]:
    """Run one broker for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="tocsin-kafka-") as folder:
        port, controller_port = free_ports(2)
        server = _kafka(Path(folder), port, controller_port)
        try:
            asyncio.run(server.start())
            yield server
        finally:
            server.kill()
            server.remove()


@contextmanager
def postgres_for_tests() -> Iterator[PostgresServer]:
    """Run one PostgreSQL for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="tocsin-postgres-") as folder:
        (port,) = free_ports(1)
        server = _postgres(Path(folder), port)
        try:
            asyncio.run(server.start())
            yield server
        finally:
            # In order, not killed: its children must be gone before the folder goes.
            asyncio.run(server.stop())
            server.remove()


def _in_containers() -> bool:
    return os.environ.get("CONTAINERS") == "1"


def _kafka(data: Path, port: int, controller_port: int) -> KafkaServer:
    if not _in_containers():
        return KafkaServer(data, port, controller_port)
    # Importing testcontainers takes most of a second, so only who asks for it pays.
    server = importlib.import_module("dev.containers").ContainerKafka(data, port, controller_port)
    assert isinstance(server, KafkaServer)
    return server


def _postgres(data: Path, port: int) -> PostgresServer:
    if not _in_containers():
        return PostgresServer(data, port)
    server = importlib.import_module("dev.containers").ContainerPostgres(data, port)
    assert isinstance(server, PostgresServer)
    return server
