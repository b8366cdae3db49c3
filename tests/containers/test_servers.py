"""The servers of the tests, from containers: what they keep through a kill, as processes do.

With CONTAINERS=1 every test of Kafka and PostgreSQL runs on these.
"""

from collections.abc import Iterator
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest

from dev.containers import ContainerKafka, ContainerPostgres
from dev.ports import free_ports
from tests.integration.test_dev import create_topic, first_value, produce


@pytest.fixture
def kafka_container(all_images: dict[str, str], tmp_path: Path) -> Iterator[ContainerKafka]:
    server = ContainerKafka(tmp_path, *free_ports(2), name=all_images["KAFKA_IMAGE"])
    yield server
    server.kill()
    server.remove()


@pytest.fixture
def postgres_container(all_images: dict[str, str], tmp_path: Path) -> Iterator[ContainerPostgres]:
    server = ContainerPostgres(tmp_path, *free_ports(1), name=all_images["POSTGRES_IMAGE"])
    yield server
    server.kill()
    server.remove()


async def test_a_killed_broker_keeps_what_it_acknowledged(kafka_container: ContainerKafka) -> None:
    await kafka_container.start()
    await create_topic(kafka_container.bootstrap, "kept")
    await produce(kafka_container.bootstrap, "kept", b"an alert")
    kafka_container.kill()
    await kafka_container.start()
    assert await first_value(kafka_container.bootstrap, "kept") == b"an alert"
    await kafka_container.stop()
    kafka_container.kill()  # As the end of a test does, whatever went before.


async def test_a_killed_postgres_keeps_what_it_committed(
    postgres_container: ContainerPostgres,
) -> None:
    await postgres_container.start()
    url = await postgres_container.create_database("kept")
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE alert (title text)")
    await connection.execute("INSERT INTO alert VALUES ('an alert')")
    postgres_container.kill()
    await connection.close(timeout=1)
    await postgres_container.start()
    connection = await asyncpg.connect(url)
    assert await connection.fetchval("SELECT title FROM alert") == "an alert"
    assert await connection.fetchval("SHOW max_connections") == "300"
    await connection.close()
    await postgres_container.stop()
