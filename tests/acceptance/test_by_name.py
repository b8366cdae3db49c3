"""An incident is handed to people and teams by name: instead of the levels, or as well."""

import pytest

from tests.acceptance.dsl import SERVICES, CrashMoment, Service, World, hours, minutes


async def test_a_reassigned_incident_pages_those_named_and_nobody_else(world: World) -> None:
    alice, bob, carol = world.responders("alice", "bob", "carol")
    databases = world.team("databases", carol)
    world.policy("checkout").pages(alice, within=hours(1)).then(bob, within=hours(1))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")

    await alice.reassigns(incident, databases, reason="the replica lags")

    carol.is_paged("HighErrorRate", saying="reassigned by alice: the replica lags")
    await carol.acknowledges(incident)
    await incident.reads(
        "HighErrorRate triggered",
        "reassigned to team databases by alice: the replica lags",
        "page for carol requested (reassigned by alice: the replica lags)",
        "carol paged by phone",
        "acknowledged by carol",
    )
    await incident.says_why("paged: alice", "reassigned: ", "paged: carol was paged")


async def test_when_those_named_do_not_answer_the_last_resort_is_paged(world: World) -> None:
    alice, bob, carol, dave = world.responders("alice", "bob", "carol", "dave")
    policy = world.policy("checkout").pages(alice, within=minutes(5)).then(bob, within=minutes(5))
    policy.at_last(dave)
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")
    await alice.acknowledges(incident)

    await alice.reassigns(incident, carol)
    await incident.is_triggered()
    carol.is_paged("HighErrorRate")
    await world.passes(minutes(5))

    dave.is_paged("HighErrorRate")
    await dave.acknowledges(incident)
    await world.passes(hours(8))


@pytest.mark.system
async def test_who_is_asked_for_as_well_is_paged_at_once_and_the_climb_goes_on(
    world: World,
) -> None:
    alice, bob, carol = world.responders("alice", "bob", "carol")
    world.policy("checkout").pages(alice, within=minutes(30)).then(bob, within=hours(1))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")

    await alice.escalates(incident, carol, reason="she knows it")
    carol.is_paged("HighErrorRate")
    await incident.is_triggered()

    await incident.reads("escalated to carol by alice: she knows it", "carol paged by phone")
    await alice.acknowledges(incident)


async def test_a_level_is_paged_in_its_time_whoever_is_asked_for_meanwhile(world: World) -> None:
    alice, bob, carol = world.responders("alice", "bob", "carol")
    world.policy("checkout").pages(alice, within=minutes(5)).then(bob, within=hours(1))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")
    await world.passes(minutes(1))

    await alice.escalates(incident, carol)
    carol.is_paged("HighErrorRate", after=minutes(1))
    await world.passes(minutes(4))

    bob.is_paged("HighErrorRate", after=minutes(5))


async def test_whoever_has_it_keeps_it_while_another_is_asked(world: World) -> None:
    alice, carol = world.responders("alice", "carol")
    world.policy("checkout").pages(alice, within=minutes(5))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")
    await alice.acknowledges(incident)

    await alice.escalates(incident, carol)

    carol.is_paged("HighErrorRate")
    await incident.is_acknowledged(by="alice")
    await world.passes(hours(8))


async def test_who_is_asked_although_somebody_has_it_answers_and_is_told_no_more(
    world: World,
) -> None:
    alice, bob, carol = world.responders("alice", "bob", "carol")
    bob.also_has("sms", after=minutes(5))
    carol.also_has("sms", after=minutes(5))
    world.policy("checkout").pages(alice, within=minutes(5))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")
    await alice.acknowledges(incident)

    await alice.escalates(incident, bob, carol)
    bob.is_paged("HighErrorRate", by="phone")
    carol.is_paged("HighErrorRate", by="phone")
    await bob.acknowledges(incident)
    await world.passes(minutes(5))

    carol.is_paged("HighErrorRate", by="sms")
    await incident.is_acknowledged(by="alice")
    await incident.reads("acknowledged by alice", "note by bob: has acknowledged it as well")
    await world.passes(hours(8))


async def test_so_does_who_says_it_by_the_api(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    bob.also_has("sms", after=minutes(5))
    world.policy("checkout").pages(alice, within=minutes(5))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")
    await alice.acknowledges(incident)

    await alice.escalates(incident, bob)
    bob.is_paged("HighErrorRate", by="phone")
    await bob.acknowledges(incident, by_api=True)
    await world.passes(hours(8))


@pytest.mark.parametrize("moment", ["before save", "after save", "after publish"])
@pytest.mark.parametrize("service", SERVICES)
async def test_whatever_is_killed_who_answers_as_well_is_told_no_more(
    world: World, service: Service, moment: CrashMoment
) -> None:
    alice, bob = world.responders("alice", "bob")
    bob.also_has("sms", after=minutes(5))
    world.policy("checkout").pages(alice, within=minutes(5))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")
    await alice.acknowledges(incident)
    await alice.escalates(incident, bob)
    bob.is_paged("HighErrorRate", by="phone")

    world.may_crash(service, moment, 1)
    await bob.acknowledges(incident)
    await world.passes(hours(1))

    await incident.reads("note by bob: has acknowledged it as well")
    await incident.reads("page for bob withdrawn: acknowledged as well")


async def test_of_two_reassignments_the_last_counts(world: World) -> None:
    alice, bob, carol = world.responders("alice", "bob", "carol")
    world.policy("checkout").pages(alice, within=minutes(5)).at_last(alice)
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")

    await alice.reassigns(incident, bob)
    bob.is_paged("HighErrorRate")
    await alice.reassigns(incident, carol)
    carol.is_paged("HighErrorRate")
    await world.redelivers()
    await world.passes(minutes(5))

    alice.is_paged("HighErrorRate")


async def test_a_wrong_name_and_an_incident_that_is_over_are_refused(world: World) -> None:
    alice, _ = world.responders("alice", "carol")
    world.policy("checkout").pages(alice, within=minutes(5))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")

    await alice.cannot_reassign(incident, "carl", because='did you mean "carol"?')
    await alice.resolves(incident)
    await alice.cannot_reassign(incident, "carol", because="already resolved by alice")


@pytest.mark.parametrize("nth", range(1, 5))
@pytest.mark.parametrize("moment", ["before save", "after save", "after publish"])
@pytest.mark.parametrize("service", SERVICES)
async def test_whatever_is_killed_those_named_are_paged_and_nobody_else(
    world: World, service: Service, moment: CrashMoment, nth: int
) -> None:
    alice, bob, carol = world.responders("alice", "bob", "carol")
    world.policy("checkout").pages(alice, within=minutes(5)).at_last(alice)
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")
    await alice.acknowledges(incident)

    world.may_crash(service, moment, nth)
    await alice.reassigns(incident, bob)
    await bob.is_paged_in_the_end("HighErrorRate", within=minutes(1))
    await bob.escalates(incident, carol)
    await carol.is_paged_in_the_end("HighErrorRate", within=minutes(1))
    await carol.acknowledges(incident)
    await world.passes(hours(1))

    await incident.reads(
        "reassigned to bob by alice",
        "page for bob requested",
        "escalated to carol by bob",
        "page for carol requested",
        "acknowledged by carol",
    )
