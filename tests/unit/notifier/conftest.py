"""Somebody at Slack, with one incident before them."""

import pytest

from tests.slack.presses import HEARING, Hands
from tests.slack.world import ChatWorld


@pytest.fixture
async def hands() -> Hands:
    world = ChatWorld(**HEARING)
    await world.rings("inc-7")
    await world.facts()
    return Hands(world)
