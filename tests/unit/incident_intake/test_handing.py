"""An incident is handed to people and teams by name, and nothing is lost on the way."""

from collections.abc import Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from incident_intake.adapters.rows import incident_of, incident_row
from incident_intake.domain import handing
from incident_intake.domain.incident import Incident
from incident_intake.domain.recalling import recalled
from tests.unit.incident_intake.world import API, World, catalog, message, names
from tocsin.catalog import Catalog, ContactMethod, Team, User
from tocsin.events import (
    AcknowledgeIncident,
    Actor,
    CommandRefused,
    Envelope,
    EscalateIncident,
    Event,
    IncidentEscalated,
    IncidentReassigned,
    IncidentTriggered,
    NoteAdded,
    PageRequested,
    ReassignIncident,
    ResolveIncident,
    SnoozeIncident,
)
from tocsin.holder import CatalogHolder
from tocsin.testing import START

ADA = Actor(kind="user", name="ada")
BOB = Actor(kind="user", name="bob")
Kind = type[ReassignIncident] | type[EscalateIncident]
KINDS: list[Kind] = [ReassignIncident, EscalateIncident]
EITHER = pytest.mark.parametrize("kind", KINDS, ids=["reassign", "escalate"])


def people() -> Catalog:
    known = catalog(checkout={"acknowledgement_timeout": "30m"})
    phone = (ContactMethod(name="mail", channel="email", address="a@example.org"),)
    more = {
        ("User", "bob"): User(contact_methods=phone),
        ("User", "web"): User(contact_methods=phone),
        ("User", "mute"): User(),
        ("Team", "web"): Team(members=("bob",)),
        ("Team", "databases"): Team(members=("bob",)),
        ("Team", "empty"): Team(),
    }
    return Catalog(1, {**known.specs, **more})


@pytest.fixture
def world() -> World:
    return World(CatalogHolder(people()))


async def opened(world: World) -> str:
    (fact,) = await world.rings(message())
    assert isinstance(fact, IncidentTriggered)
    return fact.incident_id


def order(kind: Kind, incident_id: str, *to: str) -> Event:
    return kind(incident_id=incident_id, by=ADA, via="slack", to=to, reason="they wrote it")


async def owed(world: World) -> list[int | None]:
    async with world.store.read() as uow:
        return [one.version for one in await uow.ledger.listed(10)]


@EITHER
async def test_people_and_teams_are_told_as_facts_spell_them(world: World, kind: Kind) -> None:
    incident_id = await opened(world)
    to = ("user:bob", "bob", "team:web", "web", "databases")
    (fact,) = await world.rings(order(kind, incident_id, *to))
    assert isinstance(fact, IncidentReassigned | IncidentEscalated)
    assert (fact.version, fact.by, fact.via, fact.reason) == (2, ADA, "slack", "they wrote it")
    # A bare name is a person's first: there is a team of that name as well.
    assert fact.to == ("bob", "team:web", "web", "team:databases")


async def test_whoever_had_it_has_it_no_longer_and_no_old_timeout_or_snooze_ends(
    world: World,
) -> None:
    incident_id = await opened(world)
    await world.rings(AcknowledgeIncident(incident_id=incident_id, by=ADA))
    until = START + timedelta(hours=2)
    await world.rings(SnoozeIncident(incident_id=incident_id, by=ADA, until=until))
    await world.rings(order(ReassignIncident, incident_id, "bob"))
    (incident,) = world.incidents()
    assert (incident.status, incident.acknowledged_by) == ("triggered", None)
    assert incident.wakes_at is None
    assert await world.passes(timedelta(days=1)) == []


async def test_whoever_has_it_keeps_it_while_somebody_else_is_asked_as_well(world: World) -> None:
    incident_id = await opened(world)
    await world.rings(AcknowledgeIncident(incident_id=incident_id, by=ADA))
    await world.rings(order(EscalateIncident, incident_id, "bob"))
    (incident,) = world.incidents()
    assert (incident.status, incident.acknowledged_by) == ("acknowledged", ADA)
    assert names(await world.passes(timedelta(minutes=30))) == ["IncidentUnacknowledged"]


