"""The hours in which a layer applies: windows on some days, on the wall clock."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tocsin import catalog
from tocsin.spans import Span
from tocsin.wall_clock import Moment, end_instant, start_instant

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = timedelta(days=1)
WEEK = 7
A_MONDAY = datetime(1900, 1, 1)  # noqa: DTZ001 - a time on a wall.
# When a window opens and closes, from the midnight of the day that it begins on.
_Window = tuple[timedelta, timedelta]
# How many days ago a window began; when it opens and closes, from the midnight of today.
_Open = tuple[int, timedelta, timedelta]


@dataclass(frozen=True, slots=True)
class Restriction:
    """Hours on some days; a window belongs to the day it begins on.

    `until` is on the day `last_weekday`, or else on the same day; at or before `begins` it runs
    into the next day, or through the whole week. Months and days of the month narrow the days; a
    negative day counts from the end of the month.
    """

    weekdays: frozenset[int]
    begins: time
    until: time
    last_weekday: int | None = None
    months: frozenset[int] = frozenset()
    days: tuple[tuple[int, int], ...] = ()
    years: tuple[tuple[int, int], ...] = ()
    _is_narrowed: bool = field(init=False, repr=False)
    _begun: tuple[_Window | None, ...] = field(init=False, repr=False)
    _table: tuple[tuple[_Open, ...], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Work out once, for each weekday, which window begins on it and which can be open."""
        object.__setattr__(self, "_is_narrowed", bool(self.months or self.days or self.years))
        begun = tuple(self._begun_on(weekday) for weekday in range(WEEK))
        object.__setattr__(self, "_begun", begun)
        table = tuple(tuple(self._open_on(today)) for today in range(WEEK))
        object.__setattr__(self, "_table", table)

    @classmethod
    def of(cls, spec: catalog.Restriction) -> "Restriction":
        """Return the restriction that a document describes."""
        last = spec.until_weekday
        return cls(
            frozenset(WEEKDAYS.index(day) for day in spec.weekdays),
            spec.from_.replace(tzinfo=None),
            spec.until.replace(tzinfo=None),
            None if last is None else WEEKDAYS.index(last),
            frozenset(spec.months),
            spec.days,
            spec.years,
        )

    @property
    def longest(self) -> int:
        """How many days after its first a window can end."""
        return 1 if self.last_weekday is None else WEEK

    def windows(self, first: date, last: date, zone: ZoneInfo) -> Iterator[Span]:
        """Yield the instants between which each window lies that begins on these days."""
        day, until = datetime.combine(first, time()), datetime.combine(last, time())
        while day <= until:
            window = self._begun[day.weekday()]
            if window and (not self._is_narrowed or self._allows(day)):
                yield start_instant(day + window[0], zone), end_instant(day + window[1], zone)
            day += DAY

    def open_since(self, now: Moment) -> datetime | None:
        """Return the wall-clock time at which the window in progress began; the latest of them."""
        today, reached = divmod(now.reached - A_MONDAY, DAY)
        passed = reached - (now.reached - now.passed)
        for days, opens, closes in self._table[today % WEEK]:
            if opens <= reached and closes > passed:
                midnight = now.reached - reached
                if not self._is_narrowed or self._allows(midnight - days * DAY):
                    return midnight + opens
        return None

    def _allows(self, day: date) -> bool:
        """Return whether a window may begin on this day of the month and year."""
        return (
            (not self.months or day.month in self.months)
            and (not self.years or any(first <= day.year <= last for first, last in self.years))
            and (not self.days or any(_is_within(day, *span) for span in self.days))
        )

    def _begun_on(self, weekday: int) -> _Window | None:
        if weekday not in self.weekdays:
            return None
        days = 0 if self.last_weekday is None else (self.last_weekday - weekday) % WEEK
        if days == 0 and self.until <= self.begins:
            days = self.longest
        return _offset(self.begins), _offset(self.until) + days * DAY

    def _open_on(self, today: int) -> Iterator[_Open]:
        for days in range(self.longest + 2):
            if window := self._begun[(today - days) % WEEK]:
                opens, closes = (edge - days * DAY for edge in window)
                if closes > -DAY:  # The clock may go back a whole day.
                    yield days, opens, closes


def _offset(clock: time) -> timedelta:
    return datetime.combine(date.min, clock) - datetime.combine(date.min, time())


def _is_within(day: date, first: int, last: int) -> bool:
    length = ((day.replace(day=1) + 31 * DAY).replace(day=1) - DAY).day
    from_end = day.day - length - 1
    is_begun = from_end >= first if first < 0 else day.day >= first
    return is_begun and (from_end <= last if last < 0 else day.day <= last)
