"""Policies that will surprise somebody at night are told of, and applied all the same."""

from typing import Any

import pytest

from tests.unit.common.test_catalog_validation import document, told, user

MAIL = {"name": "mail", "channel": "email", "address": "x"}
RULES = [{"urgency": one, "contact_method": "mail"} for one in ("high", "low")]
PEOPLE = [user("ada"), user("bob")]
MUTE = user("mute", contact_methods=[], notification_rules=[])
SETTINGS = document("Settings", "own", last_resort={"user": "ada"})


def level(*targets: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"targets": list(targets), **more}


def policy(*levels: dict[str, Any], **more: Any) -> dict[str, Any]:
    return document("EscalationPolicy", "p", levels=list(levels), **more)


def warnings(*documents: dict[str, Any]) -> list[str]:
    """Return what is told of the policy alone."""
    return [one for one in told(*documents) if one.startswith("EscalationPolicy p: ")]


ADA, BOB, TEAM = {"user": "ada"}, {"user": "bob"}, {"team": "both"}
BOTH = document("Team", "both", members=["ada", "bob"])


def test_a_policy_that_wakes_more_people_step_by_step_is_right() -> None:
    assert warnings(*PEOPLE, BOTH, SETTINGS, policy(level(ADA), level(TEAM), level(TEAM))) == []


def test_a_level_that_is_quieter_than_the_one_before_it() -> None:
    assert warnings(*PEOPLE, BOTH, SETTINGS, policy(level(TEAM), level(ADA))) == [
        (
            "EscalationPolicy p: spec.levels[1]: warning:"
            " pages fewer than level 1 before it, and nobody new: it gets quieter"
        )
    ]


def test_a_level_of_people_whom_nothing_reaches() -> None:
    assert warnings(user("ada"), MUTE, SETTINGS, policy(level({"user": "mute"}), level(ADA))) == [
        (
            "EscalationPolicy p: spec.levels[0]: warning:"
            " nobody of this level can be paged: user mute has no contact method"
        )
    ]


@pytest.mark.parametrize("own", [{}, {"last_resort": {"team": "empty"}}])
def test_an_ending_in_silence(own: dict[str, Any]) -> None:
    empty = document("Team", "empty")
    silent = document("Settings", "own", last_resort={"user": "mute"})
    (said,) = warnings(user("ada"), MUTE, empty, silent, policy(level(ADA), **own))
    assert "it ends in silence: the last resort cannot be paged" in said
    assert "user mute has no contact method" in said


def test_a_silent_last_resort_that_gives_way_to_another_is_no_ending() -> None:
    documents = [user("ada"), MUTE, SETTINGS]
    assert warnings(*documents, policy(level(ADA), last_resort={"user": "mute"})) == []


def test_a_policy_all_of_conditions() -> None:
    at_night = level(ADA, when={"urgency": "high"})
    assert warnings(*PEOPLE, SETTINGS, policy(at_night)) == [
        (
            "EscalationPolicy p: spec.levels: warning:"
            " each level has a condition: where none holds, only the last resort is paged"
        )
    ]
    assert warnings(*PEOPLE, SETTINGS, policy(at_night, level(BOB))) == []


def test_a_condition_on_labels_that_no_service_has() -> None:
    wanted = level(ADA, when={"labels": ['tier="1"']})
    checkout = document("Service", "checkout", escalation_policy="p", labels={"tier": "2"})
    search = document("Service", "search", escalation_policy="p", labels={"tier": "1"})
    assert warnings(*PEOPLE, SETTINGS, checkout, policy(wanted, level(BOB))) == [
        (
            "EscalationPolicy p: spec.levels[0].when.labels: warning:"
            " no service with this policy has such labels: the level is never paged"
        )
    ]
    assert warnings(*PEOPLE, SETTINGS, checkout, search, policy(wanted, level(BOB))) == []


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({"hours": {"windows": []}}, "spec.levels[0].when.hours.time_zone: is missing"),
        ({"urgancy": "low"}, 'spec.levels[0].when.urgancy: unknown field; did you mean "urgency"?'),
        ({"labels": ["tier"]}, "spec.levels[0].when.labels[0]: 'tier' is not a matcher"),
        ({"severity": ["critcal"]}, 'did you mean "critical"?'),
    ],
)
def test_a_condition_with_mistakes(when: dict[str, Any], said: str) -> None:
    assert any(said in one for one in told(*PEOPLE, policy(level(ADA, when=when))))


def test_only_a_schedule_has_a_next() -> None:
    (said,) = told(*PEOPLE, SETTINGS, policy(level({"user": "ada", "with_next": True})))  # type: ignore[dict-item]
    assert said.endswith("`with_next` belongs to a schedule: only there is somebody next")
