"""What is promised and lost on the way: the operators hear of it, and it is made up for."""

from tests.acceptance.dsl import World, minutes, seconds


async def test_who_is_paged_in_time_is_no_news_for_the_operators(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(30))
    incident = await world.fires("DiskFull", service="checkout")
    alice.is_paged("DiskFull")
    await world.passes(minutes(20))
    await alice.acknowledges(incident)
    await world.passes(minutes(20))
    for service in ("incident-intake", "escalation", "notifier", "postmortem"):
        world.operators_are_told(service)


async def test_an_escalation_that_stands_still_is_missed_after_a_minute(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(30))
    await world.fires("Before", service="checkout")
    alice.is_paged("Before")
    world.stands_still("escalation")
    await world.fires("DiskFull", service="checkout")
    await world.passes(seconds(59))
    world.operators_are_told("incident-intake")
    await world.passes(seconds(2))
    world.operators_are_told("incident-intake", "1 overdue")
    await world.passes(minutes(15))
    world.operators_are_told("incident-intake", "1 overdue")

    await world.goes_on("escalation")
    await world.passes(seconds(6))
    alice.is_paged("DiskFull", saying="16 min ago")
    await world.passes(minutes(5))
    world.operators_are_told("incident-intake")


async def test_an_answer_in_time_is_no_news_either(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(30))
    await world.fires("Before", service="checkout")
    alice.is_paged("Before")
    world.stands_still("escalation")
    incident = await world.fires("DiskFull", service="checkout")
    await alice.acknowledges(incident)
    await world.passes(minutes(5))
    world.operators_are_told("incident-intake")
    await world.goes_on("escalation")
    world.operators_are_told("incident-intake")


async def test_an_incident_that_kafka_lost_is_announced_again_and_paged(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(30))
    await world.fires("Before", service="checkout")
    alice.is_paged("Before")
    world.stands_still("escalation")
    incident = await world.fires("DiskFull", service="checkout")
    world.loses("incidents")
    await world.goes_on("escalation")
    await world.passes(seconds(61))
    alice.is_paged("DiskFull")
    world.operators_are_told("incident-intake", "1 overdue")
    await incident.reads("DiskFull announced again", "page for alice requested")


async def test_a_page_that_kafka_lost_is_requested_again_once(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(30))
    await world.fires("Before", service="checkout")
    alice.is_paged("Before")
    world.stands_still("notifier")
    incident = await world.fires("DiskFull", service="checkout")
    world.loses("pages")
    await world.goes_on("notifier")
    await world.passes(minutes(4))
    world.operators_are_told("escalation")
    await world.passes(seconds(61))
    alice.is_paged("DiskFull")
    world.operators_are_told("escalation", "1 overdue")
    await world.passes(minutes(12))
    await incident.is_triggered()
    world.operators_are_told("incident-intake")


async def test_a_page_whose_outcome_is_slow_is_not_sent_twice(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(30))
    await world.fires("Before", service="checkout")
    alice.is_paged("Before")
    world.stands_still("notifier")
    await world.fires("DiskFull", service="checkout")
    await world.passes(minutes(8))
    world.operators_are_told("escalation", "1 overdue")
    await world.goes_on("notifier")  # It finds the page twice, and knows it the second time.
    await alice.is_paged_in_the_end("DiskFull", within=minutes(1))
    await world.passes(minutes(1))


async def test_a_person_who_is_reached_only_after_many_failures_is_no_news(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(30))
    await world.fires("Before", service="checkout")
    alice.is_paged("Before")
    alice.phone.refuses(9)
    await world.fires("DiskFull", service="checkout")
    await world.driver.passes(minutes(20))
    alice.is_paged("DiskFull")
    world.operators_are_told("escalation")
