"""Servers for one session, and what was skipped and why."""

import asyncio
import itertools
from collections.abc import Iterator

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from dev.kafka import KafkaServer
from dev.postgres import PostgresServer
from dev.testing import kafka_for_tests, postgres_for_tests

_NUMBERS = itertools.count(1)
SHARING = {
    "acceptance": "servers",
    "contract": "servers",
    "integration": "servers",
    "browser": "a browser",
    "chaos": "a system that is broken",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the acceptance tests' options wherever pytest is started."""
    drivers = ("in_process", "system")
    parser.addoption("--driver", choices=drivers, help="run the scenarios on this driver only")
    parser.addoption("--seed", type=int, help="the order of what happens at one instant")


class ByServers(LoadScopeScheduling):  # type: ignore[misc]  # It has no types.
    """Leaves with one worker what shares servers or a browser, and the tests of a file together."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return SHARING.get(file.split("/")[1], file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByServers:
    """Distribute the tests over the workers."""
    return ByServers(config, log)


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
