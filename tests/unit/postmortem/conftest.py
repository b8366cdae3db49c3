"""A console in memory, at which nobody is logged in yet."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.postmortem.consoles import Console, console


@pytest.fixture
async def desk() -> AsyncIterator[Console]:
    async with console() as made:
        yield made
