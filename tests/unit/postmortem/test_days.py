"""Days of a zone and what falls into them: nothing twice, nothing left out, in every zone."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem.domain.days import DAY, Day, days, rows, week_of, whole
from postmortem.domain.outlook import Lane, Outlook, Shift
from postmortem.domain.strip import GRIP, HEAD, LANE, LEFT, PLOT, Bar, Hand, Strip, strips

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
ZONES = [
    *("UTC", "Europe/Paris", "America/Havana", "America/Santiago", "Asia/Beirut", "Africa/Cairo"),
    *(
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Antarctica/Troll",
        "Pacific/Apia",
        "Asia/Tehran",
    ),
]


@pytest.mark.parametrize(
    ("zone", "day", "hours", "said"),
    [
        ("Europe/Paris", date(2026, 3, 29), 23, "23 h: the clocks go forward 1 h"),
        ("Europe/Paris", date(2026, 10, 25), 25, "25 h: the clocks go back 1 h"),
        ("Europe/Paris", date(2026, 3, 30), 24, ""),
        ("America/Havana", date(2026, 3, 8), 23, "23 h: the clocks go forward 1 h"),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5, "24 h 30 min: the clocks go back 30 min"),
        ("Antarctica/Troll", date(2026, 3, 29), 22, "22 h: the clocks go forward 2 h"),
        ("Pacific/Apia", date(2011, 12, 30), 0, "this day does not exist here"),
    ],
)
def test_a_day_has_the_hours_that_its_zone_gives_it(
    zone: str, day: date, hours: float, said: str
) -> None:
    (found,) = days(day, 1, ZoneInfo(zone))
    assert (found.date, found.length, found.change) == (day, hours * HOUR, said)


def test_a_week_begins_on_monday() -> None:
    assert [week_of(date(2026, 3, day)) for day in (1, 2, 8)] == [
        date(2026, 2, 23),
        date(2026, 3, 2),
        date(2026, 3, 2),
    ]


@st.composite
def outlooks(draw: st.DrawFn) -> Outlook:
    """Shifts that tile a span, and a layer with holes."""
    since = MONDAY + draw(st.integers(-40, 40)) * DAY
    lengths = draw(st.lists(st.integers(1, 400), min_size=1, max_size=12))
    people = st.sampled_from([(), ("ada",), ("bob",), ("ada", "bob")])
    reached, final = since, []
    for length in lengths:
        final.append(Shift(reached, reached + length * HOUR / 2, draw(people)))
        reached = final[-1].ends
    layer = Lane("base", tuple(one for one in final if one.people))
    return Outlook("web", 1, since, reached, tuple(final), (layer,))


@given(outlooks(), st.integers(-30, 30), st.sampled_from([7, 35]), st.sampled_from(ZONES))
@settings(max_examples=60, deadline=None)
def test_the_days_are_covered_and_nothing_is_told_twice(
    outlook: Outlook, first: int, count: int, zone: str
) -> None:
    found = days(date(2026, 3, 2) + first * DAY, count, ZoneInfo(zone))
    assert all(one.ends == later.begins for one, later in pairwise(found))
    for row in rows(outlook, found):
        pieces = row.final
        assert [one.begins for one in pieces] == _bounds(row.day, [one.ends for one in pieces])
        assert all(one.begins < one.ends for one in pieces)
        for one in pieces:
            assert {one.kind, *("held" for _ in one.people)} == {one.kind}
            if one.kind == "unknown":
                assert one.ends <= outlook.since or outlook.until <= one.begins
            else:
                assert one.people == _who(outlook.final, one.begins, one.ends)
        held = [one for one in pieces if one.people]
        assert [(one.begins, one.ends, one.people) for one in held] == [
            (one.begins, one.ends, one.people) for one in row.layers[0]
        ]


def _bounds(day: Day, ends: Sequence[datetime]) -> list[datetime]:
    """Return where pieces begin that tile a day and end there."""
    if not day.length:
        assert not ends
        return []
    assert ends[-1] == day.ends
    return [day.begins, *ends[:-1]]


def _who(shifts: Sequence[Shift], begins: datetime, ends: datetime) -> tuple[str, ...]:
    (found,) = [one.people for one in shifts if one.begins <= begins and ends <= one.ends]
    return found


@given(outlooks(), st.integers(-30, 30), st.sampled_from(ZONES))
@settings(max_examples=40, deadline=None)
def test_the_bars_of_a_lane_lie_side_by_side_within_the_drawing(
    outlook: Outlook, first: int, zone: str
) -> None:
    found = days(date(2026, 3, 2) + first * DAY, 14, ZoneInfo(zone))
    for strip in strips(outlook, found, MONDAY):
        final, layer = strip.tracks
        assert (final.bars[0].x, _end(final.bars[-1])) == (LEFT, LEFT + PLOT)
        assert [_end(one) for one in final.bars[:-1]] == [one.x for one in final.bars[1:]]
        assert all(_end(one) <= later.x for one, later in pairwise(layer.bars))
        assert all(HEAD <= track.y <= strip.height - LANE for track in strip.tracks)
        assert len({(one.piece.people, one.hue) for one in final.bars if one.piece.people}) == len(
            {one.piece.people for one in final.bars if one.piece.people}
        )


def _end(bar: Bar) -> int:
    return bar.x + bar.width


def drawn(zone: str, first: date, now: datetime = MONDAY) -> Strip:
    ada = Shift(MONDAY, MONDAY + 60 * DAY, ("ada",))
    outlook = Outlook("web", 1, MONDAY, MONDAY + 60 * DAY, (ada,), ())
    (found,) = strips(outlook, days(first, 7, ZoneInfo(zone)), now)
    return found


def test_a_short_day_is_drawn_shorter() -> None:
    heads = drawn("Europe/Paris", date(2026, 3, 23)).heads
    widths = [later.x - one.x for one, later in pairwise(heads)] + [LEFT + PLOT - heads[-1].x]
    assert widths[-1] == 116
    assert set(widths[:-1]) <= {120, 121}


def test_the_present_is_marked_only_in_its_week() -> None:
    assert drawn("UTC", date(2026, 3, 2), MONDAY + 84 * HOUR).now == LEFT + PLOT // 2
    assert drawn("UTC", date(2026, 3, 9)).now is None


def test_what_was_not_told_is_neither_held_nor_a_gap() -> None:
    outlook = Outlook("web", 1, MONDAY, MONDAY + HOUR, (Shift(MONDAY, MONDAY + HOUR, ()),), ())
    found = [one.kind for one in whole(outlook, MONDAY - HOUR, MONDAY + 2 * HOUR)]
    assert found == ["unknown", "gap", "unknown"]
    assert [one.kind for one in whole(outlook, MONDAY - 9 * HOUR, MONDAY - HOUR)] == ["unknown"]
    bars = strips(outlook, days(date(2026, 3, 2), 7, ZoneInfo("UTC")), MONDAY)[0].tracks[0].bars
    assert [one.label for one in bars] == ["", "not known"]


def hand(name: str, begins: int, hours: int, *people: str) -> Hand:
    since = MONDAY + begins * HOUR
    return Hand(name, since, since + hours * HOUR, people, f"{name} instead of everybody")


def test_overrides_have_lanes_of_their_own_beside_each_other_where_they_meet() -> None:
    ada = Shift(MONDAY, MONDAY + 60 * DAY, ("ada",))
    outlook = Outlook("web", 1, MONDAY, MONDAY + 60 * DAY, (ada,), ())
    hands = [
        hand("a", 0, 24, "ada"),
        hand("c", 24, 24, "zoe"),
        hand("b", 12, 24),
        hand("z", 900, 1),
    ]
    (found,) = strips(outlook, days(date(2026, 3, 2), 7, ZoneInfo("UTC")), MONDAY, hands)
    names = [[bar.hand.name for bar in track.bars if bar.hand] for track in found.tracks]
    assert names == [[], ["a", "c"], ["b"]]
    assert [track.name for track in found.tracks] == ["On call", "Overrides", "Overrides"]
    (nobody,) = found.tracks[2].bars
    assert (nobody.label, nobody.x, nobody.width) == ("b instead of …", LEFT + 60, 120)
    assert found.height == HEAD + 3 * LANE


def test_an_override_is_held_by_the_ends_that_are_still_to_come() -> None:
    outlook = Outlook("web", 1, MONDAY, MONDAY + 60 * DAY, (), ())
    hands = [hand("long", 24, 24 * 10)]
    week = days(date(2026, 3, 2), 14, ZoneInfo("UTC"))

    def grips(now: datetime) -> list[list[tuple[str, int]]]:
        drawn = strips(outlook, week, now, hands)
        return [list(bar.grips(now)) for one in drawn for bar in one.tracks[1].bars]

    end = LEFT + 4 * 120 - GRIP
    assert grips(MONDAY) == [[("begins", LEFT + 120)], [("ends", end)]]
    assert grips(MONDAY + 48 * HOUR) == [[], [("ends", end)]]
    assert grips(MONDAY + 20 * DAY) == [[], []]
