"""A page is owed for each incident that is triggered, until it is heard of or somebody answers."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.incident_intake.world import World, catalog, message, names, seconds
from tocsin import ids
from tocsin.catalog import Catalog, ContactMethod, Team, User
from tocsin.errors import Unavailable
from tocsin.events import (
    AcknowledgeIncident,
    Actor,
    Envelope,
    EscalateIncident,
    EscalationExhausted,
    Event,
    IncidentAcknowledged,
    IncidentEvent,
    IncidentTriggered,
    PageRequested,
    ReassignIncident,
    ResolveIncident,
    SnoozeIncident,
    decode,
)
from tocsin.holder import CatalogHolder
from tocsin.obligations import Obligation
from tocsin.testing import START

ADA = Actor(kind="user", name="ada")
BOB = Actor(kind="user", name="bob")
PAYMENTS: dict[str, Any] = {
    "escalation_policy": "payments",
    "team": "payments",
    "runbook": "https://runbooks.example.org",
    "acknowledgement_timeout": "30m",
}


@pytest.fixture
def world() -> World:
    return World(CatalogHolder(catalog(checkout=PAYMENTS)))


def people() -> Catalog:
    known = catalog(checkout=PAYMENTS)
    phone = (ContactMethod(name="mail", channel="email", address="a@example.org"),)
    more = {("User", name): User(contact_methods=phone) for name in ("bob", "web")}
    return Catalog(1, {**known.specs, **more, ("Team", "web"): Team(members=("bob", "web"))})


async def taken_by_ada(world: World) -> str:
    await world.rings(message())
    incident: str = world.incidents()[0].incident_id
    await world.rings(AcknowledgeIncident(incident_id=incident, by=ADA))
    return incident


async def asks(
    world: World,
    incident: str,
    kind: type[EscalateIncident] | type[ReassignIncident],
    *to: str,
) -> tuple[str, Event]:
    """Ask for people by name; return the fact that says so, and the id of its event."""
    (told,) = await world.rings(kind(incident_id=incident, by=ADA, to=to, reason="please"))
    assert isinstance(told, IncidentEvent)
    return ids.derived(incident, str(told.version)), told


def page(incident: str, version: int = 1) -> PageRequested:
    return PageRequested(
        incident_id=incident,
        page_id="page-1",
        incident_version=version,
        number=1,
        title="disk is broken",
        service="checkout",
        severity="critical",
        urgency="high",
        responder="ada",
        level=1,
        loop=1,
        policy="payments",
        catalog_version=1,
    )


def exhausted(incident: str, version: int | None = None) -> EscalationExhausted:
    return EscalationExhausted(
        incident_id=incident,
        policy="none",
        loops=1,
        last_resort=(),
        reason="no last resort is configured",
        incident_version=version,
    )


async def owed(world: World) -> list[Obligation]:
    async with world.store.read() as uow:
        return await uow.ledger.listed(100)


async def overdue(world: World) -> list[Any]:
    """Let what is overdue be done again; return the facts."""
    await act(world)
    return await world.facts()


async def act(world: World) -> None:
    """Let what is overdue be done again, as the auditor does."""
    async with world.store.begin() as uow:
        found = await uow.ledger.overdue(world.clock.now(), 100)
        assert world.app.on_overdue is not None
        await world.app.on_overdue(uow, found, world.clock.now())
        await uow.ledger.acted(found, world.clock.now())


async def test_an_incident_that_opens_owes_a_page_within_a_minute(world: World) -> None:
    (fact,) = await world.rings(message())
    assert isinstance(fact, IncidentTriggered)
    (promise,) = await owed(world)
    assert (promise.kind, promise.subject) == ("paged", fact.incident_id)
    assert promise.text == (
        "somebody is paged for incident #1 of checkout (critical): disk is broken"
    )
    assert (promise.due_at, promise.version) == (START + seconds(60), 1)


async def test_repeats_and_more_alerts_owe_nothing_more(world: World) -> None:
    await world.rings(message())
    before = await owed(world)
    world.clock.advance(seconds(30))
    await world.rings(message(at=START + seconds(30)))
    assert await owed(world) == before


async def test_a_page_that_is_heard_of_discharges_it(world: World) -> None:
    await world.rings(message())
    await world.rings(page(world.incidents()[0].incident_id))
    assert await owed(world) == []


@pytest.mark.parametrize("version", [1, None])
async def test_so_does_the_reason_why_nobody_is_paged(world: World, version: int | None) -> None:
    await world.rings(message())
    await world.rings(exhausted(world.incidents()[0].incident_id, version))
    assert await owed(world) == []


async def test_an_answer_in_time_discharges_it(world: World) -> None:
    until = START + timedelta(hours=1)
    for key, command in (("a", AcknowledgeIncident), ("b", ResolveIncident)):
        await world.rings(message(key))
        incident = world.incidents()[-1].incident_id
        await world.rings(command(incident_id=incident, by=ADA))
    await world.rings(message("c"))
    incident = world.incidents()[-1].incident_id
    await world.rings(SnoozeIncident(incident_id=incident, by=ADA, until=until))
    assert await owed(world) == []


async def test_an_incident_that_resolves_in_the_batch_it_opens_in_owes_nothing(
    world: World,
) -> None:
    await world.rings(message("a"), message("a", "resolve"))
    assert await owed(world) == []


async def test_an_answer_says_when_it_was_given_however_late_it_is_decided(world: World) -> None:
    await world.rings(message())
    incident = world.incidents()[0].incident_id
    pressed_at = world.clock.now()
    await world.passes(seconds(40))
    answer = AcknowledgeIncident(incident_id=incident, by=ADA)
    await world.store_handles([Envelope(answer, pressed_at, "notifier")])
    (fact,) = await world.facts()
    assert isinstance(fact, IncidentAcknowledged)
    assert fact.accepted_at == pressed_at


async def test_a_timeout_owes_a_page_anew_which_no_older_page_discharges(world: World) -> None:
    await world.rings(message())
    incident = world.incidents()[0].incident_id
    await world.rings(AcknowledgeIncident(incident_id=incident, by=ADA))
    assert names(await world.passes(timedelta(minutes=30))) == ["IncidentUnacknowledged"]
    (promise,) = await owed(world)
    assert (promise.version, promise.due_at) == (3, world.clock.now() + seconds(60))
    await world.rings(page(incident, version=1), exhausted(incident))
    assert await owed(world) == [promise]
    await world.rings(page(incident, version=3))
    assert await owed(world) == []


async def test_what_is_overdue_is_announced_again_as_it_stands(world: World) -> None:
    (first,) = await world.rings(message())
    await world.passes(seconds(61))
    (again,) = await overdue(world)
    assert again == first.model_copy(
        update={
            "again": True,
            "accepted_at": None,
            "alert": None,
            "by": Actor(kind="tocsin", name="tocsin"),
            "rule": "announced again: nothing was heard of a page for it",
        }
    )
    (promise,) = await owed(world)
    assert promise.attempts == 1


async def test_each_announcement_is_an_event_of_its_own_so_that_no_inbox_drops_it(
    world: World,
) -> None:
    await world.rings(message())
    await world.passes(seconds(61))
    found = set()
    for _ in range(2):
        await act(world)
        (outgoing,) = await world.store.take_outbox()
        found.add(outgoing.value.partition(b'"id":"')[2][:36])
        await world.passes(timedelta(minutes=5))
    assert len(found) == 2


async def test_an_obligation_of_an_incident_that_is_over_is_struck_off(world: World) -> None:
    await world.rings(message())
    (promise,) = await owed(world)
    await world.rings(ResolveIncident(incident_id=promise.subject, by=ADA))
    async with world.store.begin() as uow:  # As an older backup would have it.
        await uow.ledger.owe([promise])
    await world.passes(seconds(61))
    assert await overdue(world) == []
    assert await owed(world) == []


async def test_who_was_asked_for_although_somebody_has_it_is_asked_for_again_until_heard_of(
    world: World,
) -> None:
    world.catalog.current = people()
    incident = await taken_by_ada(world)
    first = await asks(world, incident, EscalateIncident, "bob")
    second = await asks(world, incident, EscalateIncident, "team:web")
    assert await world.passes(seconds(61)) == []
    for _ in range(2):
        await act(world)
        again = [decode(one.value) for one in await world.store.take_outbox()]
        assert [(one.event_id, one.data) for one in again] == [first, second], "as it was told"
        (promise,) = await owed(world)
        assert (promise.version, promise.due_at) == (4, START + seconds(60))
        assert promise.text == (
            "team:web is paged for incident #1 of checkout (critical): disk is broken"
        )
        await world.passes(timedelta(minutes=5))
    await world.rings(page(incident, version=4))
    assert await owed(world) == []


async def test_so_is_who_was_asked_for_while_it_is_snoozed(world: World) -> None:
    world.catalog.current = people()
    incident = await taken_by_ada(world)
    until = START + timedelta(hours=2)
    await world.rings(SnoozeIncident(incident_id=incident, by=ADA, until=until))
    _, told = await asks(world, incident, EscalateIncident, "bob")
    await world.passes(seconds(61))
    assert await overdue(world) == [told]
    assert len(await owed(world)) == 1


async def test_a_promise_whose_names_are_not_known_is_kept_and_is_told_of(world: World) -> None:
    """As a release before left it, which did not keep whom it asked for."""
    incident = await taken_by_ada(world)
    async with world.store.begin() as uow:
        kept = Obligation(f"paged/{incident}", "paged", incident, "bob is paged", START, START, 3)
        await uow.ledger.owe([kept])
    await world.passes(seconds(61))
    assert await overdue(world) == []
    assert len(await owed(world)) == 1


@pytest.mark.parametrize("kind", [EscalateIncident, ReassignIncident])
async def test_of_a_triggered_one_the_announcement_comes_before_whom_it_asks_for(
    world: World, kind: type[EscalateIncident] | type[ReassignIncident]
) -> None:
    world.catalog.current = people()
    await world.rings(message())
    incident = world.incidents()[0].incident_id
    _, told = await asks(world, incident, kind, "bob")
    await world.passes(seconds(61))
    announced, asked = await overdue(world)
    assert isinstance(announced, IncidentTriggered)
    assert announced.again
    assert (announced.version, asked.version) == (1, 2), "else its receiver would pass over bob"
    assert asked == told


async def test_an_answer_asks_for_nobody_any_more(world: World) -> None:
    world.catalog.current = people()
    incident = await taken_by_ada(world)
    await asks(world, incident, ReassignIncident, "bob")
    await world.rings(AcknowledgeIncident(incident_id=incident, by=BOB))
    await asks(world, incident, EscalateIncident, "web")
    await world.passes(seconds(61))
    (asked,) = await overdue(world)
    assert asked.to == ("web",)


async def test_asking_again_and_again_does_not_put_it_off(world: World) -> None:
    world.catalog.current = people()
    incident = await taken_by_ada(world)
    for _ in range(3):
        await asks(world, incident, EscalateIncident, "bob")
        world.clock.advance(seconds(50))
    async with world.store.read() as uow:
        debts = await uow.ledger.debts(world.clock.now())
    assert (debts.overdue, debts.oldest_due_at) == (1, START + seconds(60))


async def test_answered_and_handed_on_in_one_batch_it_has_its_own_minute(world: World) -> None:
    world.catalog.current = people()
    await world.rings(message())
    incident = world.incidents()[0].incident_id
    world.clock.advance(seconds(50))
    await world.rings(
        AcknowledgeIncident(incident_id=incident, by=ADA),
        EscalateIncident(incident_id=incident, by=ADA, to=("bob",)),
    )
    (promise,) = await owed(world)
    assert (promise.version, promise.due_at) == (3, START + seconds(110))


async def test_nobody_is_owed_a_page_who_has_answered_without_one(world: World) -> None:
    world.catalog.current = people()
    incident = await taken_by_ada(world)
    await asks(world, incident, EscalateIncident, "bob")
    namesake = Actor(kind="token", name="bob")
    await world.rings(AcknowledgeIncident(incident_id=incident, by=namesake))
    assert len(await owed(world)) == 1
    await world.rings(AcknowledgeIncident(incident_id=incident, by=BOB))
    assert await owed(world) == []
    await asks(world, incident, EscalateIncident, "team:web")
    await world.rings(AcknowledgeIncident(incident_id=incident, by=BOB))
    assert len(await owed(world)) == 1, "the others of the team may wait for theirs"


async def test_nothing_is_announced_before_the_catalog_is_loaded() -> None:
    world = World(CatalogHolder(catalog(checkout=PAYMENTS)))
    await world.rings(message())
    await world.passes(seconds(61))
    world.catalog.loaded = False
    with pytest.raises(Unavailable):
        await overdue(world)


async def test_the_deadline_is_a_setting() -> None:
    world = World(CatalogHolder(catalog(checkout=PAYMENTS)), {"paged_within": 5.0})
    await world.rings(message())
    (promise,) = await owed(world)
    assert promise.due_at == START + seconds(5)
