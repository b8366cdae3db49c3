"""The nights in which the clocks change, through all four services: the page follows the schedule.

In Paris, on 25 October 2026, 02:00 to 03:00 happens twice: from 00:00 UTC and from 01:00 UTC. On
29 March it does not happen at all.
"""

from datetime import timedelta

from tests.acceptance.dsl import World, at, days, hours, minutes
from tests.acceptance.dsl.people import Responder

PARIS = "Europe/Paris"
AUTUMN, SPRING = days(292), days(82)  # From the Monday on which the world begins.


async def midnight(world: World, before: timedelta) -> None:
    """Go to the midnight before a night; until somebody is there, nothing happens on the way."""
    await world.passes(before)
    await world.reaches(at("00:00", PARIS))


async def rings(world: World, title: str, whom: Responder) -> None:
    await world.fires(title, service="web")
    whom.is_paged(title)


async def test_a_handoff_in_the_hour_that_happens_twice_is_at_the_first_and_stays_done(
    world: World,
) -> None:
    await midnight(world, AUTUMN)
    alice, bob = world.responders("alice", "bob")
    turns = world.schedule("web").rotates(
        alice, bob, every="day", since="2026-10-20T02:30", zone=PARIS
    )
    world.policy("web").pages(turns, within=days(2))

    await rings(world, "00:00", alice)
    await world.passes(minutes(149))
    await rings(world, "02:29, the first time", alice)
    await world.passes(minutes(1))
    await rings(world, "02:30, the first time", bob)
    await world.passes(minutes(45))
    await rings(world, "02:15, the second time", bob)
    await world.passes(minutes(15))
    await rings(world, "02:30, the second time", bob)
    await world.passes(hours(1))
    await rings(world, "03:30", bob)
    await world.passes(hours(23) - minutes(1))
    await rings(world, "02:29, the next night", bob)
    await world.passes(minutes(1))
    await rings(world, "02:30, the next night", alice)


async def test_hours_that_end_in_the_hour_that_happens_twice_end_at_the_last(world: World) -> None:
    await midnight(world, AUTUMN)
    alice, bob = world.responders("alice", "bob")
    web = world.schedule("web").rotates(alice, every="week", since="2026-01-05T00:00", zone=PARIS)
    web.rotates(bob, every="week", since="2026-01-05T00:00", zone=PARIS, between="22:00-02:30")
    world.policy("web").pages(web, within=days(2))

    await world.passes(minutes(150))
    await rings(world, "02:30, the first time", bob)
    await world.passes(minutes(59))
    await rings(world, "02:29, the second time", bob)
    await world.passes(minutes(1))
    await rings(world, "02:30, the second time", alice)


async def test_a_turn_of_an_hour_is_two_hours_long_where_the_hour_happens_twice(
    world: World,
) -> None:
    await midnight(world, AUTUMN)
    alice, bob, carol = world.responders("alice", "bob", "carol")
    turns = world.schedule("web").rotates(
        alice, bob, carol, every="hour", since="2026-10-25T00:30", zone=PARIS
    )
    world.policy("web").pages(turns, within=days(2))

    await world.passes(minutes(30))
    await rings(world, "00:30", alice)
    await world.passes(hours(1))
    await rings(world, "01:30", bob)
    await world.passes(hours(1))
    await rings(world, "02:30, the first time", carol)
    await world.passes(hours(2) - minutes(1))
    await rings(world, "03:29", carol)
    await world.passes(minutes(1))
    await rings(world, "03:30", alice)


async def test_a_handoff_that_is_skipped_is_at_the_first_instant_after_the_gap(
    world: World,
) -> None:
    await midnight(world, SPRING)
    alice, bob = world.responders("alice", "bob")
    turns = world.schedule("web").rotates(
        alice, bob, every="day", since="2026-03-24T02:30", zone=PARIS
    )
    world.policy("web").pages(turns, within=days(2))

    await world.passes(minutes(119))
    await rings(world, "01:59", alice)
    await world.passes(minutes(1))
    await rings(world, "03:00", bob)
    await world.passes(hours(23) + minutes(29))
    await rings(world, "02:29, the next night", bob)
    await world.passes(minutes(1))
    await rings(world, "02:30, the next night", alice)
