"""Who is about to go on call, or off it, is told: once, and as things stand."""

import pytest

from tests.acceptance.dsl import CrashMoment, World, days, hours, minutes


def two_take_turns(world: World) -> None:
    """Let alice and bob take turns of a day at nine, and be told of them an hour before."""
    alice, bob = world.responders("alice", "bob")
    for one in (alice, bob):
        one.wants_notices(on_call="1h", off_call="1h")
    turns = world.schedule("web").rotates(alice, bob, every="day", since="2026-01-05T09:00")
    world.policy("web").pages(turns, within=hours(1))


async def test_both_are_told_before_each_handoff(world: World) -> None:
    two_take_turns(world)
    alice, bob = world.person("alice"), world.person("bob")
    await world.passes(hours(22.9))
    alice.has_notices()
    bob.has_notices()
    await world.passes(hours(0.2))
    alice.has_notices("You are off call: web")
    bob.has_notices("You are on call: web")
    await world.passes(days(1))
    alice.has_notices("You are on call: web")
    bob.has_notices("You are off call: web")


async def test_what_kafka_hands_out_again_is_not_told_again(world: World) -> None:
    two_take_turns(world)
    await world.passes(hours(23.1))
    world.person("alice").has_notices("You are off call: web")
    world.person("bob").has_notices("You are on call: web")
    await world.redelivers()
    await world.passes(minutes(30))
    world.person("alice").has_notices()
    world.person("bob").has_notices()


async def test_an_override_moves_the_handoff_and_its_notices(world: World) -> None:
    carol, alice, bob = world.responders("carol", "alice", "bob")
    for one in (alice, bob):
        one.wants_notices(on_call="1h", off_call="1h")
    turns = world.schedule("web").rotates(alice, bob, every="day", since="2026-01-05T09:00")
    world.policy("web").pages(turns, within=hours(1))
    await world.passes(hours(20))
    # From now until two hours after bob's turn began, carol stands in for him.
    await world.puts_on_call(carol, instead_of=bob, schedule=turns, duration=hours(6))
    await world.passes(hours(4.5))
    alice.has_notices("You are off call: web")
    bob.has_notices()
    await world.passes(hours(1))
    bob.has_notices("You are on call: web")


async def test_two_schedules_at_one_moment_are_one_message(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    bob.wants_notices(on_call="1h")
    for name in ("db", "web"):
        world.schedule(name).rotates(alice, bob, every="day", since="2026-01-05T09:00")
    await world.passes(hours(24))
    bob.has_notices("You are on call: db, web")


async def test_after_an_outage_nothing_stale_is_told(world: World) -> None:
    two_take_turns(world)
    await world.passes(hours(1))
    world.stands_still("notifier")
    await world.passes(hours(22.75))
    await world.goes_on("notifier")
    await world.passes(minutes(5))
    world.person("bob").has_notices()
    await world.passes(hours(24))
    world.person("bob").has_notices("You are off call: web")


@pytest.mark.parametrize("moment", ["before save", "after save", "after claim"])
@pytest.mark.parametrize("nth", range(1, 5))
async def test_a_notifier_that_dies_tells_each_once(
    world: World, moment: CrashMoment, nth: int
) -> None:
    two_take_turns(world)
    await world.passes(hours(22.9))
    world.may_crash("notifier", moment, nth)
    await world.passes(hours(0.3))
    world.person("alice").has_notices("You are off call: web")
    world.person("bob").has_notices("You are on call: web")
