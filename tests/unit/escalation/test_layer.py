"""A rotation within the hours of the week."""

from zoneinfo import ZoneInfo

import pytest

from escalation.domain.layer import Layer
from tests.unit.escalation.test_wall_clock import utc
from tocsin import catalog


def layer(*restrictions: dict[str, object], zone: str = "Europe/Paris") -> Layer:
    spec = catalog.Layer.model_validate(
        {
            "name": "office",
            "rotation": {"type": "daily", "start": "2025-01-01T00:00", "participants": ["ada"]},
            "restrictions": list(restrictions),
        }
    )
    return Layer.of(spec, ZoneInfo(zone))


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
