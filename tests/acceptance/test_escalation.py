"""Who is paged next, and when it stops."""

import pytest

from tests.acceptance.dsl import World, hours, minutes, seconds


async def test_an_unanswered_page_climbs_the_policy(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    world.policy("checkout").pages(alice, within=minutes(5)).then(bob, within=minutes(10))

    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")

    await world.passes(minutes(5))
    bob.is_paged("HighErrorRate", after=minutes(5))

    await bob.acknowledges(incident)
    await world.passes(hours(8))
    await bob.resolves(incident)

    await incident.reads(
        "HighErrorRate triggered",
        "alice paged by phone",
        "bob paged by phone",
        "acknowledged by bob",
        "resolved by bob",
    )


@pytest.mark.system
async def test_levels_follow_each_other_in_their_time(world: World) -> None:
    alice, bob, carol = world.responders("alice", "bob", "carol")
    policy = world.policy("checkout").pages(alice, within=seconds(2))
    policy.then(bob, within=seconds(3)).then(carol, within=minutes(30))

    await world.fires("HighErrorRate", service="checkout")

    alice.is_paged("HighErrorRate", after=seconds(0))
    await world.passes(seconds(2))
    bob.is_paged("HighErrorRate", after=seconds(2))
    await world.passes(seconds(3))
    carol.is_paged("HighErrorRate", after=seconds(5))


@pytest.mark.system
async def test_a_level_pages_all_its_people_at_once(world: World) -> None:
    alice, bob, carol = world.responders("alice", "bob", "carol")
    everybody = world.team("payments", bob, carol)
    world.policy("checkout").pages(alice, everybody, within=minutes(5))

    await world.fires("HighErrorRate", service="checkout")

    for person in (alice, bob, carol):
        person.is_paged("HighErrorRate")


@pytest.mark.system
async def test_an_empty_level_is_skipped_at_once_and_said(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    alice.has_no_contact_method()
    world.policy("checkout").pages(alice, within=minutes(5)).then(bob, within=minutes(5))

    incident = await world.fires("HighErrorRate", service="checkout")

    bob.is_paged("HighErrorRate", after=minutes(0))
    await incident.reads("level 1 skipped: user alice has no contact method", "bob paged by phone")


@pytest.mark.system
async def test_an_exhausted_policy_turns_to_the_last_resort_and_says_so(world: World) -> None:
    alice, carol = world.responders("alice", "carol")
    world.policy("checkout").pages(alice, within=seconds(2)).at_last(carol)

    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")
    await world.passes(seconds(2))

    carol.is_paged("HighErrorRate", after=seconds(2))
    await incident.reads("policy checkout exhausted; last resort: carol", "carol paged by phone")


async def test_the_last_resort_is_paged_until_somebody_answers(world: World) -> None:
    alice, carol = world.responders("alice", "carol")
    world.policy("checkout").pages(alice, within=minutes(5)).at_last(carol)
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")

    for _ in range(3):
        await world.passes(minutes(5))
        carol.is_paged("HighErrorRate")

    await carol.acknowledges(incident)
    await world.passes(hours(8))


async def test_where_nobody_is_configured_that_is_said(world: World) -> None:
    world.service("orphan")

    incident = await world.fires("HighErrorRate", service="orphan")

    await world.passes(minutes(30))
    await incident.is_triggered()
    await incident.reads(
        "HighErrorRate triggered",
        "policy none exhausted: service orphan has no escalation policy",
    )


async def test_where_no_policy_is_the_installations_last_resort_is_paged(world: World) -> None:
    (erin,) = world.responders("erin")
    world.turns_to(erin)
    world.service("orphan")

    incident = await world.fires("HighErrorRate", service="orphan")

    erin.is_paged("HighErrorRate")
    await incident.reads("policy none exhausted; last resort: erin", "erin paged by phone")


async def test_a_policy_repeats_its_levels(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    policy = world.policy("checkout").pages(alice, within=minutes(5))
    policy.then(bob, within=minutes(10)).repeats(1)
    await world.fires("HighErrorRate", service="checkout")

    alice.is_paged("HighErrorRate", after=minutes(0))
    await world.passes(minutes(5))
    bob.is_paged("HighErrorRate", after=minutes(5))
    await world.passes(minutes(10))
    alice.is_paged("HighErrorRate", after=minutes(15))
    await world.passes(minutes(5))
    bob.is_paged("HighErrorRate", after=minutes(20))
    await world.passes(hours(2))


async def test_editing_a_policy_does_not_disturb_a_climb(world: World) -> None:
    alice, bob, carol = world.responders("alice", "bob", "carol")
    world.policy("checkout").pages(alice, within=minutes(5)).then(bob, within=minutes(5))
    await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")

    world.policy("checkout").pages(carol, within=minutes(1))
    await world.passes(minutes(5))
    bob.is_paged("HighErrorRate", after=minutes(5))

    await world.fires("QueueFull", service="checkout")
    carol.is_paged("QueueFull")


async def test_somebody_who_asks_for_the_next_level_gets_it_now(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    world.policy("checkout").pages(alice, within=hours(1)).then(bob, within=hours(1))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")

    await world.passes(minutes(1))
    await alice.escalates(incident)

    bob.is_paged("HighErrorRate", after=minutes(1))


@pytest.mark.system
async def test_a_tool_that_says_it_is_over_halts_the_climb(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    world.policy("checkout").pages(alice, within=seconds(3)).then(bob, within=minutes(5))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")

    await world.resolves("HighErrorRate", service="checkout")

    await incident.is_resolved()
    await world.passes(seconds(4))
    await incident.reads("HighErrorRate triggered", "alert HighErrorRate resolved", "resolved")
