"""The language itself: a scenario that should fail does, and says why as a story."""

import pytest

from tests.acceptance.dsl import World, minutes
from tests.acceptance.dsl.drivers.in_process import InProcess


async def test_a_page_that_nobody_reads_fails(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice)
    await world.fires("HighErrorRate", service="checkout")

    with pytest.raises(AssertionError, match="alice ← HighErrorRate"):
        await world.ends_in_silence()
    alice.is_paged("HighErrorRate")


async def test_time_does_not_pass_over_an_unread_page(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice)
    await world.fires("HighErrorRate", service="checkout")

    with pytest.raises(AssertionError, match="nobody expected it"):
        await world.passes(minutes(1))
    alice.is_paged("HighErrorRate")


async def test_a_page_of_somebody_else_is_no_page(world: World) -> None:
    alice, carol = world.responders("alice", "carol")
    world.policy("checkout").pages(alice)
    await world.fires("HighErrorRate", service="checkout")

    with pytest.raises(AssertionError, match=r"carol has no page[^+]*\+0:00:00.* alice ←"):
        carol.is_paged("HighErrorRate")
    alice.is_paged("HighErrorRate")


async def test_one_page_is_read_once(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice)
    await world.fires("HighErrorRate", service="checkout")

    alice.is_paged("HighErrorRate")
    with pytest.raises(AssertionError, match="alice has no page about 'HighErrorRate'"):
        alice.is_paged("HighErrorRate")


async def test_a_page_at_another_time_is_another_page(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    world.policy("checkout").pages(alice, within=minutes(5)).then(bob)
    await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")
    await world.passes(minutes(7))

    with pytest.raises(AssertionError, match=r"bob was paged at \+0:05:00"):
        bob.is_paged("HighErrorRate", after=minutes(7))


async def test_a_story_is_read_in_its_order(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice)
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")

    with pytest.raises(AssertionError, match="lacks 'HighErrorRate triggered' at its place"):
        await incident.reads("alice paged by phone", "HighErrorRate triggered")


async def test_a_crash_that_never_comes_is_no_crash() -> None:
    world = World(InProcess(seed=1))
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice)
    await world.fires("HighErrorRate", service="checkout")

    world.crashes("escalation", after="save")

    assert await world.driver.close() == ["escalation was to die, and never came to it"]
