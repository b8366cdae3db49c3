"""Levels that take part only at times, or for some incidents; and that nobody is lost by it."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.domain.conditions import against
from escalation.domain.escalation import Decision, Escalation
from escalation.domain.hearing import hear
from escalation.domain.incident import Incident
from escalation.domain.status import Exhausted, Waiting
from tests.unit.escalation.examples import (
    NOW,
    catalog,
    level,
    minutes,
    people,
    policy,
    started,
    triggered,
)
from tocsin.catalog import Catalog, Condition
from tocsin.events import (
    EscalationExhausted,
    LevelSkipped,
    PageRequested,
    PageWithdrawn,
    SeverityChanged,
)

PARIS = ZoneInfo("Europe/Paris")
OFFICE = {
    "time_zone": "Europe/Paris",
    "windows": [
        {"weekdays": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "until": "18:00"}
    ],
}
NIGHT = {"time_zone": "Europe/Paris", "windows": [{"from": "22:00", "until": "07:00"}]}
LABELS = {"tier": "1", "env": "prod"}
INCIDENT = Incident.unknown("i1").described_by(triggered())


def because(now: datetime = NOW, incident: Incident = INCIDENT, **spec: Any) -> tuple[str, ...]:
    return against(Condition.model_validate(spec), incident, LABELS, now)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def test_without_a_condition_a_level_takes_part() -> None:
    assert against(None, INCIDENT, {}, NOW) == ()
    assert because() == ()


def test_urgency_and_severity() -> None:
    low = Incident.unknown("i1").described_by(triggered(severity="warning", urgency="low"))
    assert because(urgency="high") == because(severity=["critical", "error"]) == ()
    assert because(incident=low, urgency="high", severity=["critical", "error"]) == (
        "it is for high urgency, and the incident's is low",
        "it is for severity critical or error, and the incident's is warning",
    )


def test_labels_of_the_service() -> None:
    assert because(labels=['tier="1"', 'env=~"prod|stage"']) == ()
    assert because(labels=['tier="1"', 'env!="prod"']) == (
        'the labels of service checkout do not match env!="prod"',
    )


@pytest.mark.parametrize(
    ("hours", "now", "open_"),
    [
        (OFFICE, "2026-03-02T09:00", True),  # A Monday.
        (OFFICE, "2026-03-02T08:59:59", False),
        (OFFICE, "2026-03-02T17:59:59", True),
        (OFFICE, "2026-03-02T18:00", False),
        (OFFICE, "2026-03-07T12:00", False),
        (NIGHT, "2026-03-02T23:00", True),
        (NIGHT, "2026-03-03T06:59", True),
        (NIGHT, "2026-03-03T07:00", False),
        (NIGHT, "2026-03-29T06:30", True),  # The night the clocks went forward.
        (OFFICE, "2026-03-30T09:00", True),
    ],
)
def test_hours_are_on_the_clock_of_their_zone(hours: Any, now: str, open_: bool) -> None:
    said = because(at(now), hours=hours)
    assert bool(said) is not open_
    assert all(one.endswith("(Europe/Paris) is outside its hours") for one in said)


def in_force(*levels: dict[str, Any], version: int = 7, **service: Any) -> Catalog:
    return catalog(
        version,
        User=people("ada", "bob", "eve", "carol"),
        Service={"checkout": {"escalation_policy": "payments", "labels": LABELS, **service}},
        EscalationPolicy={"payments": policy(*levels)},
        Settings={"installation": {"last_resort": {"user": "carol"}}},
    )


def when(name: str, **condition: Any) -> dict[str, Any]:
    return {**level(name), "when": condition}


def first(known: Catalog, now: datetime = NOW, **more: Any) -> Decision:
    climb = started(known, now, **more)
    return Escalation(climb.incident, climb.policy, climb.status, climb.version).start(now, known)


def paged(decision: Decision) -> list[str]:
    return [one.responder for one in decision.facts if isinstance(one, PageRequested)]


def test_a_level_that_takes_no_part_is_passed_over_at_once_and_says_why() -> None:
    known = in_force(when("ada", hours=NIGHT, urgency="low"), level("bob"))
    decision = first(known)
    assert paged(decision) == ["bob"]
    (skipped,) = (one for one in decision.facts if isinstance(one, LevelSkipped))
    assert (skipped.level, skipped.passed_over) == (1, True)
    assert skipped.reason == (
        "it is for low urgency, and the incident's is high;"
        " Mon 09:00 (Europe/Paris) is outside its hours"
    )


def test_levels_by_severity() -> None:
    known = in_force(
        when("ada", severity=["critical"]), when("bob", severity=["error"]), level("eve")
    )
    assert paged(first(known, severity="critical")) == ["ada"]
    assert paged(first(known, severity="error")) == ["bob"]
    assert paged(first(known, severity="warning")) == ["eve"]


def test_the_hour_counts_at_which_the_level_is_reached() -> None:
    known = in_force(level("eve"), when("ada", hours=OFFICE), level("bob"))
    climb = started(known, at("2026-03-02T17:58"))
    assert paged(climb.advance(at("2026-03-02T18:03"), known)) == ["bob"]
    assert paged(started(known).advance(NOW + minutes(5), known)) == ["ada"]


def test_where_no_level_takes_part_the_last_resort_is_paged_at_once() -> None:
    known = in_force(when("ada", urgency="low"), when("bob", labels=['tier="2"']))
    decision = first(known)
    assert paged(decision) == ["carol"]
    assert isinstance(decision.escalation.status, Exhausted)
    (exhausted,) = (one for one in decision.facts if isinstance(one, EscalationExhausted))
    assert exhausted.reason == "no level that takes part now has anybody to page"
    assert [one.level for one in decision.facts if isinstance(one, LevelSkipped)] == [1, 2]


def test_conditions_and_labels_are_frozen_into_the_climb() -> None:
    climb = started(in_force(level("ada"), when("bob", labels=['tier="1"'])))
    edited = in_force(when("eve", urgency="low"), level("eve"), version=8, labels={"tier": "2"})
    assert paged(climb.advance(NOW + minutes(5), edited)) == ["bob"]


def urgent(climb: Escalation, known: Catalog, now: datetime = NOW) -> Decision:
    """Return what follows when support hours begin: only the urgency changes."""
    rise = SeverityChanged(
        incident_id="i1", version=2, severity="error", urgency="high", previous="error"
    )
    return hear(climb, rise, now, known)


@pytest.mark.parametrize("can_wait", [{"urgency": "low"}, {"severity": ["error"]}])
def test_what_becomes_urgent_begins_with_the_levels_for_it(can_wait: dict[str, Any]) -> None:
    known = in_force(when("ada", urgency="high"), when("bob", **can_wait))
    climb = started(known, severity="error", urgency="low")
    assert [page.responder for page in climb.pages] == ["bob"]
    decision = urgent(climb, known)
    assert paged(decision) == ["ada"]
    assert [one.responder for one in decision.facts if isinstance(one, PageWithdrawn)] == ["bob"]
    assert decision.escalation.status == Waiting(1, 1, NOW + minutes(5))


def test_what_becomes_urgent_leaves_the_last_resort_for_the_levels_for_it() -> None:
    known = in_force(when("ada", urgency="high"), when("bob", urgency="high"))
    climb = started(known, severity="error", urgency="low")
    assert [page.responder for page in climb.pages] == ["carol"]
    decision = urgent(climb, known, NOW + minutes(60))
    assert paged(decision) == ["ada"]
    then = decision.escalation.advance(NOW + minutes(65), known)
    assert paged(then) == ["bob"]
    last = then.escalation.advance(NOW + minutes(70), known)
    assert paged(last) == ["carol"]
    assert [type(one) for one in last.facts] == [EscalationExhausted, PageRequested]


def test_what_becomes_urgent_pages_the_level_reached_where_none_before_it_is_for_it() -> None:
    known = in_force(when("ada", hours=NIGHT, urgency="high"), level("bob"), level("eve"))
    climb = started(known, severity="error", urgency="low")
    decision = urgent(climb, known)
    assert paged(decision) == ["bob"]
    assert decision.escalation.status == Waiting(2, 1, NOW + minutes(5))


conditions = st.fixed_dictionaries(
    {},
    optional={
        "urgency": st.sampled_from(["high", "low"]),
        "severity": st.lists(st.sampled_from(["critical", "error", "warning"]), max_size=2),
        "hours": st.sampled_from([OFFICE, NIGHT]),
        "labels": st.lists(st.sampled_from(['tier="1"', 'tier="2"', 'env!="dev"']), max_size=2),
    },
)
levels = st.lists(
    st.tuples(st.sampled_from(["ada", "bob", "eve"]), conditions), min_size=1, max_size=4
)


@settings(max_examples=150, deadline=None)
@given(
    levels=levels,
    severity=st.sampled_from(["critical", "warning", "info"]),
    urgency=st.sampled_from(["high", "low"]),
    waits=st.lists(st.integers(1, 36_000), max_size=12),
)
def test_whatever_the_conditions_somebody_is_paged_at_once_and_at_every_deadline(
    levels: list[tuple[str, Any]], severity: str, urgency: str, waits: list[int]
) -> None:
    known = in_force(*(when(name, **condition) for name, condition in levels))
    decision, now = first(known, severity=severity, urgency=urgency), NOW
    for wait in [0, *waits]:
        now += timedelta(seconds=wait)
        before = decision.escalation
        if wait:
            decision = before.advance(now, known)
            if before.deadline is None or now < before.deadline:
                assert decision.facts == ()
                continue
        assert paged(decision)
        for fact in decision.facts:
            spec = before.policy.levels[fact.level - 1] if isinstance(fact, LevelSkipped) else None
            assert spec is None or against(spec.when, before.incident, LABELS, now)
        status = decision.escalation.status
        if isinstance(status, Waiting):
            reached = before.policy.levels[status.level - 1]
            assert not against(reached.when, before.incident, LABELS, now)
