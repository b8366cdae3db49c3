"""What happened is remembered, and reads as a story."""

import pytest

from tests.acceptance.dsl import World, hours, minutes, seconds


async def test_the_timeline_reads_as_a_story(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    world.policy("checkout").pages(alice, within=minutes(5)).then(bob, within=minutes(10))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")
    await world.passes(minutes(5))
    bob.is_paged("HighErrorRate")
    await bob.acknowledges(incident)
    await world.passes(hours(1))
    await bob.resolves(incident)

    await incident.reads(
        "HighErrorRate triggered (checkout, critical)",
        "escalation started by policy checkout",
        "page for alice requested (level 1 of checkout)",
        "alice paged by phone",
        "page for bob requested (level 2 of checkout)",
        "bob paged by phone",
        "acknowledged by bob",
        "resolved by bob",
        "postmortem drafted",
    )


@pytest.mark.system
async def test_an_incident_that_is_over_has_a_draft(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(5))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")
    await alice.acknowledges(incident)
    await world.passes(seconds(1))

    await world.resolves("HighErrorRate", service="checkout")

    await incident.has_a_draft_that_reads(
        "# ",
        "…HighErrorRate triggered (checkout, critical)",
        "…alice paged by",
        "…acknowledged by alice",
        "…resolved: the last of its alerts ended",
    )


async def test_what_comes_after_the_end_is_in_the_draft_too(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(5))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")
    await world.resolves("HighErrorRate", service="checkout")

    await world.passes(minutes(1))
    await alice.notes(incident, "the load balancer was full")

    await incident.has_a_draft_that_reads("…resolved", "…note by alice: the load balancer was full")


async def test_what_was_decided_together_is_told_in_its_order(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(world.team("nobody"), within=minutes(5)).at_last(alice)

    for number in range(8):
        incident = await world.fires(f"HighErrorRate{number}", service="checkout")
        alice.is_paged(f"HighErrorRate{number}")
        await incident.reads(
            "escalation started by policy checkout",
            "level 1 skipped: team nobody has no members",
            "policy checkout exhausted; last resort: alice",
            "page for alice requested (last resort of checkout)",
        )
