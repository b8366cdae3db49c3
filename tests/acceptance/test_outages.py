"""After an outage: who was to be paged is paged late, once for everything, and is told so."""

from tests.acceptance.dsl import World, hours, minutes, seconds

MANY = [f"Queue{number}Full" for number in range(30)]
GATHERED = seconds(6)


async def test_a_page_that_waited_in_an_outage_says_how_late_it_is(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    world.policy("checkout").pages(alice, within=minutes(5)).then(bob, within=hours(4))
    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")

    await world.kafka_is_away()
    await world.passes(minutes(22))
    await world.kafka_returns()
    await world.passes(GATHERED)

    bob.is_paged("HighErrorRate", saying="late: this page was due at 09:05 UTC, 17 min ago")
    await incident.reads("page for bob requested", "bob paged by phone, 17 min late")


async def test_an_outage_of_kafka_ends_in_one_message_for_each_person(world: World) -> None:
    alice, bob, carol = world.responders("alice", "bob", "carol")
    world.policy("checkout").pages(carol, within=minutes(5)).then(alice, bob, within=hours(8))
    incidents = [await world.fires(title, service="checkout") for title in MANY]
    for title in MANY:
        carol.is_paged(title)

    await world.kafka_is_away()
    await world.passes(hours(1))
    await world.kafka_returns()
    await world.passes(GATHERED)

    alice.is_paged_for_all(*MANY[10:], saying="30 incidents need you")
    bob.is_paged_for_all(*MANY[10:], saying="and 10 more")
    for incident in incidents:
        await alice.acknowledges(incident)
        await incident.reads("alice paged by phone, 55 min late, in one message with others")
        await incident.is_acknowledged(by="alice")
    await world.passes(hours(8))


async def test_what_fired_in_the_outage_is_one_message_for_each_person(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    world.policy("checkout").pages(alice, bob, within=hours(8))

    await world.kafka_is_away()
    incidents = [await world.fires(title, service="checkout") for title in MANY]
    await world.passes(hours(1))
    await world.kafka_returns()
    await world.passes(GATHERED)

    alice.is_paged_for_all(*MANY[10:], saying="30 incidents need you")
    bob.is_paged_for_all(*MANY[10:])
    for incident in incidents:
        await bob.acknowledges(incident)
        await incident.reads("bob paged by phone, 1 h 0 min late, in one message with others")
        await incident.is_acknowledged(by="bob")


async def test_what_a_silence_held_back_is_not_late(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=hours(8))
    await world.silences("HighErrorRate", hours(1))
    await world.fires("HighErrorRate", service="checkout")
    await world.passes(hours(1))

    alice.is_paged("HighErrorRate", after=hours(1))


async def test_what_was_answered_in_the_outage_is_not_in_the_message(world: World) -> None:
    alice, carol = world.responders("alice", "carol")
    world.policy("checkout").pages(carol, within=minutes(5)).then(alice, within=hours(8))
    titles = MANY[:6]
    incidents = [await world.fires(title, service="checkout") for title in titles]
    for title in titles:
        carol.is_paged(title)

    await world.kafka_is_away()
    await world.passes(hours(1))
    await carol.acknowledges(incidents[0])
    await world.kafka_returns()
    await world.passes(GATHERED)

    await incidents[0].is_acknowledged(by="carol")
    alice.is_paged_for_all(*titles[1:], saying="5 incidents need you")


async def test_three_that_waited_come_one_by_one(world: World) -> None:
    alice, carol = world.responders("alice", "carol")
    world.policy("checkout").pages(carol, within=minutes(5)).then(alice, within=hours(8))
    for title in MANY[:3]:
        await world.fires(title, service="checkout")
        carol.is_paged(title)

    await world.kafka_is_away()
    await world.passes(hours(1))
    await world.kafka_returns()
    await world.passes(GATHERED)

    for title in MANY[:3]:
        alice.is_paged(title, saying="55 min ago")


async def test_what_fires_after_the_outage_waits_for_nothing(world: World) -> None:
    alice, carol = world.responders("alice", "carol")
    world.policy("checkout").pages(carol, within=minutes(5)).then(alice, within=hours(8))
    world.policy("search").pages(alice, within=hours(8))
    for title in MANY[:5]:
        await world.fires(title, service="checkout")
        carol.is_paged(title)

    await world.kafka_is_away()
    await world.passes(hours(1))
    await world.kafka_returns()
    await world.fires("SearchIsDown", service="search")

    alice.is_paged("SearchIsDown", after=hours(1))
    await world.passes(GATHERED)
    alice.is_paged_for_all(*MANY[:5])


async def test_a_provider_that_refuses_for_an_hour_forgets_nobody(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=hours(8))
    alice.phone.refuses(times=10**6)
    incidents = [await world.fires(title, service="checkout") for title in MANY[:12]]
    await world.passes(hours(1))
    await incidents[0].reads("alice unreachable")

    alice.phone.works_again()
    await world.passes(minutes(2))

    alice.is_paged_for_all(*MANY[:12], saying="12 incidents need you")
    for incident in incidents:
        await incident.reads("alice unreachable", "alice paged by phone, 1 h 0 min late")
        await alice.acknowledges(incident)
        await incident.is_acknowledged(by="alice")


async def test_when_the_phone_is_gone_the_mail_gets_the_summary(world: World) -> None:
    alice, carol = world.responders("alice", "carol")
    alice.also_has("mail", after=hours(6))
    world.policy("checkout").pages(carol, within=minutes(5)).then(alice, within=hours(8))
    for title in MANY[:6]:
        await world.fires(title, service="checkout")
        carol.is_paged(title)
    alice.phone.is_gone()

    await world.kafka_is_away()
    await world.passes(hours(1))
    await world.kafka_returns()
    await world.passes(GATHERED)

    alice.is_paged_for_all(*MANY[:6], by="mail")


async def test_a_crash_with_a_summary_in_hand_sends_it_again(world: World) -> None:
    alice, carol = world.responders("alice", "carol")
    world.policy("checkout").pages(carol, within=minutes(5)).then(alice, within=hours(8))
    for title in MANY[:6]:
        await world.fires(title, service="checkout")
        carol.is_paged(title)

    await world.kafka_is_away()
    await world.passes(hours(1))
    world.crashes("notifier", after="claim")
    await world.kafka_returns()
    await world.passes(minutes(1))

    alice.is_paged_for_all(*MANY[:6])
