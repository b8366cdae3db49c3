"""Wall-clock times to instants, around changes of the clocks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.wall_clock import end_instant, start_instant, wall_time

ZONES = (
    "Europe/Paris",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "America/Santiago",
    "Africa/Cairo",
    "Asia/Beirut",
    "Pacific/Apia",
    "Europe/Dublin",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "UTC",
)


def wall(text: str) -> datetime:
    """A time on some wall: naive."""
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "local", "start", "end"),
    [
        ("Europe/Paris", "2026-01-05T09:00", "2026-01-05T08:00", "2026-01-05T08:00"),
        # Spring forward at 02:00 to 03:00: 02:30 is not there.
        ("Europe/Paris", "2026-03-29T02:30", "2026-03-29T01:00", "2026-03-29T01:00"),
        ("Europe/Paris", "2026-03-29T03:00", "2026-03-29T01:00", "2026-03-29T01:00"),
        # Back at 03:00 to 02:00: 02:30 is there twice.
        ("Europe/Paris", "2026-10-25T02:30", "2026-10-25T00:30", "2026-10-25T01:30"),
        # Lord Howe moves by half an hour.
        ("Australia/Lord_Howe", "2025-10-05T02:15", "2025-10-04T15:30", "2025-10-04T15:30"),
        ("Australia/Lord_Howe", "2025-04-06T01:45", "2025-04-05T14:45", "2025-04-05T15:15"),
        # In Santiago midnight itself is skipped.
        ("America/Santiago", "2025-09-07T00:00", "2025-09-07T04:00", "2025-09-07T04:00"),
        # Apia had no 30 December 2011 at all.
        ("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T10:00", "2011-12-30T10:00"),
    ],
)
def test_times_that_happen_once_twice_or_never(zone: str, local: str, start: str, end: str) -> None:
    assert start_instant(wall(local), ZoneInfo(zone)) == utc(start)
    assert end_instant(wall(local), ZoneInfo(zone)) == utc(end)


@given(
    zone=st.sampled_from(ZONES),
    local=st.datetimes(wall("1971-01-01"), wall("2037-01-01")),
    minutes=st.integers(0, 26 * 60),
)
def test_order_on_the_wall_is_order_in_time(zone: str, local: datetime, minutes: int) -> None:
    there = ZoneInfo(zone)
    local = local.replace(second=0, microsecond=0)
    later = local + timedelta(minutes=minutes)
    assert start_instant(local, there) <= start_instant(later, there)
    assert start_instant(local, there) <= end_instant(local, there)


@given(
    zone=st.sampled_from(ZONES),
    instant=st.datetimes(wall("1971-01-01"), wall("2037-01-01"), timezones=st.just(UTC)),
)
def test_an_instant_lies_between_the_first_and_the_last_of_its_wall_time(
    zone: str, instant: datetime
) -> None:
    instant = instant.replace(microsecond=0)
    local = wall_time(instant, ZoneInfo(zone))
    assert start_instant(local, ZoneInfo(zone)) <= instant <= end_instant(local, ZoneInfo(zone))