@EITHER
@pytest.mark.parametrize(
    ("to", "reason"),
    [
        (("bbo",), "to: the catalog has no person and no team 'bbo'; did you mean \"bob\"?"),
        (
            ("bob", "team:database"),
            "to: the catalog has no team 'database'; did you mean \"team:databases\"?",
        ),
        (("user:databases",), "to: the catalog has no person 'databases'"),
        (("schedule:web",), "to: 'schedule:web' is neither user:NAME nor team:NAME"),
        (
            ("mute", "team:empty"),
            (
                "to: nobody of these can be paged: user mute has no contact method;"
                " team empty has no members"
            ),
        ),
    ],
)
async def test_a_name_that_cannot_be_followed_is_refused_with_the_nearest_right_word(
    world: World, kind: Kind, to: Sequence[str], reason: str
) -> None:
    (refusal,) = await world.rings(order(kind, await opened(world), *to))
    assert isinstance(refusal, CommandRefused)
    assert refusal.reason == reason
    assert await owed(world) == [1], "what was owed before still is"


async def test_a_reassignment_to_nobody_is_refused(world: World) -> None:
    (refusal,) = await world.rings(order(ReassignIncident, await opened(world)))
    assert isinstance(refusal, CommandRefused)
    assert refusal.reason == "to: nobody is named; name a person or a team"


async def test_the_next_level_is_escalations_own_to_decide(world: World) -> None:
    assert await world.rings(order(EscalateIncident, await opened(world))) == []


@pytest.mark.parametrize(
    ("verb", "told"), [("reassign", IncidentReassigned), ("escalate", IncidentEscalated)]
)
async def test_over_http_it_is_given_once_and_refused_when_it_is_over(
    world: World, verb: str, told: type[Event]
) -> None:
    incident_id = await opened(world)

    async def post(what: str, body: dict[str, Any], **headers: str) -> Any:
        path = f"/v1/incidents/{incident_id}/{what}"
        return await world.http.post(path, json=body, headers={**API, **headers})

    asked: dict[str, Any] = {"to": ["user:bob"], "by": "ada", "reason": "they wrote it"}
    for _ in range(2):
        answer = await post(verb, asked, **{"Idempotency-Key": "k1"})
        assert answer.status_code == 202, answer.text
    assert [type(one) for one in await world.facts()] == [told]

    wrong = await post(verb, {"to": ["bbo"]})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "to")
    assert 'did you mean "bob"?' in wrong.json()["detail"]
    for more in ({"to": ["x"] * 51}, {"to": [""]}, {"reason": "x" * 501}):
        assert (await post(verb, {**asked, **more})).status_code == 422, more

    await post("resolve", {"by": "ada"})
    refused = await post(verb, asked)
    assert refused.status_code == 409
    assert refused.json()["detail"] == (
        "The incident is already resolved by ada: nobody is paged for it any more."
    )


async def test_an_incident_of_an_unknown_service_is_answered_with_the_nearest(
    world: World,
) -> None:
    body = {"title": "by hand", "service": "chekout"}
    answer = await world.http.post("/v1/incidents", json=body, headers=API)
    assert (answer.status_code, answer.json()["field"]) == (422, "service")
    assert answer.json()["detail"] == (
        "service: the catalog has no service 'chekout'; did you mean \"checkout\"?"
    )


async def test_over_http_nobody_named_is_the_next_level_or_a_mistake(world: World) -> None:
    path = f"/v1/incidents/{await opened(world)}"
    answer = await world.http.post(f"{path}/escalate", json={"reason": "now"}, headers=API)
    assert answer.status_code == 202
    (forwarded,) = await world.facts()
    assert isinstance(forwarded, EscalateIncident)
    assert (forwarded.to, forwarded.reason) == ((), "now")
    assert (await world.http.post(f"{path}/escalate", headers=API)).status_code == 202
    none = await world.http.post(f"{path}/reassign", json={"to": []}, headers=API)
    assert none.status_code == 422


