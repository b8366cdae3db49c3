"""Who is away is passed over: who answers instead, and whose turns stay where they are."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.domain.absence import Absences
from escalation.domain.override import Override
from escalation.domain.schedule import Schedule
from tests.unit.escalation.examples import catalog as catalog_of
from tests.unit.escalation.examples import people, user
from tests.unit.escalation.test_schedule import BASE, OFFICE, schedule
from tests.unit.escalation.test_wall_clock import utc
from tocsin.spans import merged

NAMES = ("ada", "bob", "eve", "zoe")
# The turn of the week of 12 January is bob's: of ada, bob, eve, zoe.
IN_TURN: dict[str, Any] = {**BASE, "rotation": {**BASE["rotation"], "participants": list(NAMES)}}
MONDAY, NOON = utc("2026-01-12T08:00"), utc("2026-01-14T12:00")
WEEK = (MONDAY, MONDAY + timedelta(weeks=1))


def away(web: Schedule, *names: str, since: datetime = WEEK[0], until: datetime = WEEK[1]) -> Any:
    return replace(web, absences=Absences(dict.fromkeys(names, ((since, until),))))


@pytest.mark.parametrize(
    ("absent", "answers"),
    [
        ([], ("bob",)),
        (["ada"], ("bob",)),
        (["bob"], ("eve",)),
        (["bob", "eve"], ("zoe",)),
        (["bob", "eve", "zoe"], ("ada",)),
        (list(NAMES), ("bob",)),
    ],
)
def test_the_next_of_the_rotation_who_is_there_answers(
    absent: list[str], answers: tuple[str, ...]
) -> None:
    assert away(schedule(IN_TURN), *absent).on_call(NOON).responders == answers


def test_the_reason_says_who_is_away() -> None:
    answer = away(schedule(IN_TURN), "bob").on_call(NOON)
    assert answer.reason == (
        "schedule web",
        "layer base, turn 1, passed on to the next",
        "layer base, turn 1: bob is away",
    )


def test_where_all_are_away_it_is_as_if_nobody_were_and_the_answer_says_so() -> None:
    web = away(schedule({**BASE}), "ada", "bob")
    answer = web.on_call(NOON)
    assert answer.responders == ("bob",)
    assert answer.reason == (
        "schedule web",
        "layer base, turn 1",
        "layer base, turn 1: bob is away",
        "everybody is away, so nobody is passed over",
    )
    assert web.gaps(*WEEK) == []
    assert [one.on_call for one in web.shifts(*WEEK)] == [answer]


def test_where_all_of_all_layers_are_away_the_upper_one_answers_as_always() -> None:
    web = away(schedule(BASE, OFFICE), "ada", "bob", "eve")
    assert web.on_call(utc("2026-01-12T10:00")).responders == ("eve",)
    assert web.on_call(utc("2026-01-12T17:00")).responders == ("bob",)


def test_of_all_away_those_who_can_be_reached_answer() -> None:
    together = {**BASE, "rotation": {**BASE["rotation"], "participants": [["ada", "bob"]]}}
    web = away(schedule(together), "ada", "bob")
    assert web.on_call(NOON, lambda who: who != "bob").responders == ("ada",)
    assert web.on_call(NOON, lambda _: False).reason == (
        "schedule web: nobody is on call",
        "layer base, turn 1: ada is away",
        "layer base, turn 1: bob is away",
    )


def test_a_gap_on_purpose_stays_one_while_all_are_away() -> None:
    nobody = Override("holiday", *WEEK, covers=True)
    web = away(schedule(IN_TURN, overrides=(nobody,)), *NAMES)
    assert web.on_call(NOON).responders == ()


def test_as_if_nobody_were_away_the_layers_below_are_asked_as_well() -> None:
    off = Override("off", *WEEK, removed=("ada",))
    web = away(schedule(OFFICE, BASE, overrides=(off,)), "bob")
    answer = web.on_call(utc("2026-01-12T10:00"), lambda who: who != "bob")
    assert answer.responders == ("eve",)


def test_shifts_begin_and_end_with_the_absence_and_later_turns_stay() -> None:
    web = away(schedule(IN_TURN), "bob", since=NOON, until=NOON + timedelta(days=9))
    found = web.shifts(MONDAY, MONDAY + timedelta(weeks=3))
    assert [(one.begins, *one.on_call.responders) for one in found] == [
        (MONDAY, "bob"),
        (NOON, "eve"),  # For bob, and then it is her own turn, as it always was.
        (MONDAY + timedelta(weeks=1), "eve"),
        (MONDAY + timedelta(weeks=2), "zoe"),
    ]


def test_the_end_of_an_absence_is_no_longer_part_of_it() -> None:
    web = away(schedule(IN_TURN), "bob", since=NOON, until=NOON + timedelta(hours=1))
    second = timedelta(seconds=1)
    at = [NOON - second, NOON, NOON + timedelta(hours=1) - second, NOON + timedelta(hours=1)]
    assert [web.on_call(one).responders for one in at] == [("bob",), ("eve",), ("eve",), ("bob",)]


def test_of_people_together_those_who_are_there_answer() -> None:
    together = {**BASE, "rotation": {**BASE["rotation"], "participants": [["ada", "bob"], "eve"]}}
    tuesday = utc("2026-01-20T12:00")
    web = away(schedule(together), "bob", until=utc("2026-02-01T00:00"))
    assert web.on_call(tuesday).responders == ("ada",)
    both = away(schedule(together), "bob", "ada", until=utc("2026-02-01T00:00"))
    assert both.on_call(tuesday).responders == ("eve",)


def test_who_steps_in_must_be_reachable() -> None:
    web = away(schedule(IN_TURN), "bob")
    assert web.on_call(NOON, lambda who: who != "eve").responders == ("zoe",)


def test_who_cannot_be_reached_passes_nothing_on() -> None:
    web = away(schedule(IN_TURN), "ada")
    assert web.on_call(NOON, lambda who: who != "bob").responders == ()


def test_one_away_and_one_unreachable_pass_their_turn_on() -> None:
    together = {**BASE, "rotation": {**BASE["rotation"], "participants": ["eve", ["ada", "bob"]]}}
    web = away(schedule(together), "ada")
    assert web.on_call(NOON, lambda who: who != "bob").responders == ("eve",)


def test_a_turn_of_nobody_stays_nobodys() -> None:
    nobody = {**BASE, "rotation": {**BASE["rotation"], "participants": ["ada", []]}}
    assert away(schedule(nobody), "ada").on_call(NOON).responders == ()


def test_where_a_whole_layer_is_away_the_one_below_answers() -> None:
    web = away(schedule(BASE, OFFICE), "eve")
    assert web.on_call(utc("2026-01-12T10:00")).responders == ("bob",)


def test_a_shift_by_hand_has_nobody_next() -> None:
    shift = {"from": "2026-01-12T09:00", "until": "2026-01-19T09:00", "participants": ["eve"]}
    by_hand: dict[str, Any] = {"name": "hand", "shifts": [shift]}
    web = away(schedule(BASE, by_hand), "eve")
    assert web.on_call(NOON).responders == ("bob",)


def test_new_participants_are_the_ones_to_step_in() -> None:
    change = {"from": "2026-01-13T00:00", "participants": ["zoe", "bob"]}
    web = away(schedule({**BASE, "changes": [change]}), "bob")
    assert web.on_call(NOON).responders == ("zoe",)


def test_a_shadow_who_is_away_is_not_shown() -> None:
    learns = {**OFFICE, "name": "learns", "shadow": True}
    monday = utc("2026-01-12T10:00")
    assert schedule(BASE, learns).on_call(monday).shadows == ("eve",)
    assert away(schedule(BASE, learns), "eve").on_call(monday).shadows == ()


def override(added: tuple[str, ...], removed: tuple[str, ...] = ()) -> Override:
    return Override("swap", *WEEK, added, removed)


def test_an_override_replaces_somebody_away_and_nobody_else_steps_in() -> None:
    web = away(schedule(IN_TURN, overrides=(override(("zoe",), ("bob",)),)), "bob")
    assert web.on_call(NOON).responders == ("zoe",)


def test_an_override_puts_somebody_on_call_although_they_are_away() -> None:
    web = away(schedule(IN_TURN, overrides=(override(("bob",)),)), *NAMES)
    assert web.on_call(NOON).responders == ("bob",)


def test_an_override_that_cannot_be_done_decides_nothing() -> None:
    web = away(schedule(IN_TURN, overrides=(override(("zoe",), ("bob",)),)), "bob")
    assert web.on_call(NOON, lambda who: who != "zoe").responders == ("eve",)


def test_who_is_only_taken_off_is_passed_over_as_anybody_away() -> None:
    web = away(schedule(IN_TURN, overrides=(override((), ("bob",)),)), "bob")
    assert web.on_call(NOON).responders == ("eve",)


spans = st.builds(
    lambda begins, hours: (
        MONDAY + timedelta(hours=begins),
        MONDAY + timedelta(hours=begins + hours),
    ),
    st.integers(-500, 1000),
    st.integers(1, 400),
)
absences = st.dictionaries(
    st.sampled_from(NAMES), st.lists(spans, min_size=1, max_size=4).map(merged), max_size=4
).map(Absences)


@settings(deadline=None)
@given(absent=absences, hours=st.integers(-200, 1000))
def test_nobody_away_answers_while_others_are_there_and_nobody_there_loses_their_turn(
    absent: Absences, hours: int
) -> None:
    at = MONDAY + timedelta(hours=hours, minutes=30)
    by_turn = schedule(IN_TURN).on_call(at).responders
    answers = replace(schedule(IN_TURN), absences=absent).on_call(at).responders
    gone = {name for name, spans in absent.spans.items() if any(a <= at < b for a, b in spans)}
    if not by_turn:  # Before the rotation starts.
        assert answers == ()
    elif by_turn[0] not in gone or gone == set(NAMES):
        assert answers == by_turn
    else:
        first = NAMES.index(by_turn[0])
        order = [NAMES[(first + place) % len(NAMES)] for place in range(len(NAMES))]
        assert answers == tuple([name for name in order if name not in gone][:1])


def test_the_catalog_knows_who_is_away_on_their_own_clock() -> None:
    day = {"from": "2026-01-14T00:00", "until": "2026-01-15T00:00"}
    documents = {"bobs": {"user": "bob", "spans": [day]}, "gone": {"user": "nora", "spans": [day]}}
    held = catalog_of(
        User={**people(*NAMES), "bob": {**user(), "time_zone": "Pacific/Auckland"}},
        Schedule={"web": {"time_zone": "Europe/Paris", "layers": [IN_TURN]}},
        Absence=documents,
    )
    assert held.absences == {"bob": ((utc("2026-01-13T11:00"), utc("2026-01-14T11:00")),)}
    web = Schedule.in_catalog(held, "web")
    assert web is not None
    assert web.on_call(utc("2026-01-13T11:00")).responders == ("eve",)
    assert web.on_call(utc("2026-01-14T11:00")).responders == ("bob",)


def test_spans_that_touch_are_one() -> None:
    hours = [MONDAY + timedelta(hours=hour) for hour in range(6)]
    pairs = [(hours[3], hours[4]), (hours[0], hours[2]), (hours[1], hours[3])]
    assert merged(pairs) == ((hours[0], hours[4]),)
    assert merged([(hours[4], hours[5]), (hours[0], hours[1])]) == (
        (hours[0], hours[1]),
        (hours[4], hours[5]),
    )
