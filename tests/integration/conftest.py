"""A whole dev system for the tests that need one, started once."""

from collections.abc import Iterator

import pytest

from dev.running import Running, running


@pytest.fixture(scope="session")
def system() -> Iterator[Running]:
    """Run four services, Kafka and a mail catcher, as `make up` does."""
    with running() as up:
        yield up
