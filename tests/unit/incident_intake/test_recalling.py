"""A restored database: what was told of incidents and alerts makes them what they were."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from incident_intake.domain import recalling
from incident_intake.domain.alert import Alert
from incident_intake.domain.incident import Decision, Incident
from incident_intake.handlers.recalling import recall
from incident_intake.ports import IncidentFilter
from tests.unit.incident_intake.world import World, message
from tocsin.errors import Refused
from tocsin.events import Actor, AlertEvent, Envelope, IncidentEvent, IncidentTriggered, decode
from tocsin.testing import START

ADA = Actor(kind="user", name="ada")
BEN = Actor(kind="user", name="ben")
ONE = Alert.opened(message("one")).joined("inc_1")
TWO = Alert.opened(message("two")).joined("inc_1")
LATER = START + timedelta(hours=1)
TRIGGERED = IncidentTriggered(
    incident_id="inc_1",
    version=1,
    number=7,
    title="disk",
    service="checkout",
    severity="critical",
    urgency="high",
    source="generic",
    alert=ONE.summary(),
    group_key="g",
)
STEPS: dict[str, Any] = {
    "ada acknowledges": lambda i: i.acknowledge(ADA, START, LATER, "api"),
    "ben acknowledges": lambda i: i.acknowledge(BEN, START, None, "api"),
    "ada snoozes": lambda i: i.snooze(ADA, START, LATER, "api"),
    "time passes": lambda i: i.awake(LATER + timedelta(hours=1)),
    "another alert": lambda i: i.add(TWO, "grouped"),
    "it becomes worse": lambda i: i.rate("warning", "low"),
    "a note": lambda i: i.note(ADA, "looking", "api"),
    "an alert ends": lambda i: i.end(replace(ONE, status="resolved")),
    "resolved": lambda i: i.resolve(ADA, START, "api"),
}


@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=8))
def test_the_facts_of_any_life_make_the_incident_that_was_decided(names: list[str]) -> None:
    decided = Incident.triggered(TRIGGERED, START).incident
    told: list[IncidentEvent] = [TRIGGERED]
    for name in names:
        try:
            step: Decision = STEPS[name](decided)
        except Refused:
            continue
        decided = step.incident
        told += step.facts
    found: Incident | None = None
    for fact in [*told, *told]:  # Heard twice changes nothing.
        found = recalling.recalled(found, fact, ONE, START)
    assert found is not None
    # Who has it as well is a note on the timeline, no more.
    assert found == replace(decided, acknowledged_also_by=found.acknowledged_also_by)


def test_an_incident_whose_beginning_is_older_than_what_is_known_is_left_alone() -> None:
    incident = Incident.triggered(TRIGGERED, START).incident
    (fact,) = incident.acknowledge(ADA, START, None, "api").facts
    assert recalling.recalled(None, fact, None, START) is None


def test_an_alert_comes_back_from_its_summary() -> None:
    incident = Incident.triggered(TRIGGERED, START).incident
    assert recalling.firing(None, ONE.summary(), incident, START) == ONE


def resolve(key: str) -> AlertEvent:
    return message(key, "resolve", at=LATER, ended_at=LATER)


async def test_a_service_that_lost_everything_goes_on_from_what_it_told() -> None:
    before, after = World(), World()
    await before.store_handles([Envelope(message(key), START, "tests") for key in "abc"])
    await before.store_handles([Envelope(resolve("b"), LATER, "tests")])
    await before.relays()
    told = [decode(one.value) for one in before.broker.records("incidents")]
    for _ in range(2):  # A recall that is run again changes nothing.
        async with after.store.begin() as uow:
            await recall(uow, told, LATER)
    async with before.store.read() as was, after.store.read() as now:
        everything = IncidentFilter()
        known = await now.incidents.listed(everything, None, 10)
        assert known == await was.incidents.listed(everything, None, 10)
        assert [one.status for one in known] == ["triggered", "resolved", "triggered"]
        assert await now.incidents.last_number() == 3
    assert await after.facts() == []  # It told nothing itself.
    again = await after.rings(message("a", at=LATER))
    assert again == []
    ends = await after.rings(resolve("a"))
    assert [(type(one).__name__, one.key) for one in ends] == [
        ("AlertResolved", known[2].incident_id),
        ("IncidentResolved", known[2].incident_id),
    ]
    (anew,) = await after.rings(message("d"))
    assert isinstance(anew, IncidentTriggered)
    assert anew.number == 4
