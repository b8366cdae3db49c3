"""The nearest change that would have altered what intake decided: for each code a sentence."""

import inspect
import re
from dataclasses import replace
from typing import Any, get_args

import pytest

from incident_intake.domain import deduplication
from incident_intake.domain import why as answering
from incident_intake.domain.alert import Alert
from incident_intake.domain.instead import PASSED_OVER, of_ending, of_passing, of_placing
from incident_intake.domain.judgement import Code, Judgement
from tests.unit.incident_intake.test_silences import DB, HOUR, silenced
from tests.unit.incident_intake.test_why import ADA, grouped, why
from tests.unit.incident_intake.world import API, World, message, seconds
from tocsin.events import AcknowledgeIncident, OpenIncident, ResolveIncident, SnoozeIncident
from tocsin.testing import START

HELD_BACK = "A silence that matches the alert would have held it back: nobody had been told."
CLUSTER = {"cluster": "eu"}
CODES = {
    *("opened", "grouped", "fired-again", "silenced", "passed-over"),
    *("deduplicated", "alert-ended", "incident-opened", "acknowledged", "snoozed", "resolved"),
}


def told(answer: Any, code: str) -> str:
    (found,) = [one["instead"] for one in answer["items"] if one["code"] == code]
    return str(found)


async def one_more_in_a_group(*, before: str = "trigger") -> World:
    """Return an incident that two alerts of one cluster are in; the second did this, then fires."""
    world = grouped()
    await world.rings(message("one", labels=CLUSTER), message("two", labels=CLUSTER))
    await world.rings(message("two", before, labels=CLUSTER))
    await world.rings(message("two", labels=CLUSTER, at=START + seconds(1)))
    return world


async def test_what_opened_an_incident() -> None:
    world = World()
    await world.rings(message())
    assert told(await why(world), "opened") == HELD_BACK


async def test_what_opened_one_of_a_group() -> None:
    world = grouped()
    await world.rings(message(labels=CLUSTER))
    assert told(await why(world), "opened") == (
        "An open incident with the same cluster would have taken it in, within its window."
        f" {HELD_BACK}"
    )


async def test_what_joined_an_incident() -> None:
    answer = await why(await one_more_in_a_group(), "two")
    assert told(answer, "grouped") == (
        "After that one was resolved, or with another cluster, it would have opened one of its own."
    )
    assert told(answer, "deduplicated") == (
        "After the alert had ended, or with another dedup key than two, it would have been news."
    )


async def test_what_fired_again() -> None:
    answer = await why(await one_more_in_a_group(before="resolve"), "two")
    assert told(answer, "fired-again") == (
        "After that one was resolved, it would have opened a new one."
    )


async def test_what_was_silenced_and_what_happens_without_the_silence() -> None:
    world = World()
    silence = await silenced(world, created_by="ada")
    await world.rings(message(labels=DB))
    answer = await why(world)
    assert told(answer, "silenced") == (
        f"Without silence {silence} (until 2026-01-05 10:00:00 UTC, by ada), or another that"
        " matches it, it would have opened an incident or joined an open one."
    )
    await world.passes(HOUR)
    assert [one["code"] for one in (await why(world))["items"]] == ["opened"]


def test_a_silence_that_is_not_known_any_more_is_named_as_the_rule_names_it() -> None:
    placed = Judgement("silenced", START, 'silence sil_1: team="db"', 1)
    found = of_placing(Alert.opened(message()), placed, None)
    assert found.startswith('Without silence sil_1: team="db", or another')


async def test_what_ended() -> None:
    world = World()
    await world.rings(message("tool"), message("person"), message("late", expires_at=START + HOUR))
    await world.rings(message("tool", "resolve"))
    person = next(one for one in world.incidents() if one.title.startswith("person"))
    await world.rings(ResolveIncident(incident_id=person.incident_id, by=ADA))
    await world.passes(2 * HOUR)
    still = "it would still have been firing."
    assert told(await why(world, "tool"), "alert-ended") == f"Had its tool not said so, {still}"
    late = told(await why(world, "late"), "alert-ended")
    assert late == f"Sent again before 2026-01-05 10:00:00 UTC, {still}"
    by_person = await why(world, "person")
    assert told(by_person, "alert-ended") == f"Had its incident not been resolved, {still}"
    assert told(by_person, "resolved") == "Had ada not resolved it, it would still be open."


def test_of_an_end_whose_reason_is_not_kept_nothing_is_said() -> None:
    assert of_ending(replace(Alert.opened(message()), ended_at=START)) == ""


async def test_what_somebody_has() -> None:
    world = World()
    await world.rings(message())
    (incident,) = world.incidents()
    await world.rings(AcknowledgeIncident(incident_id=incident.incident_id, by=ADA))
    assert told(await why(world), "acknowledged") == (
        "Had ada not acknowledged it, the climb had gone on."
    )
    await world.rings(SnoozeIncident(incident_id=incident.incident_id, by=ADA, until=START + HOUR))
    assert told(await why(world), "snoozed") == (
        "Snoozed until an earlier time, it would have been triggered again then."
    )


async def test_what_opened_an_incident_that_is_asked_for_itself() -> None:
    world = World()
    await world.rings(message())
    await world.rings(OpenIncident(incident_id="inc_2", by=ADA, title="Odd", service="checkout"))
    of_alert = (await world.http.get("/v1/incidents/1/why", headers=API)).json()
    by_hand = (await world.http.get("/v1/incidents/2/why", headers=API)).json()
    assert told(of_alert, "incident-opened") == HELD_BACK
    assert told(by_hand, "incident-opened") == "Had nobody opened it by hand, there would be none."


@pytest.mark.parametrize("rule", PASSED_OVER)
def test_what_was_passed_over(rule: str) -> None:
    passed = Judgement("passed-over", START, rule, 1)
    assert of_passing(passed) == PASSED_OVER[rule]
    assert of_placing(Alert.opened(message()), passed, None) == PASSED_OVER[rule]


def test_every_reason_to_pass_a_message_over_is_known() -> None:
    reasons = set(re.findall(r'Stale\("([^"]+)"', inspect.getsource(deduplication)))
    # Without an alert there is nothing that keeps it.
    assert reasons - {"no open alert has this key"} == set(PASSED_OVER)
    assert of_passing(Judgement("passed-over", START, "of a later release", 1)) == ""


def test_every_code_has_its_sentence_above() -> None:
    source = inspect.getsource(answering)
    codes = {*get_args(Code), *re.findall(r'code="([^"]+)"', source)}
    assert codes | set(re.findall(r'_state\(incident, [a-z_.]+, "([^"]+)"', source)) == CODES
