"""How long the turns of a rotation last, on the wall clock: when each begins, in closed form."""

from bisect import bisect_right
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Protocol

MONTHS = 12


class TurnLengths(Protocol):
    """When turns begin, for a rotation that starts at `start`."""

    def begins(self, start: datetime, turn: int) -> datetime:
        """Return the wall-clock time at which a turn (from 0) begins."""
        ...

    def turn(self, start: datetime, wall: datetime) -> int:
        """Return the last turn that begins by this wall-clock time; negative before the start."""
        ...


@dataclass(frozen=True, slots=True)
class Even:
    """Every turn is as long: hours, days, weeks."""

    length: timedelta

    def begins(self, start: datetime, turn: int) -> datetime:
        """Return when a turn begins."""
        return start + turn * self.length

    def turn(self, start: datetime, wall: datetime) -> int:
        """Return the last turn that begins by then."""
        return (wall - start) // self.length


@dataclass(frozen=True, slots=True)
class Monthly:
    """On the same day of every month, or on the last day of a month that is too short for it."""

    months: int

    def begins(self, start: datetime, turn: int) -> datetime:
        """Return when a turn begins, counted from the first day each time: 31, 28, 31."""
        years, month = divmod(start.month - 1 + turn * self.months, MONTHS)
        year = start.year + years
        day = min(start.day, monthrange(year, month + 1)[1])
        return start.replace(year=year, month=month + 1, day=day)

    def turn(self, start: datetime, wall: datetime) -> int:
        """Return the last turn that begins by then."""
        between = (wall.year - start.year) * MONTHS + wall.month - start.month
        turn = between // self.months
        return turn if self.begins(start, turn) <= wall else turn - 1


@dataclass(frozen=True, slots=True)
class Uneven:
    """Turns of these lengths, one after another, again and again: two days, two days, three."""

    lengths: tuple[timedelta, ...]

    def begins(self, start: datetime, turn: int) -> datetime:
        """Return when a turn begins."""
        cycles, place = divmod(turn, len(self.lengths))
        ends = self._ends()
        return start + cycles * ends[-1] + (ends[place - 1] if place else timedelta())

    def turn(self, start: datetime, wall: datetime) -> int:
        """Return the last turn that begins by then."""
        ends = self._ends()
        cycles, rest = divmod(wall - start, ends[-1])
        return cycles * len(self.lengths) + bisect_right(ends, rest)

    def _ends(self) -> list[timedelta]:
        return list(accumulate(self.lengths))
