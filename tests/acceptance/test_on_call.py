"""Who is paged depends on the hour."""

from tests.acceptance.dsl import World, at, days, hours, minutes


async def test_a_rotation_hands_over_at_the_handoff(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    turns = world.schedule("web").rotates(
        alice, bob, every="day", since="2026-01-05T09:00", zone="Europe/Paris"
    )
    world.policy("web").pages(turns, within=hours(12))

    await world.reaches(at("08:59", "Europe/Paris"))
    await world.fires("LateInTheTurn", service="web")
    alice.is_paged("LateInTheTurn")

    await world.passes(minutes(1))
    await world.fires("EarlyInTheTurn", service="web")
    bob.is_paged("EarlyInTheTurn")


async def test_a_climb_pages_whoever_is_on_call_by_then(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    turns = world.schedule("web").rotates(alice, bob, every="day", since="2026-01-05T09:00")
    world.policy("web").pages(turns, within=minutes(10)).repeats(1)

    await world.reaches(at("08:55"))
    await world.fires("HighErrorRate", service="web")
    alice.is_paged("HighErrorRate")

    await world.passes(minutes(10))
    bob.is_paged("HighErrorRate")


async def test_outside_its_hours_a_schedule_has_nobody_and_the_next_level_is_paged(
    world: World,
) -> None:
    alice, bob = world.responders("alice", "bob")
    office = world.schedule("office").rotates(
        alice, every="week", since="2026-01-05T00:00", between="09:00-17:00"
    )
    world.policy("web").pages(office, within=minutes(5)).then(bob, within=minutes(5))

    await world.reaches(at("16:59"))
    await world.fires("InOfficeHours", service="web")
    alice.is_paged("InOfficeHours")

    await world.resolves("InOfficeHours", service="web")
    await world.passes(minutes(1))
    incident = await world.fires("AfterHours", service="web")
    bob.is_paged("AfterHours")
    await incident.reads("level 1 skipped: schedule office: nobody is on call")


async def test_a_later_layer_wins_in_its_hours(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    web = world.schedule("web").rotates(alice, every="week", since="2026-01-05T00:00")
    web.rotates(bob, every="week", since="2026-01-05T00:00", between="22:00-06:00")
    world.policy("web").pages(web, within=hours(1))

    await world.reaches(at("23:30"))
    await world.fires("AtNight", service="web")
    bob.is_paged("AtNight")
    await world.resolves("AtNight", service="web")

    await world.reaches(at("06:00"))
    await world.fires("InTheMorning", service="web")
    alice.is_paged("InTheMorning")


async def test_the_handoff_stays_at_its_hour_when_the_clocks_change(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    turns = world.schedule("web").rotates(
        alice, bob, every="day", since="2026-01-05T09:00", zone="Europe/Paris"
    )
    world.policy("web").pages(turns, within=hours(12))

    # The night to 29 March 2026 has one hour less; by then alice has her 42nd turn.
    await world.passes(days(82))
    await world.reaches(at("08:59", "Europe/Paris"))
    await world.fires("BeforeTheHandoff", service="web")
    alice.is_paged("BeforeTheHandoff")
    await world.passes(minutes(1))
    await world.fires("AfterTheHandoff", service="web")
    bob.is_paged("AfterTheHandoff")
