"""A person is reached, once, by a way that works."""

import pytest

from tests.acceptance.dsl import World, hours, minutes, seconds


async def test_a_phone_that_refuses_twice_rings_in_the_end(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(30))
    alice.phone.refuses(times=2)

    incident = await world.fires("HighErrorRate", service="checkout")
    await alice.is_paged_in_the_end("HighErrorRate", within=seconds(15))

    await incident.reads(
        "paging alice by phone failed",
        "paging alice by phone failed",
        "alice paged by phone",
    )


@pytest.mark.system
async def test_a_phone_that_is_gone_gives_way_to_the_mail_at_once(world: World) -> None:
    (alice,) = world.responders("alice")
    alice.also_has("mail", after=minutes(15))
    world.policy("checkout").pages(alice, within=minutes(30))
    alice.phone.is_gone()

    incident = await world.fires("HighErrorRate", service="checkout")

    alice.is_paged("HighErrorRate", by="mail", after=minutes(0))
    await incident.reads("paging alice by phone failed", "alice paged by mail")


@pytest.mark.system
async def test_somebody_unreachable_makes_way_for_the_next_level_at_once(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    world.policy("checkout").pages(alice, within=minutes(30)).then(bob, within=minutes(30))
    alice.phone.is_gone()

    incident = await world.fires("HighErrorRate", service="checkout")

    bob.is_paged("HighErrorRate", after=minutes(0))
    await incident.reads("alice unreachable", "bob paged by phone")


async def test_one_who_can_be_reached_keeps_a_level_waiting(world: World) -> None:
    alice, bob, carol = world.responders("alice", "bob", "carol")
    world.policy("checkout").pages(alice, bob, within=minutes(30)).then(carol, within=hours(1))
    alice.phone.is_gone()

    await world.fires("HighErrorRate", service="checkout")
    bob.is_paged("HighErrorRate")

    await world.passes(minutes(30))
    carol.is_paged("HighErrorRate", after=minutes(30))


async def test_the_mail_follows_when_the_phone_is_not_answered(world: World) -> None:
    (alice,) = world.responders("alice")
    alice.also_has("mail", after=minutes(5))
    world.policy("checkout").pages(alice, within=hours(1))

    await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate", by="phone", after=minutes(0))

    await world.passes(minutes(5))
    alice.is_paged("HighErrorRate", by="mail", after=minutes(5))


async def test_low_urgency_follows_the_rules_for_low_urgency(world: World) -> None:
    (alice,) = world.responders("alice")
    alice.takes_low_urgency_by("mail")
    world.policy("reports").pages(alice, within=minutes(30))

    await world.fires("SlowReport", service="reports", severity="info")
    alice.is_paged("SlowReport", by="mail")

    await world.fires("NoReport", service="reports", severity="critical")
    alice.is_paged("NoReport", by="phone")


async def test_a_service_says_how_urgent_its_incidents_are(world: World) -> None:
    (alice,) = world.responders("alice")
    alice.takes_low_urgency_by("mail")
    world.policy("reports").pages(alice, within=minutes(30))
    world.service("reports").has_urgency("low")

    await world.fires("NoReport", service="reports", severity="critical")

    alice.is_paged("NoReport", by="mail")


async def test_an_answer_while_the_phone_refuses_stops_the_attempts(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    world.policy("checkout").pages(alice, bob, within=minutes(30))
    alice.phone.refuses(times=1)
    incident = await world.fires("HighErrorRate", service="checkout")
    bob.is_paged("HighErrorRate")

    await bob.acknowledges(incident)

    await world.passes(hours(1))
    await incident.reads("acknowledged by bob", "page to alice by phone withdrawn")


async def test_what_becomes_urgent_rings_the_phone(world: World) -> None:
    (alice,) = world.responders("alice")
    alice.takes_low_urgency_by("mail")
    world.policy("reports").pages(alice, within=minutes(30))
    await world.fires("SlowReport", service="reports", severity="info")
    alice.is_paged("SlowReport", by="mail")

    await world.passes(minutes(1))
    await world.fires("SlowReport", service="reports", severity="critical")

    alice.is_paged("SlowReport", by="phone", after=minutes(1))
