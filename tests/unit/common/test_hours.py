"""Hours of the week: on, off, and when that changes, through every change of the clocks."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.catalog import Restriction
from tocsin.hours import are_on, begin_after, end_after

ZONES = [
    ZoneInfo(name)
    for name in (
        *("Europe/Paris", "America/Havana", "America/Santiago", "Asia/Beirut", "Africa/Cairo"),
        *("Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu", "UTC"),
    )
]
PARIS = ZONES[0]
OFFICE = [{"weekdays": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "until": "18:00"}]


def windows(*written: dict[str, Any]) -> list[Restriction]:
    return [Restriction.model_validate(one) for one in written]


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("at", "begins"),
    [
        ("2026-03-02T08:59", "2026-03-02T09:00"),
        ("2026-03-02T09:00", "2026-03-03T09:00"),
        ("2026-03-06T18:00", "2026-03-09T09:00"),
        ("2026-03-28T12:00", "2026-03-30T09:00"),  # The clocks go forward between.
    ],
)
def test_when_they_begin(at: str, begins: str) -> None:
    assert begin_after(windows(*OFFICE), PARIS, paris(at)) == paris(begins)


def test_hours_of_a_month_or_a_year_begin_as_well_and_those_of_the_past_never() -> None:
    at = paris("2026-03-02T12:00")
    last = windows({"days": [-1], "from": "06:00", "until": "09:00"})
    december = windows({"months": [12], "days": ["24:26"], "from": "00:00", "until": "00:00"})
    past = windows({"years": ["2020:2025"], "from": "09:00", "until": "18:00"})
    assert begin_after(last, PARIS, at) == paris("2026-03-31T06:00")
    assert begin_after(december, PARIS, at) == paris("2026-12-24T00:00")
    assert begin_after(past, PARIS, at) is None


def test_when_they_end_windows_without_a_break_are_one() -> None:
    night = windows({"from": "22:00", "until": "00:00"}, {"from": "00:00", "until": "07:00"})
    assert end_after(night, PARIS, paris("2026-03-02T23:00")) == paris("2026-03-03T07:00")
    assert end_after(night, PARIS, paris("2026-03-03T03:00")) == paris("2026-03-03T07:00")
    assert end_after(night, PARIS, paris("2026-03-03T07:00")) == paris("2026-03-03T07:00")


def test_hours_that_never_end_are_followed_for_a_week() -> None:
    always = windows({"from": "00:00", "until": "00:00"})
    at = paris("2026-03-02T12:00")
    assert end_after(always, PARIS, at) - at > timedelta(days=6)


clock = st.times().map(lambda time: time.replace(second=0, microsecond=0).isoformat())
spans = st.fixed_dictionaries(
    {"from": clock, "until": clock},
    optional={"weekdays": st.lists(st.sampled_from(["mon", "wed", "sun"]), min_size=1)},
)
instants = st.datetimes(datetime(2005, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001 - naive, as Hypothesis wants them.
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)


@settings(max_examples=200, deadline=None)
@given(st.lists(spans, min_size=1, max_size=3), st.sampled_from(ZONES), instants)
def test_between_now_and_the_next_begin_nothing_begins_and_until_the_end_all_is_on(
    written: list[dict[str, Any]], zone: ZoneInfo, at: datetime
) -> None:
    hours = windows(*written)
    second = timedelta(seconds=1)
    if not are_on(hours, zone, at):
        assert end_after(hours, zone, at) == at
        begins = begin_after(hours, zone, at)
        assert begins is not None
        assert are_on(hours, zone, begins)
        steps = (at + (begins - at) * part / 20 for part in range(20))
        assert not any(are_on(hours, zone, step) for step in steps if step < begins)
        return
    end = end_after(hours, zone, at)
    assert end > at
    steps = (at + (end - at) * part / 20 for part in range(20))
    assert all(are_on(hours, zone, step) for step in steps)
    assert are_on(hours, zone, end - second)
    assert not are_on(hours, zone, end) or end - at > timedelta(days=6)
