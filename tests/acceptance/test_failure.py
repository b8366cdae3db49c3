"""Whatever is killed, and when: nobody is forgotten, and nobody is paged twice without need."""

from typing import Literal

import pytest

from tests.acceptance.dsl import (
    SERVICES,
    CrashMoment,
    Service,
    World,
    hours,
    minutes,
    seconds,
)

SAVING: tuple[CrashMoment, ...] = ("before save", "after save", "after publish")


async def test_redelivering_everything_changes_nothing(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    world.policy("checkout").pages(alice, within=minutes(5)).then(bob, within=minutes(5))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")
    await world.redelivers()
    await world.passes(minutes(5))
    bob.is_paged("HighErrorRate", after=minutes(5))
    await bob.acknowledges(incident)
    before = await incident.story()

    await world.redelivers()
    await world.passes(hours(8))

    await incident.is_acknowledged(by="bob")
    assert await incident.story() == before


@pytest.mark.parametrize("service", ["incident-intake", "escalation", "postmortem"])
async def test_a_crash_after_saving_pages_once(world: World, service: Service) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(30))

    world.crashes(service, after="save")
    incident = await world.fires("HighErrorRate", service="checkout")

    alice.is_paged("HighErrorRate", after=minutes(0))
    await incident.reads("HighErrorRate triggered", "alice paged by phone")


@pytest.mark.parametrize("service", SERVICES)
async def test_a_crash_before_saving_pages_once(world: World, service: Service) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(30))

    world.crashes(service, before="save")
    incident = await world.fires("HighErrorRate", service="checkout")

    alice.is_paged("HighErrorRate", after=minutes(0))
    await incident.reads("HighErrorRate triggered", "alice paged by phone")


@pytest.mark.parametrize("service", SERVICES)
async def test_what_is_published_twice_happens_once(world: World, service: Service) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(30))
    first = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")

    world.crashes(service, after="publish")
    await alice.acknowledges(first)
    await world.resolves("HighErrorRate", service="checkout")
    await world.fires("QueueFull", service="checkout")

    alice.is_paged("QueueFull")
    await first.reads("alice paged by phone", "acknowledged by alice", "resolved")


@pytest.mark.parametrize("nth", range(1, 9))
@pytest.mark.parametrize("moment", SAVING)
@pytest.mark.parametrize("service", SERVICES)
async def test_whatever_is_killed_and_when_everybody_is_paged_once(
    world: World, service: Service, moment: CrashMoment, nth: int
) -> None:
    alice, bob = world.responders("alice", "bob")
    world.policy("checkout").pages(alice, within=minutes(5)).then(bob, within=minutes(30))

    world.may_crash(service, moment, nth)
    incident = await world.fires("HighErrorRate", service="checkout")
    await alice.is_paged_in_the_end("HighErrorRate", within=minutes(1))
    await world.passes(minutes(5))
    await bob.is_paged_in_the_end("HighErrorRate", within=minutes(1))
    await bob.acknowledges(incident)
    await world.passes(hours(1))
    await bob.resolves(incident)

    await incident.reads(
        "HighErrorRate triggered",
        "page for alice requested",
        "page for bob requested",
        "acknowledged by bob",
        "resolved by bob",
    )


async def test_a_notifier_that_dies_before_it_rings_rings_when_its_lease_is_over(
    world: World,
) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(30))

    world.crashes("notifier", after="claim")
    incident = await world.fires("HighErrorRate", service="checkout")
    await world.passes(minutes(1))

    alice.is_paged("HighErrorRate", after=seconds(30))
    await incident.reads("unknown whether alice was paged by phone", "alice paged by phone")


@pytest.mark.parametrize(("before", "after"), [("save", None), (None, "save")])
async def test_a_crash_at_the_deadline_pages_the_next_level_once(
    world: World, before: Literal["save"] | None, after: Literal["save"] | None
) -> None:
    alice, bob = world.responders("alice", "bob")
    world.policy("checkout").pages(alice, within=minutes(5)).then(bob, within=minutes(30))
    await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")

    world.crashes("escalation", before=before, after=after)
    await world.passes(minutes(5))

    bob.is_paged("HighErrorRate", after=minutes(5))


async def test_alerts_accepted_while_kafka_is_away_page_when_it_returns(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(30))
    await world.fires("BeforeTheOutage", service="checkout")
    alice.is_paged("BeforeTheOutage")

    await world.kafka_is_away()
    await world.fires("HighErrorRate", service="checkout")
    await world.fires("QueueFull", service="checkout")
    await world.passes(minutes(4))
    await world.kafka_returns()

    alice.is_paged("HighErrorRate", after=minutes(4))
    alice.is_paged("QueueFull", after=minutes(4))


async def test_a_resolve_does_not_overtake_its_trigger_while_kafka_is_away(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(30))

    await world.kafka_is_away()
    await world.fires("HighErrorRate", service="checkout")
    await world.resolves("HighErrorRate", service="checkout")
    await world.kafka_returns()
    incident = await world.resolves("HighErrorRate", service="checkout")

    await incident.is_resolved()
    await world.passes(hours(1))


async def test_an_answer_that_comes_too_late_is_refused_and_says_by_whom(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    world.policy("checkout").pages(alice, bob, within=minutes(30))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")
    bob.is_paged("HighErrorRate")

    await world.kafka_is_away()
    await alice.resolves(incident)
    await bob.acknowledges(incident)
    await world.kafka_returns()

    await incident.is_resolved()
    await incident.reads(
        "resolved by alice",
        "acknowledge-incident by bob refused: The incident is already resolved by alice",
    )
    await world.passes(hours(1))


async def test_a_deadline_that_falls_into_an_outage_is_kept_when_kafka_returns(
    world: World,
) -> None:
    alice, bob = world.responders("alice", "bob")
    world.policy("checkout").pages(alice, within=minutes(5)).then(bob, within=minutes(30))
    await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")

    await world.kafka_is_away()
    await world.passes(minutes(9))
    await world.kafka_returns()

    bob.is_paged("HighErrorRate", after=minutes(9))
