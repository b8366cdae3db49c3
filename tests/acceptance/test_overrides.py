"""For a while somebody else is on call."""

from tests.acceptance.dsl import World, hours, minutes


async def test_the_next_page_goes_to_who_stands_in_and_the_one_after_it_does_not(
    world: World,
) -> None:
    alice, bob = world.responders("alice", "bob")
    turns = world.schedule("web").rotates(alice, every="week", since="2026-01-05T00:00")
    world.policy("web").pages(turns, within=hours(12))

    await world.fires("Before", service="web")
    alice.is_paged("Before")

    await world.puts_on_call(bob, instead_of=alice, schedule=turns, duration=hours(2))
    await world.fires("Meanwhile", service="web")
    bob.is_paged("Meanwhile")

    await world.passes(hours(2))
    await world.fires("Afterwards", service="web")
    alice.is_paged("Afterwards")


async def test_a_climb_that_waits_pages_who_stands_in_by_then(world: World) -> None:
    alice, bob, carol = world.responders("alice", "bob", "carol")
    turns = world.schedule("web").rotates(alice, every="week", since="2026-01-05T00:00")
    world.policy("web").pages(carol, within=minutes(5)).then(turns, within=hours(1))

    await world.fires("HighErrorRate", service="web")
    carol.is_paged("HighErrorRate")
    await world.puts_on_call(bob, instead_of=alice, schedule=turns, duration=hours(2))
    await world.passes(minutes(5))
    bob.is_paged("HighErrorRate")
