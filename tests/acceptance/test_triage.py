"""The noise of monitoring becomes incidents: as few as there are, and none is lost."""

import pytest

from tests.acceptance.dsl import World, minutes


@pytest.mark.system
async def test_a_storm_of_identical_alerts_pages_once(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(5))

    for _ in range(100):
        await world.fires("HighErrorRate", service="checkout")

    alice.is_paged("HighErrorRate")
    await world.has_incidents(1, service="checkout")


@pytest.mark.system
async def test_alerts_of_one_group_are_one_incident(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("search").pages(alice, within=minutes(5))
    world.service("search").groups_by("cluster")

    first = await world.fires("NodeDown", service="search", cluster="north", node="1")
    second = await world.fires("DiskFull", service="search", cluster="north", node="2")

    alice.is_paged("NodeDown")
    await second.is_the_same_as(first)
    await first.reads("NodeDown triggered", "alert DiskFull joined")


async def test_another_group_is_another_incident(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("search").pages(alice, within=minutes(5))
    world.service("search").groups_by("cluster")

    first = await world.fires("NodeDown", service="search", cluster="north")
    second = await world.fires("NodeDown", service="search", cluster="south")

    alice.is_paged("NodeDown")
    alice.is_paged("NodeDown")
    await second.is_another_than(first)


async def test_a_group_is_over_when_its_last_alert_is(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("search").pages(alice, within=minutes(5))
    world.service("search").groups_by("cluster")
    incident = await world.fires("NodeDown", service="search", cluster="north")
    await world.fires("DiskFull", service="search", cluster="north")
    alice.is_paged("NodeDown")

    await world.resolves("NodeDown", service="search", cluster="north")
    await incident.is_triggered()
    await world.resolves("DiskFull", service="search", cluster="north")
    await incident.is_resolved()


async def test_a_resolve_before_its_trigger_opens_nothing(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(5))

    await world.resolves("HighErrorRate", service="checkout")

    await world.passes(minutes(30))
    await world.has_incidents(0, service="checkout")


async def test_an_alert_that_fires_again_after_its_end_is_a_new_incident(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(5))
    before = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")
    await world.resolves("HighErrorRate", service="checkout")
    await world.passes(minutes(10))

    again = await world.fires("HighErrorRate", service="checkout")

    alice.is_paged("HighErrorRate", after=minutes(10))
    await again.is_another_than(before)
    await before.is_resolved()


async def test_a_silenced_alert_pages_when_the_silence_ends(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(5))
    await world.silences("HighErrorRate", minutes(60))

    incident = await world.fires("HighErrorRate", service="checkout")
    await world.passes(minutes(59))
    await world.has_incidents(0, service="checkout")

    await world.passes(minutes(1))
    alice.is_paged("HighErrorRate", after=minutes(60))
    await incident.is_triggered()


async def test_a_silenced_alert_that_ends_in_time_pages_nobody(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(5))
    await world.silences("HighErrorRate", minutes(60))

    await world.fires("HighErrorRate", service="checkout")
    await world.passes(minutes(30))
    await world.resolves("HighErrorRate", service="checkout")

    await world.passes(minutes(90))
    await world.has_incidents(0, service="checkout")


async def test_an_alert_that_is_not_sent_again_expires_and_says_so(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(15))

    incident = await world.fires_for(minutes(4), "InstanceDown", service="checkout")
    alice.is_paged("InstanceDown")
    await world.passes(minutes(60))

    await incident.is_resolved()
    await incident.reads("InstanceDown triggered", "alert InstanceDown expired", "resolved")


async def test_an_unreadable_payload_opens_an_incident_that_says_so(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(5))

    incident = await world.sends_gibberish(service="checkout")

    alice.is_paged("Unreadable alert from checkout-alertmanager (alertmanager)")
    await incident.is_triggered()
    await incident.reads("Unreadable alert from checkout-alertmanager")


async def test_an_alert_that_gets_worse_makes_its_incident_worse(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(30))
    incident = await world.fires("HighErrorRate", service="checkout", severity="error")
    alice.is_paged("HighErrorRate")

    await world.fires("HighErrorRate", service="checkout", severity="critical")

    await incident.reads("HighErrorRate triggered", "severity rose from error to critical")
