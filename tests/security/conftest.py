"""The house, built once for a module: its databases are migrated once for all."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from tests.security.house import House, house, prepare


@pytest.fixture(scope="session")
def foundation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate the databases of all services, to be copied."""
    folder = tmp_path_factory.mktemp("foundation")
    asyncio.run(prepare(folder))
    return folder


@pytest.fixture
async def at_home(foundation: Path, tmp_path: Path) -> AsyncIterator[House]:
    """Build a house with some history."""
    async with house(foundation, tmp_path) as found:
        await found.lives()
        yield found


@pytest.fixture
def quiet() -> Iterator[None]:
    """Log next to nothing: there would be a line for most requests."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)
