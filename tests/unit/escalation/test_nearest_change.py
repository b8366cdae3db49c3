"""What would have altered a page, or a level's absence from the climb: said with the decision."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from escalation.domain.absence import Absences
from escalation.domain.conditions import against, needed
from escalation.domain.escalation import Decision
from escalation.domain.incident import Incident
from escalation.domain.nearest_change import nearest_change
from escalation.domain.resolution import reachable, resolve
from escalation.domain.schedule import Schedule, everybody
from tests.unit.escalation.examples import (
    NOW,
    catalog,
    level,
    minutes,
    people,
    policy,
    started,
    triggered,
    two_levels,
)
from tests.unit.escalation.test_resolution import WEB, targets
from tocsin.catalog import Catalog, Condition
from tocsin.events import EscalationExhausted, LevelSkipped, PageRequested

SWAP = {"schedule": "web", "from": "2026-03-02T08:00", "until": "2026-03-02T12:00", "add": "eve"}
OFFICE = {"time_zone": "Europe/Paris", "windows": [{"from": "10:00", "until": "18:00"}]}
FIVE_LATER = "2026-03-02 08:05:00 UTC"


def in_force(**swap: Any) -> Catalog:
    known = people("ada", "bob", "eve")
    return catalog(User=known, Schedule={"web": WEB}, Override={"swap": {**SWAP, **swap}})


def found(known: Catalog) -> dict[str, str]:
    resolution = resolve(targets("schedule:web"), known, NOW)
    return {one.responder: one.instead for one in resolution.found}


def pages(decision: Decision) -> dict[str, str]:
    return {one.responder: one.instead for one in decision.facts if isinstance(one, PageRequested)}


def test_without_an_override_whose_turn_it_is_would_have_been_on_call() -> None:
    sentence = "Without the override swap, ada would have been on call for schedule web."
    assert found(in_force(remove="ada")) == {"eve": sentence}


def test_an_override_says_nothing_of_those_whom_it_left_there() -> None:
    sentence = "Without the override swap, ada would have been on call for schedule web."
    assert found(in_force()) == {"ada": "", "eve": sentence}


def test_an_override_that_is_not_in_force_has_altered_nothing() -> None:
    assert found(in_force(until="2026-03-02T08:30")) == {"ada": ""}


def test_an_override_that_another_repeats_is_not_what_would_have_altered_it() -> None:
    twice = {"swap": {**SWAP, "remove": "ada"}, "twin": {**SWAP, "remove": "ada"}}
    known = catalog(User=people("ada", "eve"), Schedule={"web": WEB}, Override=twice)
    assert found(known) == {"eve": ""}


def test_had_somebody_not_been_away() -> None:
    web = Schedule.in_catalog(catalog(User=people("ada", "bob"), Schedule={"web": WEB}), "web")
    assert web is not None
    away = {"ada": ((NOW - timedelta(days=1), NOW + timedelta(days=1)),)}
    absent = replace(web, absences=Absences(away))
    assert absent.on_call(NOW).responders == ("bob",)
    assert nearest_change(absent, NOW, everybody, "bob") == (
        "Had ada not been away, ada would have been on call for schedule web."
    )


def test_could_those_above_have_been_paged() -> None:
    below = {
        "name": "below",
        "rotation": {"type": "weekly", "start": "2026-01-05T09:00", "participants": ["eve"]},
    }
    above: Any = WEB["layers"]
    two = {**WEB, "layers": [below, *above]}
    known = catalog(User={**people("eve"), "ada": {}}, Schedule={"web": two})
    web = Schedule.in_catalog(known, "web")
    assert web is not None
    assert nearest_change(web, NOW, reachable(known), "eve") == (
        "Could everybody of it be paged, ada would have been on call for schedule web."
    )


def test_a_page_that_came_because_nobody_answered_says_that_an_answer_had_stopped_it() -> None:
    known = two_levels()
    climb = started(known)
    answered = f"Acknowledged before {FIVE_LATER}, it would have gone no further."
    later = NOW + minutes(5)
    assert pages(climb.advance(later, known)) == {"bob": answered}
    assert climb.halt("acknowledged").escalation.advance(later, known).facts == ()
    assert pages(climb.escalate_now(later, known)) == {"bob": ""}, "somebody asked for it"


def test_so_does_the_last_resort() -> None:
    known = two_levels()
    climb = started(known).advance(NOW + minutes(5), known).escalation
    decision = climb.advance(NOW + minutes(15), known)
    answered = "Acknowledged before 2026-03-02 08:15:00 UTC, it would have gone no further."
    assert pages(decision) == {"carol": answered}
    (exhausted,) = (one for one in decision.facts if isinstance(one, EscalationExhausted))
    assert exhausted.instead == answered


def test_an_answer_is_nearer_than_an_override() -> None:
    levels = policy(level("bob"), level("schedule:web"))
    known = catalog(
        User=people("ada", "bob", "eve"),
        Schedule={"web": WEB},
        Override={"swap": {**SWAP, "remove": "ada"}},
        Service={"checkout": {"escalation_policy": "payments"}},
        EscalationPolicy={"payments": levels},
    )
    assert pages(started(known).advance(NOW + minutes(5), known)) == {
        "eve": f"Acknowledged before {FIVE_LATER}, it would have gone no further."
        " Without the override swap, ada would have been on call for schedule web."
    }


def test_a_level_that_is_passed_over_says_what_would_have_had_to_hold() -> None:
    first = {**level("ada"), "when": {"urgency": "low", "hours": OFFICE}}
    known = catalog(
        User=people("ada", "bob"),
        Service={"checkout": {"escalation_policy": "payments"}},
        EscalationPolicy={"payments": policy(first, level("bob"))},
    )
    climb = started(known)
    decision = replace(climb, cycle=0).start(NOW, known)
    (skipped,) = (one for one in decision.facts if isinstance(one, LevelSkipped))
    assert skipped.instead == (
        "With urgency low and its hours begun (Mon 2026-03-02 10:00, Europe/Paris),"
        " level 1 would have taken part."
    )


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ({"urgency": "low"}, ("urgency low",)),
        ({"severity": ["error", "info"]}, ("severity error or info",)),
        ({"hours": OFFICE}, ("its hours begun (Mon 2026-03-02 10:00, Europe/Paris)",)),
        ({"labels": ['tier="1"']}, ('labels of service checkout that match tier="1"',)),
        ({"urgency": "high"}, ()),
    ],
)
def test_what_is_needed_is_what_does_not_hold(
    condition: dict[str, Any], wanted: tuple[str, ...]
) -> None:
    incident = Incident.unknown("i1").described_by(triggered())
    spec = Condition.model_validate(condition)
    assert needed(spec, incident, {}, NOW) == wanted
    assert len(against(spec, incident, {}, NOW)) == len(wanted)


def test_where_all_that_is_needed_holds_the_level_takes_part() -> None:
    spec = Condition.model_validate({"urgency": "low", "hours": OFFICE, "labels": ['tier="1"']})
    low = Incident.unknown("i1").described_by(triggered(urgency="low"))
    begun = datetime.fromisoformat("2026-03-02T10:00+01:00")
    assert against(spec, low, {"tier": "1"}, begun) == ()


def test_without_a_condition_nothing_is_needed() -> None:
    assert needed(None, Incident.unknown("i1"), {}, NOW) == ()
