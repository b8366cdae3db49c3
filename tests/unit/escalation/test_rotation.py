"""Turns and handoffs, through every change of the clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.domain.rotation import Rotation
from tests.unit.escalation.test_wall_clock import ZONES, utc, wall
from tocsin import catalog

PARIS = ZoneInfo("Europe/Paris")


def rotation(
    kind: str, start: str, length: int = 1, zone: ZoneInfo = PARIS, **more: object
) -> Rotation:
    people = {"participants": ["ada", "bob", "eve"]}
    spec = catalog.Rotation.model_validate(
        {"type": kind, "length": length, "start": start, **people, **more}
    )
    return Rotation.of(spec, zone)


def holder(turns: Rotation, at: str) -> str | None:
    turn = turns.turn_at(utc(at))
    return None if turn is None else ", ".join(turns.holder(turn))


@pytest.mark.parametrize(
    ("at", "who"),
    [
        ("2026-01-05T07:59:59", None),
        ("2026-01-05T08:00:00", "ada"),
        ("2026-01-12T07:59:59", "ada"),
        ("2026-01-12T08:00:00", "bob"),
        ("2026-01-19T08:00:00", "eve"),
        ("2026-01-26T08:00:00", "ada"),
        # Summer time: 09:00 in Paris is 07:00 UTC.
        ("2026-03-30T06:59:59", "eve"),
        ("2026-03-30T07:00:00", "ada"),
    ],
)
def test_a_weekly_rotation_hands_off_at_the_same_wall_time(at: str, who: str | None) -> None:
    assert holder(rotation("weekly", "2026-01-05T09:00"), at) == who


def test_an_eight_hour_rotation_keeps_its_hours_and_the_shift_is_shorter_in_spring() -> None:
    turns = rotation("hourly", "2026-03-28T18:00", 8)
    found = [turns.handoff(turn) for turn in range(4)]
    assert found == [
        utc("2026-03-28T17:00"),
        utc("2026-03-29T01:00"),  # 02:00 does not exist: the first instant after, 03:00.
        utc("2026-03-29T08:00"),
        utc("2026-03-29T16:00"),
    ]


def test_a_handoff_at_a_repeated_time_is_its_first_occurrence_and_stays_done() -> None:
    turns = rotation("hourly", "2026-10-25T01:30", 1)
    assert holder(turns, "2026-10-25T00:29:59") == "ada"
    assert holder(turns, "2026-10-25T00:30:00") == "bob"  # 02:30, the first time.
    assert holder(turns, "2026-10-25T01:10:00") == "bob"  # 02:10 again: no step back.
    assert holder(turns, "2026-10-25T02:30:00") == "eve"


def test_a_monthly_rotation_keeps_its_day_and_takes_the_last_of_a_short_month() -> None:
    turns = rotation("monthly", "2026-01-31T09:00")
    found = [turns.handoff(turn) for turn in range(4)]
    assert found == [
        utc("2026-01-31T08:00"),
        utc("2026-02-28T08:00"),
        utc("2026-03-31T07:00"),
        utc("2026-04-30T07:00"),
    ]
    assert holder(turns, "2026-02-28T07:59:59") == "ada"
    assert holder(turns, "2026-02-28T08:00:00") == "bob"
    assert holder(turns, "2026-12-31T07:59:59") == "bob"  # Turn 10, of 30 November.


def test_turns_of_their_own_lengths_come_round_again() -> None:
    turns = rotation("custom", "2026-01-05T09:00", lengths=["2d", "2d", "3d"])
    found = [turns.handoff(turn) for turn in range(5)]
    assert found == [
        utc("2026-01-05T08:00"),
        utc("2026-01-07T08:00"),
        utc("2026-01-09T08:00"),
        utc("2026-01-12T08:00"),
        utc("2026-01-14T08:00"),
    ]
    assert holder(turns, "2026-01-09T07:59:59") == "bob"
    assert holder(turns, "2026-01-09T08:00:00") == "eve"
    assert holder(turns, "2026-01-12T08:00:00") == "ada"


def test_people_together_and_nobody_have_turns_of_their_own() -> None:
    turns = rotation("daily", "2026-01-05T09:00", participants=[["ada", "bob"], [], "eve"])
    assert [turns.holder(turn) for turn in range(4)] == [
        ("ada", "bob"),
        (),
        ("eve",),
        ("ada", "bob"),
    ]


@pytest.mark.parametrize(
    ("others", "turn_4"),
    [
        (["bob", "eve"], "bob"),  # bob has turn 4, and keeps it.
        (["ada", "eve"], "eve"),  # bob is gone: eve was next.
        (["eve", "ada", "zoe"], "eve"),
        (["zoe", "yan"], "zoe"),  # Nobody is left: the first.
    ],
)
def test_new_participants_leave_the_handoffs_and_the_turn_in_progress(
    others: list[str], turn_4: str
) -> None:
    turns = rotation("daily", "2026-01-05T09:00")
    changed = turns.with_participants(tuple((one,) for one in others), 4)
    assert changed.holder(4) == (turn_4,)
    assert changed.handoff(5) == turns.handoff(5)
    after = [changed.holder(4 + turn)[0] for turn in range(len(others))]
    assert sorted(after) == sorted(others)


def test_a_start_with_an_offset_is_put_on_the_schedules_wall() -> None:
    turns = rotation("daily", "2026-01-05T08:00:00+00:00")
    assert turns.start == wall("2026-01-05T09:00")


rotations = st.builds(
    rotation,
    st.sampled_from(["hourly", "daily", "weekly", "monthly"]),
    st.datetimes(wall("2005-01-01"), wall("2020-01-01")).map(
        lambda start: start.replace(second=0, microsecond=0).isoformat()
    ),
    st.integers(1, 40),
    st.sampled_from(ZONES).map(ZoneInfo),
)
instants = st.datetimes(wall("2005-01-03"), wall("2027-01-01"), timezones=st.just(UTC))


@given(turns=rotations, at=instants)
def test_the_turn_in_progress_is_the_one_between_its_handoffs(
    turns: Rotation, at: datetime
) -> None:
    turn = turns.turn_at(at)
    if turn is None:
        assert at < turns.handoff(0)
    else:
        assert turns.handoff(turn) <= at < turns.handoff(turn + 1)


@given(turns=rotations, turn=st.integers(0, 2000))
def test_handoffs_never_go_back(turns: Rotation, turn: int) -> None:
    assert turns.handoff(turn) <= turns.handoff(turn + 1)


@given(turns=rotations, at=instants, days=st.integers(0, 40))
def test_handoffs_of_a_span_are_those_inside_it(turns: Rotation, at: datetime, days: int) -> None:
    until = at + timedelta(days=days)
    found = list(turns.handoffs(at, until))
    assert found == sorted(found)
    assert all(at < instant < until for instant in found)
    first, last = turns.turn_at(at), turns.turn_at(until)
    if last is not None:
        begun = {turns.handoff(turn) for turn in range((first or -1) + 1, last + 1)}
        assert set(found) == {instant for instant in begun if at < instant < until}
