"""Somebody has it: then it is quiet, for as long as they have it."""

import pytest

from tests.acceptance.dsl import World, hours, minutes, seconds


@pytest.mark.system
async def test_an_acknowledgement_halts_the_climb(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    world.policy("checkout").pages(alice, within=seconds(3)).then(bob, within=minutes(5))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")

    await alice.acknowledges(incident)

    await incident.is_acknowledged(by="alice")
    await world.passes(seconds(4))
    await incident.reads("alice paged by phone", "acknowledged by alice")


async def test_nothing_is_sent_after_the_acknowledgement(world: World) -> None:
    (alice,) = world.responders("alice")
    alice.also_has("mail", after=minutes(5))
    world.policy("checkout").pages(alice, within=minutes(30))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate", by="phone")

    await world.passes(minutes(4))
    await alice.acknowledges(incident)

    await world.passes(hours(8))
    await incident.reads("acknowledged by alice", "page to alice by mail withdrawn")


async def test_everybody_who_was_paged_is_told_who_has_it(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    world.policy("checkout").pages(alice, bob, within=minutes(5))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")
    bob.is_paged("HighErrorRate")

    await bob.acknowledges(incident)
    alice.is_told("acknowledged", "HighErrorRate")
    await bob.resolves(incident)
    alice.is_told("resolved", "HighErrorRate")


@pytest.mark.system
async def test_an_acknowledgement_that_times_out_pages_again(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(30))
    world.service("checkout").times_out_acknowledgements(after=seconds(3))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")

    await alice.acknowledges(incident)
    await world.passes(seconds(3))

    alice.is_paged("HighErrorRate", after=seconds(3))
    await incident.is_triggered()
    await incident.reads("acknowledged by alice", "triggered again: the acknowledgement timed out")


@pytest.mark.system
async def test_a_snooze_pages_again_at_its_end(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(30))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")

    await alice.snoozes(incident, seconds(3))
    await incident.is_acknowledged(by="alice")
    await world.passes(seconds(3))

    alice.is_paged("HighErrorRate", after=seconds(3))
    await incident.reads("snoozed by alice until", "triggered again: the snooze ended")


async def test_a_snooze_halts_the_climb_until_its_end(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    world.policy("checkout").pages(alice, within=minutes(5)).then(bob, within=minutes(5))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")

    await alice.snoozes(incident, hours(2))
    await world.passes(hours(2))
    alice.is_paged("HighErrorRate", after=hours(2))

    await world.passes(minutes(5))
    bob.is_paged("HighErrorRate", after=hours(2) + minutes(5))


async def test_a_second_acknowledgement_is_noted_and_changes_nothing(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    world.policy("checkout").pages(alice, within=minutes(5))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")

    await alice.acknowledges(incident)
    await bob.acknowledges(incident)

    await incident.is_acknowledged(by="alice")
    await incident.reads("acknowledged by alice", "note by bob: has acknowledged it as well")
    await world.passes(hours(1))


@pytest.mark.system
async def test_an_acknowledgement_after_the_end_is_refused_and_says_by_whom(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    world.policy("checkout").pages(alice, within=minutes(5))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")

    await alice.resolves(incident)
    await bob.cannot_acknowledge(incident, because="already resolved by alice")

    await incident.is_resolved()
