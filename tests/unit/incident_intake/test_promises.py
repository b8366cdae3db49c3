"""A page is owed for each incident that is triggered, until it is heard of or somebody answers."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.incident_intake.world import World, catalog, message, names, seconds
from tocsin.errors import Unavailable
from tocsin.events import (
    AcknowledgeIncident,
    Actor,
    EscalationExhausted,
    IncidentTriggered,
    PageRequested,
    ResolveIncident,
    SnoozeIncident,
)
from tocsin.holder import CatalogHolder
from tocsin.obligations import Obligation
from tocsin.testing import START

ADA = Actor(kind="user", name="ada")
PAYMENTS: dict[str, Any] = {
    "escalation_policy": "payments",
    "team": "payments",
    "runbook": "https://runbooks.example.org",
    "acknowledgement_timeout": "30m",
}


@pytest.fixture
def world() -> World:
    return World(CatalogHolder(catalog(checkout=PAYMENTS)))


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
