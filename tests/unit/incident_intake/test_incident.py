"""An incident's transitions: who may do what when, and the facts that tell of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_intake.domain.alert import Alert
from incident_intake.domain.incident import Decision, Incident
from tests.unit.incident_intake.world import message, names
from tocsin.errors import Refused
from tocsin.events import (
    Actor,
    AlertAdded,
    IncidentAcknowledged,
    IncidentTriggered,
    IncidentUnacknowledged,
    NoteAdded,
)
from tocsin.testing import START

HOUR = timedelta(hours=1)
ADA = Actor(kind="user", name="ada")
BOB = Actor(kind="user", name="bob")
DISK = Alert.opened(message("disk")).joined("inc_1")
CPU = Alert.opened(message("cpu", severity="warning")).joined("inc_1")


def triggered(alert: Alert | None = DISK) -> Incident:
    fact = IncidentTriggered(
        incident_id="inc_1",
        version=1,
        number=7,
        title="disk is broken",
        service="checkout",
        severity="critical",
        urgency="high",
        source="generic",
        alert=alert.summary() if alert else None,
    )
    return Incident.triggered(fact, START).incident


ACKNOWLEDGED = triggered().acknowledge(ADA, START, START + HOUR, "slack").incident
SNOOZED = ACKNOWLEDGED.snooze(ADA, START, START + 2 * HOUR, "api").incident
RESOLVED = triggered().resolve(ADA, START, "api").incident


def kinds(decision: Decision) -> list[str]:
    return names(decision.facts)


def test_the_first_acknowledgement_takes_it() -> None:
    assert ACKNOWLEDGED.status == "acknowledged"
    assert ACKNOWLEDGED.acknowledged_by == ADA
    assert ACKNOWLEDGED.acknowledged_until == START + HOUR
    assert ACKNOWLEDGED.version == 2


def test_acknowledging_twice_changes_nothing() -> None:
    assert ACKNOWLEDGED.acknowledge(ADA, START, None, "api") == Decision(ACKNOWLEDGED)


def test_a_second_person_is_noted_and_the_first_keeps_it() -> None:
    decision = ACKNOWLEDGED.acknowledge(BOB, START, None, "api")
    (fact,) = decision.facts
    assert isinstance(fact, NoteAdded)
    assert (fact.by, fact.acknowledged) == (BOB, True)
    assert decision.incident.acknowledged_by == ADA
    assert decision.incident.acknowledged_until == START + HOUR
    assert decision.incident.acknowledge(BOB, START, None, "api") == Decision(decision.incident)


def test_another_persons_acknowledgement_ends_a_snooze() -> None:
    decision = SNOOZED.acknowledge(BOB, START, START + HOUR, "api")
    assert kinds(decision) == ["IncidentAcknowledged"]
    assert decision.incident.acknowledged_by == BOB
    assert decision.incident.snoozed_until is None


def test_whoever_had_acknowledged_as_well_can_still_end_a_snooze() -> None:
    both = ACKNOWLEDGED.acknowledge(BOB, START, None, "api").incident
    snoozed = both.snooze(ADA, START, START + HOUR, "api").incident
    assert kinds(snoozed.acknowledge(BOB, START, None, "api")) == ["IncidentAcknowledged"]


def test_snoozing_acknowledges_first() -> None:
    decision = triggered().snooze(BOB, START, START + HOUR, "api")
    assert kinds(decision) == ["IncidentAcknowledged", "IncidentSnoozed"]
    assert [fact.version for fact in decision.facts] == [2, 3]
    assert decision.incident.snoozed_until == START + HOUR
    assert decision.incident.acknowledged_until is None


def test_a_snooze_into_the_past_is_refused() -> None:
    with pytest.raises(Refused, match=r"until: .* is not in the future"):
        triggered().snooze(BOB, START, START, "api")


@pytest.mark.parametrize(
    ("incident", "after", "reason"),
    [
        (ACKNOWLEDGED, HOUR, "acknowledgement-timeout"),
        (SNOOZED, 2 * HOUR, "snooze-ended"),
    ],
)
def test_what_runs_out_is_triggered_again(
    incident: Incident, after: timedelta, reason: str
) -> None:
    early = incident.awake(START + after - timedelta(seconds=1))
    assert early == Decision(incident)
    decision = incident.awake(START + after)
    (fact,) = decision.facts
    assert isinstance(fact, IncidentUnacknowledged)
    assert fact.reason == reason
    assert decision.incident.status == "triggered"
    assert decision.incident.acknowledged_by is None


@pytest.mark.parametrize("incident", [triggered(), RESOLVED])
def test_nothing_else_wakes(incident: Incident) -> None:
    assert incident.awake(START + 9 * HOUR) == Decision(incident)


REFUSED: dict[str, Callable[[], Decision]] = {
    "acknowledge": lambda: RESOLVED.acknowledge(BOB, START, None, "api"),
    "resolve": lambda: RESOLVED.resolve(BOB, START, "api"),
    "snooze": lambda: RESOLVED.snooze(BOB, START, START + HOUR, "api"),
}


@pytest.mark.parametrize("verb", REFUSED)
def test_a_resolved_incident_refuses_and_says_by_whom(verb: str) -> None:
    with pytest.raises(Refused, match="already resolved by ada at 2026-01-05T09:00:00Z"):
        REFUSED[verb]()


def test_notes_are_always_taken() -> None:
    (note,) = RESOLVED.note(BOB, "it was the disk", "api").facts
    assert isinstance(note, NoteAdded)
    assert not note.acknowledged


def test_it_settles_when_the_last_of_its_alerts_ends() -> None:
    two = triggered().add(CPU, "grouped by cluster").incident
    one = two.end(DISK.ended(message("disk", "resolve"))).incident
    assert one.settle(ADA, START, auto_resolve=True) == Decision(one)
    none = one.end(CPU.ended(message("cpu", "resolve"))).incident
    assert kinds(none.settle(ADA, START, auto_resolve=True)) == ["IncidentResolved"]
    assert none.settle(ADA, START, auto_resolve=False) == Decision(none)
    assert none.alerts.by_status() == {"firing": 0, "resolved": 2, "expired": 0}


def test_an_expired_alert_says_so() -> None:
    expiring = Alert.opened(message(expires_at=START + HOUR)).joined("inc_1")
    decision = triggered(expiring).end(expiring.expired())
    assert [getattr(fact, "reason", "") for fact in decision.facts] == ["expired"]
    assert decision.incident.alerts.by_status() == {"firing": 0, "resolved": 0, "expired": 1}
    again = decision.incident.readd(expiring, expired=True)
    assert isinstance(again.facts[0], AlertAdded)
    assert again.facts[0].reopened
    assert again.incident.alerts.by_status() == {"firing": 1, "resolved": 0, "expired": 0}


def test_a_person_resolves_it_with_its_alerts() -> None:
    assert RESOLVED.alerts.by_status() == {"firing": 0, "resolved": 1, "expired": 0}


STEPS = ["acknowledge", "acknowledge as bob", "snooze", "wake", "note", "resolve", "settle"]


@given(st.lists(st.sampled_from(STEPS), max_size=20))
def test_versions_count_without_a_gap_whatever_happens(steps: list[str]) -> None:
    incident = triggered()
    versions = [incident.version]
    now = START
    for step in steps:
        now += timedelta(minutes=20)
        try:
            decision = _step(incident, step, now)
        except Refused:
            assert not incident.is_open
            continue
        versions += [fact.version for fact in decision.facts]
        incident = decision.incident
        assert incident.version == versions[-1]
        assert (incident.acknowledged_by is not None) >= (incident.status == "acknowledged")
    assert all(later == earlier + 1 for earlier, later in pairwise(versions))


def _step(incident: Incident, step: str, at: datetime) -> Decision:
    match step:
        case "acknowledge":
            return incident.acknowledge(ADA, at, at + HOUR, "")
        case "acknowledge as bob":
            return incident.acknowledge(BOB, at, None, "")
        case "snooze":
            return incident.snooze(ADA, at, at + HOUR, "")
        case "wake":
            return incident.awake(at)
        case "note":
            return incident.note(ADA, "x", "")
        case "resolve":
            return incident.resolve(ADA, at, "")
        case _:
            return incident.settle(ADA, at, auto_resolve=True)


def test_an_acknowledgement_says_until_when() -> None:
    fact = triggered().acknowledge(ADA, START, START + HOUR, "slack").facts[0]
    assert isinstance(fact, IncidentAcknowledged)
    assert (fact.until, fact.via, fact.by) == (START + HOUR, "slack", ADA)
