"""Why somebody was paged, or nobody: asked of the whole system after it happened."""

from tests.acceptance.dsl import World, minutes


async def test_why_was_alice_paged_and_then_bob(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    world.policy("checkout").pages(alice, within=minutes(5)).then(bob, within=minutes(5))

    incident = await world.fires("HighErrorRate", service="checkout")
    alice.is_paged("HighErrorRate")
    await world.passes(minutes(5))
    bob.is_paged("HighErrorRate")
    await bob.acknowledges(incident)

    await incident.says_why(
        "incident-opened: Incident #",
        "policy-taken: Policy checkout was taken",
        "paged: alice was paged",
        "paged: bob was paged",
        "acknowledged: Paging stopped",
    )


async def test_why_nobody_is_paged_for_what_joins_an_acknowledged_incident(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("search").pages(alice, within=minutes(5))
    world.service("search").groups_by("cluster")
    incident = await world.fires("NodeDown", service="search", cluster="north")
    alice.is_paged("NodeDown")
    await alice.acknowledges(incident)

    await world.fires("DiskFull", service="search", cluster="north")

    await incident.says_why(
        "paged: alice", "acknowledged: ", "alert-grouped: Alert DiskFull joined"
    )
    answer = await world.says_why("DiskFull", "search", "grouped", "acknowledged")
    assert "nobody is paged for it now" in answer


async def test_why_nobody_is_paged_for_a_silenced_alert(world: World) -> None:
    (alice,) = world.responders("alice")
    world.policy("checkout").pages(alice, within=minutes(5))
    await world.silences("HighErrorRate", minutes(60))
    await world.fires("HighErrorRate", service="checkout")

    answer = await world.says_why("HighErrorRate", "checkout", "silenced")

    assert answer.startswith("Nobody was paged: a silence holds the alert back until")
    await world.resolves("HighErrorRate", service="checkout")


async def test_what_would_have_altered_it(world: World) -> None:
    alice, bob, carol = world.responders("alice", "bob", "carol")
    alice.has_no_contact_method()
    five = minutes(5)
    policy = world.policy("checkout").pages(alice, within=five)
    policy.then(bob, within=five).then(carol, within=five)

    incident = await world.fires("HighErrorRate", service="checkout")
    bob.is_paged("HighErrorRate")
    await world.passes(minutes(5))
    carol.is_paged("HighErrorRate")
    await carol.acknowledges(incident)

    await incident.says_why(
        "…A silence that matches the alert would have held it back",
        "…With a contact method of alice, level 1 would not have been skipped.",
        "…Did level 2 of policy checkout name somebody else, they would have been paged.",
        "…it would have gone no further.",
        "…Had carol not acknowledged it, the climb would have gone on.",
    )


async def test_why_the_last_resort_an_unreachable_person(world: World) -> None:
    alice, bob = world.responders("alice", "bob")
    alice.has_no_contact_method()
    world.policy("checkout").pages(alice, within=minutes(5)).at_last(bob)

    incident = await world.fires("HighErrorRate", service="checkout")
    bob.is_paged("HighErrorRate")
    await bob.acknowledges(incident)

    await incident.says_why(
        "level-skipped: Level 1 of policy checkout was skipped",
        "exhausted: Policy checkout was through",
        "last-resort: bob was paged",
    )
