"""Every change of every clock, 1970 to 2100: an instant and the wall agree, and so do the answers.

Short here; every change of every zone with HYPOTHESIS_PROFILE=long.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate, pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalation.domain.absence import Absences
from escalation.domain.override import Override
from escalation.domain.schedule import Schedule, Shift
from tocsin import catalog
from tocsin.wall_clock import end_instant, moment, start_instant, wall_time

IS_LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
STEP = timedelta(days=5)  # Ramadan is the shortest season there is.
FINE_STEP = timedelta(hours=6)
SECOND, MINUTE, QUARTER = timedelta(seconds=1), timedelta(minutes=1), timedelta(minutes=15)
TICK = timedelta(microseconds=1)
Json = dict[str, Any]
NAMED = (
    "America/Havana",
    "Asia/Beirut",
    "Africa/Cairo",
    "America/Santiago",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
)
# What other systems fall over: a zone, the first instant of a new offset, hours moved, what is odd.
ODD = (
    ("America/Havana", "2025-03-09T05:00", 1, "midnight is left out"),
    ("America/Havana", "2025-11-02T05:00", -1, "midnight comes twice"),
    ("Asia/Beirut", "2025-03-29T22:00", 1, "midnight is left out"),
    ("Asia/Beirut", "2025-10-25T21:00", -1, "the hour before midnight comes twice"),
    ("Africa/Cairo", "2025-04-24T22:00", 1, "midnight is left out"),
    ("Africa/Cairo", "2025-10-30T21:00", -1, "the hour before midnight comes twice"),
    ("America/Santiago", "2025-04-06T03:00", -1, "the hour before midnight comes twice"),
    ("America/Santiago", "2025-09-07T04:00", 1, "midnight is left out"),
    ("Pacific/Apia", "2011-12-30T10:00", 24, "a whole day is left out"),
    ("Australia/Lord_Howe", "2025-04-05T15:00", -0.5, "half an hour"),
    ("Australia/Lord_Howe", "2025-10-04T15:30", 0.5, "half an hour"),
    ("Africa/Casablanca", "2025-02-23T02:00", -1, "Ramadan begins"),
    ("Africa/Casablanca", "2025-04-06T02:00", 1, "Ramadan is over"),
)
ZONES = sorted(
    name for name in available_timezones() if name not in {"localtime", "Factory", "posixrules"}
)


@cache
def changes(name: str, step: timedelta = STEP) -> tuple[datetime, ...]:
    """Return the first instant of each new offset of a zone, by looking every few days."""
    zone = ZoneInfo(name)
    looks = [FIRST + number * step for number in range((LAST - FIRST) // step + 1)]
    return tuple(
        change_between(earlier, later, zone)
        for earlier, later in pairwise(looks)
        if offset(earlier, zone) != offset(later, zone)
    )


def change_between(earlier: datetime, later: datetime, zone: ZoneInfo) -> datetime:
    old = offset(earlier, zone)
    while later - earlier > SECOND:
        middle = earlier + (later - earlier) // SECOND // 2 * SECOND
        earlier, later = (middle, later) if offset(middle, zone) == old else (earlier, middle)
    return later


def offset(at: datetime, zone: ZoneInfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


def moved(at: datetime, zone: ZoneInfo) -> timedelta:
    """Return by how much the clock was moved at a change."""
    return (offset(at, zone) or timedelta()) - (offset(at - SECOND, zone) or timedelta())


def check_moments(change: datetime, zone: ZoneInfo) -> None:
    """Look at the clock every minute: the latest it has shown, the earliest it will show."""
    around = abs(moved(change, zone)) + timedelta(hours=2)
    minutes = [change + number * MINUTE for number in range(-(around // MINUTE), around // MINUTE)]
    walls = [wall_time(at, zone) for at in minutes]
    shown = list(accumulate(walls, max))
    to_come = list(accumulate(reversed(walls), min))[::-1]
    for at, latest, earliest in zip(minutes, shown, to_come, strict=True):
        now = moment(at, zone)
        assert latest <= now.reached < latest + MINUTE, at
        assert earliest - TICK <= now.passed <= earliest, at


def check_instants(change: datetime, zone: ZoneInfo) -> None:
    """A start is the first instant by which its time has come; an end, by which it is over."""
    wall = wall_time(change, zone) - abs(moved(change, zone)) - timedelta(hours=1)
    for number in range(4 * (3 + 2 * (abs(moved(change, zone)) // timedelta(hours=1)))):
        time = wall + number * QUARTER
        begins, ends = start_instant(time, zone), end_instant(time, zone)
        assert moment(begins, zone).reached >= time > moment(begins - SECOND, zone).reached
        assert moment(ends, zone).passed >= time > moment(ends - SECOND, zone).passed


def check_schedule(change: datetime, zone: ZoneInfo) -> None:
    """Shifts and gaps tile the time around a change, and `on_call` says the same at each instant."""
    web = around(change, zone)
    since, until = change - timedelta(hours=30), change + timedelta(hours=30)
    both = (*web.shifts(since, until), *web.gaps(since, until))
    spans = sorted(both, key=lambda span: span.begins)
    assert (spans[0].begins, spans[-1].until) == (since, until)
    for earlier, later in pairwise(spans):
        assert earlier.until == later.begins
    for span in spans:
        for at in instants(span.begins, span.until):
            assert web.on_call(at) == span.on_call, (at, span)
    for cut in (change - QUARTER - SECOND, change, change + QUARTER):
        assert joined(*web.spans(since, cut), *web.spans(cut, until)) == spans, cut


def joined(first: Shift, *others: Shift) -> list[Shift]:
    """Return these spans with neighbours that say the same as one."""
    found = [first]
    for span in others:
        if found[-1].on_call == span.on_call:
            found[-1] = replace(found[-1], until=span.until)
        else:
            found.append(span)
    return found


def instants(begins: datetime, until: datetime) -> Iterator[datetime]:
    yield begins
    yield until - TICK
    number = 1
    while (at := begins + number * 3 * QUARTER) < until:
        yield at
        number += 1


def around(change: datetime, zone: ZoneInfo) -> Schedule:
    """Return a schedule with handoffs and hours at, just before and just after a change."""
    before = wall_time(change - SECOND, zone) + SECOND
    after = wall_time(change, zone)
    middle = before + (after - before) // 2
    layers = [*turns_around(before, middle, after), *ends_around(before, middle, after)]
    spec = catalog.Schedule.model_validate({"time_zone": zone.key, "layers": layers})
    swap = Override("swap", change - QUARTER, change + QUARTER, ("c",), ("a",))
    away = Absences({"b": ((change - 2 * QUARTER, change + QUARTER),)})
    return replace(Schedule.of("web", spec, (swap,)), absences=away)


def turns_around(before: datetime, middle: datetime, after: datetime) -> list[Json]:
    """Return layers of every length of turn, the lower ones hidden while the upper ones apply."""
    monthly = rotation("monthly", middle, 0)
    return [
        {"name": "daily", "rotation": rotation("daily", before, 40)},
        {"name": "hourly", "mode": "add", "rotation": rotation("hourly", middle, 2, length=5)},
        {
            "name": "weekly",
            "rotation": rotation("weekly", after, 21),
            "restrictions": [hours(before - QUARTER, middle), hours(after, after + QUARTER)],
        },
        {
            "name": "night",
            "rotation": {**monthly, "start": middle.replace(year=1969, day=1)},
            "restrictions": [hours(middle - timedelta(hours=9), middle)],
        },
    ]


def ends_around(before: datetime, middle: datetime, after: datetime) -> list[Json]:
    """Return layers beside those: of which the validity, the people or the shifts change."""
    active = {"participants": ["g", "h"], "rotate_on": "active"}
    by_hand = {"from": before - QUARTER, "until": after + 4 * QUARTER, "participants": ["i"]}
    return [
        {
            "name": "valid",
            "mode": "add",
            "from": before - QUARTER,
            "until": after + QUARTER,
            "rotation": {**rotation("daily", after, 9), "participants": ["d", "e"]},
            "changes": [{"from": middle, "participants": ["f", "d"]}],
        },
        {
            "name": "active",
            "mode": "add",
            "rotation": {**rotation("daily", before, 9), **active},
            "restrictions": [
                hours(before - timedelta(hours=2), after + QUARTER),
                hours(before - QUARTER, middle),
            ],
        },
        {"name": "by-hand", "mode": "add", "shifts": [by_hand]},
    ]


def rotation(kind: str, at: datetime, days: int, length: int = 1) -> Json:
    start = (at - timedelta(days=days)).replace(microsecond=0)
    return {"type": kind, "length": length, "start": start, "participants": ["a", "b", []]}


def hours(begins: datetime, until: datetime) -> Json:
    return {"from": f"{begins:%H:%M:%S}", "until": f"{until:%H:%M:%S}"}


def check(change: datetime, zone: ZoneInfo) -> None:
    if change.timestamp() % 60 == moved(change, zone).total_seconds() % 60 == 0:
        check_moments(change, zone)  # Not of odd seconds, as Liberia's until 1972.
    check_instants(change, zone)
    check_schedule(change, zone)


@pytest.mark.parametrize("name", NAMED)
def test_where_clocks_change_in_odd_ways(name: str) -> None:
    found = changes(name)
    assert len(found) > 20
    for change in found if IS_LONG else found[:: len(found) // 8]:
        check(change, ZoneInfo(name))


@pytest.mark.parametrize(("name", "at", "hours", "odd"), ODD)
def test_each_oddity_by_name(name: str, at: str, hours: float, odd: str) -> None:
    change, zone = datetime.fromisoformat(at).replace(tzinfo=UTC), ZoneInfo(name)
    assert moved(change, zone) == timedelta(hours=hours), odd
    assert change in changes(name)
    check(change, zone)


@pytest.mark.parametrize("name", ZONES if IS_LONG else NAMED)
def test_no_change_is_overlooked(name: str) -> None:
    assert changes(name, FINE_STEP) == changes(name)


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(ZONES), part=st.floats(0, 0.999))
def test_any_change_of_any_clock(name: str, part: float) -> None:
    if found := changes(name):
        check(found[int(part * len(found))], ZoneInfo(name))


@pytest.mark.skipif(not IS_LONG, reason="every change of every zone: HYPOTHESIS_PROFILE=long")
@pytest.mark.parametrize("name", ZONES if IS_LONG else ["UTC"])
def test_every_change_of_every_clock(name: str) -> None:
    for change in changes(name):
        check(change, ZoneInfo(name))