async def test_of_two_in_a_race_both_are_told_and_the_last_has_the_later_version(
    world: World,
) -> None:
    incident_id = await opened(world)
    both = [order(ReassignIncident, incident_id, name) for name in ("bob", "team:databases")]
    envelopes = [Envelope(one, world.clock.now(), "tests") for one in both]
    handler = next(one.handle for one in world.app.subscriptions if isinstance(both[0], one.events))
    async with world.store.begin() as uow:
        await handler(uow, envelopes, world.clock.now())
    told = [one for one in await world.facts() if isinstance(one, IncidentReassigned)]
    assert [(one.version, one.to) for one in told] == [(2, ("bob",)), (3, ("team:databases",))]


@EITHER
async def test_it_owes_a_page_again(world: World, kind: Kind) -> None:
    incident_id = await opened(world)
    await world.rings(AcknowledgeIncident(incident_id=incident_id, by=ADA))
    assert await owed(world) == []
    await world.rings(order(kind, incident_id, "bob"))
    assert await owed(world) == [3]
    page = PageRequested(
        incident_id=incident_id,
        page_id="p1",
        incident_version=3,
        number=1,
        title="t",
        service="checkout",
        severity="critical",
        urgency="high",
        responder="bob",
        level=1,
        loop=1,
        policy="p",
        catalog_version=1,
        named=True,
    )
    await world.rings(page)
    assert await owed(world) == []


def incident() -> Incident:
    fact = IncidentTriggered(
        incident_id="i1",
        version=1,
        number=1,
        title="t",
        service="checkout",
        severity="critical",
        urgency="high",
        source="generic",
    )
    return Incident.triggered(fact, START).incident


def test_a_restored_database_takes_it_over_as_it_was_told() -> None:
    taken = incident().acknowledge(ADA, START, None, "api").incident
    given: dict[str, Any] = {"incident_id": "i1", "by": ADA, "to": ("bob",)}
    reassigned = handing.reassign(taken, ReassignIncident(**given), people())
    assert recalled(taken, reassigned.facts[0], None, START) == reassigned.incident
    escalated = handing.escalate(taken, EscalateIncident(**given), people())
    assert recalled(taken, escalated.facts[0], None, START) == escalated.incident
    for by in (BOB, ADA):
        answered = escalated.incident.acknowledge(by, START, None, "api")
        assert recalled(escalated.incident, answered.facts[0], None, START) == answered.incident
    until = START + timedelta(hours=1)
    snoozed = escalated.incident.snooze(ADA, START, until, "api")
    assert recalled(escalated.incident, snoozed.facts[0], None, START) == snoozed.incident
    row = incident_row(escalated.incident)
    row["data"] = orjson.loads(orjson.dumps(row["data"]))
    assert incident_of(SimpleNamespace(**row)) == escalated.incident  # type: ignore[arg-type]


def test_whoever_is_asked_for_anew_answers_anew_and_once() -> None:
    both = incident().acknowledge(ADA, START, None, "api").incident
    both = both.acknowledge(BOB, START, None, "api").incident
    given: dict[str, Any] = {"incident_id": "i1", "by": ADA, "to": ("team:databases",)}
    asked = handing.escalate(both, EscalateIncident(**given), people()).incident
    for by in (ADA, BOB):
        decision = asked.acknowledge(by, START, None, "api")
        (fact,) = decision.facts
        assert isinstance(fact, NoteAdded)
        assert (fact.by, fact.acknowledged) == (by, True)
        asked = decision.incident
        assert (asked.acknowledged_by, asked.acknowledged_also_by) == (ADA, (BOB,))
        assert asked.acknowledge(by, START, None, "api").facts == ()
    tool = Actor(kind="integration", name="pager")
    taken = incident().acknowledge(tool, START, None, "api").incident
    asked = handing.escalate(taken, EscalateIncident(**given), people()).incident
    assert asked.acknowledge(tool, START, None, "api").facts == (), "nobody asks for a tool"


async def test_by_command_a_resolved_incident_is_refused(world: World) -> None:
    incident_id = await opened(world)
    await world.rings(ResolveIncident(incident_id=incident_id, by=ADA))
    (refusal,) = await world.rings(order(ReassignIncident, incident_id, "bob"))
    assert isinstance(refusal, CommandRefused)
    assert "already resolved by ada" in refusal.reason
