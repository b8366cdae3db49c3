"""Days as a time zone has them, and what of each lane falls into them.

A day of a zone may have 23 hours or 25, or not exist at all: its bounds are instants, and days
follow each other without a hole.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from postmortem.domain.outlook import Outlook, Shift, clipped

DAY = timedelta(days=1)
WEEK = 7
Kind = Literal["held", "gap", "unknown"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a day: somebody has it, nobody has, or it was not told. No longer than the day."""

    begins: datetime
    ends: datetime
    kind: Kind
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a zone, from the instant its date begins there until the next one's does."""

    date: date
    begins: datetime
    ends: datetime

    @property
    def length(self) -> timedelta:
        """How long it is; nothing, where the zone leaves the date out."""
        return self.ends - self.begins

    @property
    def change(self) -> str:
        """What the clocks do on it, in words; empty on a day like any other."""
        if self.length == DAY:
            return ""
        if not self.length:
            return "this day does not exist here"
        moved = "forward" if self.length < DAY else "back"
        return f"{_spoken(self.length)}: the clocks go {moved} {_spoken(abs(DAY - self.length))}"


@dataclass(frozen=True, slots=True)
class Row:
    """A day with its pieces: after all layers, and of each layer."""

    day: Day
    final: tuple[Piece, ...]
    layers: tuple[tuple[Piece, ...], ...]


def days(first: date, count: int, zone: ZoneInfo) -> tuple[Day, ...]:
    """Return so many days from a date on."""
    dates = [first + timedelta(days=number) for number in range(count + 1)]
    bounds = [_begins(one, zone) for one in dates]
    return tuple(
        Day(one, bounds[number], bounds[number + 1]) for number, one in enumerate(dates[:-1])
    )


def week_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def rows(outlook: Outlook, found: Iterable[Day]) -> tuple[Row, ...]:
    """Return what happens on each of these days."""
    return tuple(
        Row(
            day,
            tuple(whole(outlook, day.begins, day.ends)),
            tuple(pieces(lane.shifts, day.begins, day.ends) for lane in outlook.layers),
        )
        for day in found
    )


def pieces(shifts: Iterable[Shift], begins: datetime, ends: datetime) -> tuple[Piece, ...]:
    """Return what of these shifts falls into a span."""
    return tuple(
        Piece(one.begins, one.ends, "held" if one.people else "gap", one.people)
        for one in clipped(shifts, begins, ends)
    )


def whole(outlook: Outlook, begins: datetime, ends: datetime) -> Iterator[Piece]:
    """Yield all of a span after all layers: what was not told of it as well."""
    since = min(max(outlook.since, begins), ends)
    until = max(min(outlook.until, ends), since)
    if begins < since:
        yield Piece(begins, since, "unknown")
    reached = since
    for piece in pieces(outlook.final, since, until):
        if reached < piece.begins:
            yield Piece(reached, piece.begins, "gap")
        yield piece
        reached = piece.ends
    if reached < until:
        yield Piece(reached, until, "gap")
    if until < ends:
        yield Piece(until, ends, "unknown")


def _begins(day: date, zone: ZoneInfo) -> datetime:
    # Midnight, or the first instant after it where the clocks leave it out.
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _spoken(length: timedelta) -> str:
    minutes = int(length / timedelta(minutes=1))
    hours, rest = divmod(minutes, 60)
    said = [f"{hours} h"] if hours else []
    return " ".join([*said, *([f"{rest} min"] if rest else [])]) or "0 min"
