"""Servers for one session, and what was skipped and why."""

import asyncio
import itertools
from collections.abc import Iterator

import pytest

from dev.kafka import KafkaServer
from dev.postgres import PostgresServer
from dev.testing import kafka_for_tests, postgres_for_tests

_NUMBERS = itertools.count(1)
SERVERS = ("kafka", "postgres", "system")
ALONE = ("browser", "chaos")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the acceptance tests' options wherever pytest is started."""
    drivers = ("in_process", "system")
    parser.addoption("--driver", choices=drivers, help="run the scenarios on this driver only")
    parser.addoption("--seed", type=int, help="the order of what happens at one instant")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave with one worker what shares servers or a browser, and the tests of a file together."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_worker_of(item)))


def _worker_of(item: pytest.Item) -> str:
    folder = item.path.parent.name
    if folder in ALONE:
        return folder
    return "servers" if any(map(item.get_closest_marker, SERVERS)) else str(item.path)


@pytest.fixture(scope="session")
def kafka() -> Iterator[KafkaServer]:
    """Run a real broker, started once, with no topics."""
    with kafka_for_tests() as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Run a real PostgreSQL, started once."""
    with postgres_for_tests() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """Make a database of the test's own."""
    name = f"test_{next(_NUMBERS)}"
    return asyncio.run(postgres.create_database(name))


@pytest.fixture
def topic_prefix() -> str:
    """Give the test topics of its own on the shared broker."""
    return f"t{next(_NUMBERS)}."
