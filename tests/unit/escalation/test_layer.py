"""A rotation within the hours of the week."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from escalation.domain.layer import Layer
from tests.unit.escalation.test_wall_clock import utc
from tocsin import catalog

DAILY = {"type": "daily", "start": "2025-01-01T00:00", "participants": ["ada"]}


def layer(*restrictions: dict[str, object], zone: str = "Europe/Paris", **more: Any) -> Layer:
    found = {"name": "office", "rotation": DAILY, "restrictions": list(restrictions), **more}
    return Layer.of(catalog.Layer.model_validate(found), ZoneInfo(zone))


def people(of: Layer, at: str) -> tuple[str, ...] | None:
    turn = of.turn_at(utc(at))
    return turn.people if turn else None


WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]


@pytest.mark.parametrize(
    ("at", "covered"),
    [
        ("2026-03-02T07:59:59", False),  # Monday, 08:59:59 in Paris.
        ("2026-03-02T08:00:00", True),
        ("2026-03-02T16:59:59", True),
        ("2026-03-02T17:00:00", False),
        ("2026-02-28T12:00:00", False),  # Saturday.
    ],
)
def test_office_hours_end_before_their_last_instant(at: str, *, covered: bool) -> None:
    office = layer({"weekdays": WEEKDAYS, "from": "09:00", "until": "18:00"})
    assert office.covers(utc(at)) is covered


@pytest.mark.parametrize(
    ("at", "covered"),
    [
        ("2026-03-06T20:59:59", False),
        ("2026-03-06T21:00:00", True),  # Friday 22:00.
        ("2026-03-07T05:59:59", True),  # Saturday 06:59:59 belongs to Friday's night.
        ("2026-03-07T06:00:00", False),
        ("2026-03-07T21:00:00", False),  # Saturday's night is not listed.
    ],
)
def test_a_night_belongs_to_the_day_it_starts_on(at: str, *, covered: bool) -> None:
    night = layer({"weekdays": ["fri"], "from": "22:00", "until": "07:00"})
    assert night.covers(utc(at)) is covered


def test_from_equal_to_until_is_a_whole_day() -> None:
    monday = layer({"weekdays": ["mon"], "from": "09:00", "until": "09:00"})
    assert monday.covers(utc("2026-03-03T07:59:59"))
    assert not monday.covers(utc("2026-03-03T08:00:00"))


def test_a_window_over_a_change_of_the_clocks_keeps_its_wall_times() -> None:
    night = layer({"from": "22:00", "until": "07:00"})
    assert night.covers(utc("2026-03-29T04:59:59"))
    assert not night.covers(utc("2026-03-29T05:00:00"))  # 07:00 summer time.


def test_a_window_that_ends_at_a_repeated_time_ends_at_its_last() -> None:
    night = layer({"from": "22:00", "until": "02:30"})
    assert night.covers(utc("2026-10-25T01:29:59"))
    assert not night.covers(utc("2026-10-25T01:30:00"))


def test_where_midnight_is_skipped_office_hours_are_not_late() -> None:
    office = layer({"from": "09:00", "until": "17:00"}, zone="America/Santiago")
    assert not office.covers(utc("2025-09-07T11:59:59"))
    assert office.covers(utc("2025-09-07T12:00:00"))
    assert not office.covers(utc("2025-09-07T20:00:00"))


@pytest.mark.parametrize(
    ("at", "covered"),
    [
        ("2026-03-06T16:59:59", False),
        ("2026-03-06T17:00:00", True),  # Friday 18:00.
        ("2026-03-08T12:00:00", True),
        ("2026-03-09T07:59:59", True),
        ("2026-03-09T08:00:00", False),  # Monday 09:00.
    ],
)
def test_a_window_may_last_until_another_day_of_the_week(at: str, *, covered: bool) -> None:
    weekend = layer(
        {"weekdays": ["fri"], "from": "18:00", "until_weekday": "mon", "until": "09:00"}
    )
    assert weekend.covers(utc(at)) is covered


def test_a_window_until_its_own_weekday_is_a_whole_week() -> None:
    week = layer({"weekdays": ["mon"], "from": "09:00", "until_weekday": "mon", "until": "09:00"})
    assert week.covers(utc("2026-03-08T12:00:00"))
    changes = week.changes(utc("2026-03-01T00:00:00"), utc("2026-04-01T00:00:00"))
    assert all(turn for _, turn in changes)
    morning = layer(
        {"weekdays": ["mon"], "from": "09:00", "until_weekday": "mon", "until": "12:00"}
    )
    assert not morning.covers(utc("2026-03-09T11:00:00"))


def test_several_windows_a_day() -> None:
    split = layer({"from": "09:00", "until": "12:00"}, {"from": "13:00", "until": "17:00"})
    hours = [split.covers(utc(f"2026-03-02T{hour:02}:30")) for hour in range(7, 17)]
    assert hours == [False, True, True, True, False, True, True, True, True, False]


@pytest.mark.parametrize(
    ("at", "covered"),
    [
        ("2026-12-23T12:00", False),
        ("2026-12-24T12:00", True),
        ("2027-12-26T12:00", True),
        ("2026-12-27T12:00", False),
        ("2026-12-31T12:00", True),  # The last.
        ("2026-11-24T12:00", False),
        ("2028-12-25T12:00", False),
    ],
)
def test_months_days_and_years_narrow_a_window(at: str, *, covered: bool) -> None:
    holidays = {"months": [12], "days": ["24:26", -1], "years": ["2026:2027"]}
    holiday = layer({"from": "00:00", "until": "00:00", **holidays})
    assert holiday.covers(utc(at)) is covered


def test_a_layer_is_valid_from_a_time_until_another() -> None:
    summer = layer(**{"from": "2026-06-01T09:00", "until": "2026-09-01T09:00"})
    assert people(summer, "2026-06-01T06:59:59") is None
    assert people(summer, "2026-06-01T07:00:00") == ("ada",)
    assert people(summer, "2026-09-01T06:59:59") == ("ada",)
    assert people(summer, "2026-09-01T07:00:00") is None


def test_a_change_of_the_rotation_leaves_the_past_as_it_was() -> None:
    before = {"type": "daily", "start": "2026-01-05T09:00", "participants": ["ada", "bob"]}
    after = {"type": "weekly", "start": "2026-02-02T09:00", "participants": ["eve", "zoe"]}
    changed = layer(rotation=before, changes=[{"from": "2026-02-02T09:00", "rotation": after}])
    plain = layer(rotation=before)
    for day in range(6, 31):
        at = f"2026-01-{day:02}T12:00"
        assert people(changed, at) == people(plain, at)
    assert people(changed, "2026-02-02T07:59:59") == people(plain, "2026-02-02T07:59:59")
    assert people(changed, "2026-02-02T08:00:00") == ("eve",)
    assert people(changed, "2026-02-09T08:00:00") == ("zoe",)


def test_a_person_who_joins_moves_nobody_who_has_the_turn() -> None:
    before = {"type": "daily", "start": "2026-01-05T09:00", "participants": ["ada", "bob"]}
    join = {"from": "2026-01-08T12:00", "participants": ["zoe", "ada", "bob"]}
    changed = layer(rotation=before, changes=[join])
    days = [people(changed, f"2026-01-{day:02}T20:00") for day in range(7, 13)]
    assert days == [("ada",), ("bob",), ("zoe",), ("ada",), ("bob",), ("zoe",)]


@pytest.mark.parametrize(
    ("since", "days", "turns"),
    [
        # In the middle of Wednesday's turn; after its hours; when the latest turn was Friday's.
        ("2026-01-14T12:00", (13, 14, 15, 16, 19), "ada bob eve zoe ada"),
        ("2026-01-14T20:00", (13, 14, 15, 16, 19), "ada bob eve zoe ada"),
        ("2026-01-17T12:00", (15, 16, 19, 20, 21), "eve ada bob eve zoe"),
        ("2026-01-01T12:00", (5, 6, 7, 8, 9), "ada bob eve zoe ada"),  # Before the first.
    ],
)
def test_who_joins_turns_by_active_days_moves_nobody_either(
    since: str, days: tuple[int, ...], turns: str
) -> None:
    rotation = {**DAILY, "start": "2026-01-05T09:00", "rotate_on": "active"}
    office = layer(
        {"weekdays": WEEKDAYS, "from": "09:00", "until": "17:00"},
        rotation={**rotation, "participants": ["ada", "bob", "eve"]},
        changes=[{"from": since, "participants": ["zoe", "ada", "bob", "eve"]}],
    )
    found = [people(office, f"2026-01-{day:02}T15:59") for day in days]
    assert found == [(one,) for one in turns.split()]
    assert people(office, "2026-01-14T10:59") == people(office, "2026-01-14T11:00")


def test_who_joins_a_rotation_of_another_clock_moves_nobody_either() -> None:
    """In Tokyo it is the 12th already; in New York, where turns pass, still the 11th."""
    rotation = {**DAILY, "start": "2026-01-01T09:00", "time_zone": "America/New_York"}
    rotation["participants"] = ["ada", "bob", "eve"]
    join = {"from": "2026-01-12T12:00", "participants": ["eve", "bob", "zoe"]}
    before = layer(rotation=rotation, zone="Asia/Tokyo")
    after = layer(rotation=rotation, changes=[join], zone="Asia/Tokyo")
    assert people(before, "2026-01-12T02:59") == ("bob",)
    assert [people(after, f"2026-01-{day}T03:00") for day in (12, 13, 14, 15)] == [
        ("bob",),
        ("zoe",),
        ("eve",),
        ("bob",),
    ]


def test_turns_by_active_days_give_everybody_one() -> None:
    weekends: dict[str, Any] = {
        "rotation": {
            "type": "daily",
            "start": "2026-01-01T00:00",
            "participants": ["ada", "bob", "eve"],
            "rotate_on": "active",
        },
    }
    office = layer({"weekdays": ["sat", "sun"], "from": "20:00", "until": "08:00"}, **weekends)
    nights = ["03", "04", "10", "11", "17"]
    assert [people(office, f"2026-01-{day}T22:00") for day in nights] == [
        ("ada",),
        ("bob",),
        ("eve",),
        ("ada",),
        ("bob",),
    ]
    assert people(office, "2026-01-04T05:00") == ("ada",)  # The night is one turn.


def test_the_first_turn_by_active_days_is_of_the_first_window_after_the_start() -> None:
    late = {**DAILY, "start": "2026-01-05T12:00", "participants": ["ada", "bob"]}
    office = layer({"from": "09:00", "until": "17:00"}, rotation={**late, "rotate_on": "active"})
    assert people(office, "2026-01-05T13:00") is None  # Its window began before the rotation.
    assert people(office, "2026-01-06T13:00") == ("ada",)
    assert people(office, "2026-01-07T13:00") == ("bob",)


def test_a_rotation_may_hand_off_by_another_clock_than_the_hours() -> None:
    own = {**DAILY, "participants": ["ada", "bob"], "time_zone": "UTC"}
    days = layer({"from": "00:00", "until": "00:00"}, rotation=own)
    assert people(days, "2026-03-02T23:59:59") != people(days, "2026-03-03T00:00:00")
    assert people(days, "2026-03-03T00:00:00") == people(days, "2026-03-03T23:59:59")
    midnight = utc("2026-03-03T00:00:00")
    changes = days.changes(utc("2026-03-02T12:00:00"), utc("2026-03-03T12:00:00"))
    assert list(changes) == [(midnight, days.turn_at(midnight))]


def test_shifts_by_hand_may_overlap() -> None:
    by_hand = layer(
        rotation=None,
        shifts=[
            {"from": "2026-03-02T09:00", "until": "2026-03-02T17:00", "participants": ["ada"]},
            {"from": "2026-03-02T12:00", "until": "2026-03-03T09:00", "participants": ["bob"]},
        ],
    )
    assert people(by_hand, "2026-03-02T07:59:59") is None
    assert people(by_hand, "2026-03-02T08:00:00") == ("ada",)
    assert people(by_hand, "2026-03-02T11:00:00") == ("ada", "bob")
    assert people(by_hand, "2026-03-02T16:00:00") == ("bob",)
    assert people(by_hand, "2026-03-03T08:00:00") is None


def test_a_layer_of_another_zone_follows_its_own_clock() -> None:
    sydney = layer({"from": "09:00", "until": "17:00"}, time_zone="Australia/Sydney")
    assert sydney.covers(utc("2026-03-01T22:00:00"))  # 09:00 in Sydney.
    assert not sydney.covers(utc("2026-03-02T09:00:00"))
