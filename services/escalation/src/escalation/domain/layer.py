"""A layer: people taking turns, or shifts by hand, within restrictions, while it is valid."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import reduce
from itertools import chain
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from escalation.domain.rotation import Group, Rotation
from tocsin import catalog
from tocsin.restriction import WEEK, Restriction
from tocsin.spans import Span, merged
from tocsin.wall_clock import (
    Moment,
    end_instant,
    instant_of,
    moment,
    on_wall,
    start_instant,
)

Mode = Literal["replace", "add"]
MARGIN = timedelta(days=2)  # A clock may be put back a whole day.
ALWAYS = datetime.min  # noqa: DTZ901 - a time on a wall.


class Turn(NamedTuple):
    """Whose turn it is, and which: a number, or the shift's place among those by hand.

    `ring` are the participants of its rotation; shifts by hand have none.
    """

    number: int
    people: Group
    ring: tuple[Group, ...] = ()

    def later(self) -> Iterator[Group]:
        """Yield whose turn it is after this one, each once, in order."""
        for place in range(1, len(self.ring)):
            yield self.ring[(self.number + place) % len(self.ring)]


@dataclass(frozen=True, slots=True)
class FixedShift:
    """A shift by hand: these people, from an instant until another."""

    begins: datetime
    ends: datetime
    people: Group


@dataclass(frozen=True, slots=True)
class Layer:
    """Rotations, each in force from a time on the wall, or shifts by hand.

    Without restrictions it applies always. `replace` hides the layers below where somebody has the
    turn; `add` is on call beside them.
    """

    name: str
    zone: ZoneInfo
    rotations: tuple[tuple[datetime, Rotation], ...] = ()
    restrictions: tuple[Restriction, ...] = ()
    fixed: tuple[FixedShift, ...] = ()
    mode: Mode = "replace"
    begins: datetime | None = None
    ends: datetime | None = None
    _since: tuple[datetime, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Keep the times at which the rotations come into force, to search in."""
        object.__setattr__(self, "_since", tuple(since for since, _ in self.rotations))

    @classmethod
    def of(cls, spec: catalog.Layer, schedule_zone: ZoneInfo) -> "Layer":
        """Return the layer that a document describes."""
        zone = ZoneInfo(spec.time_zone) if spec.time_zone else schedule_zone
        layer = cls(
            spec.name,
            zone,
            ((ALWAYS, Rotation.of(spec.rotation, zone)),) if spec.rotation else (),
            tuple(Restriction.of(one) for one in spec.restrictions),
            tuple(_fixed(one, zone) for one in spec.shifts),
            spec.mode,
            spec.from_ and on_wall(spec.from_, zone),
            spec.until and on_wall(spec.until, zone),
        )
        return reduce(cls._changed, spec.changes, layer)

    def covers(self, at: datetime) -> bool:
        """Return whether the layer applies at this instant."""
        return self._applies(moment(at, self.zone))

    def turn_at(self, at: datetime, now: Moment | None = None) -> Turn | None:
        """Return the turn in progress, or None outside the restrictions or before the start.

        `now` is what `at` is on the wall of the layer's zone, where it is known already.
        """
        now = now or moment(at, self.zone)
        return self._turn(at, now) if self._applies(now) else None

    def changes(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, Turn | None]]:
        """Yield every instant in between at which the turn may change, in order, and the new one.

        While the layer does not apply it is nobody's turn, whatever happens.
        """
        edges = sorted(set(self._edges(since, until)))
        for begins, ends in self._applied(since, until):
            if begins > since:
                yield begins, self._turn(begins, moment(begins, self.zone))
            for at in edges[bisect_right(edges, begins) : bisect_left(edges, ends)]:
                yield at, self._turn(at, moment(at, self.zone))
            if ends < until:
                yield ends, None

    def _edges(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Yield every instant at which somebody else's turn may begin, in no order."""
        yield from (start_instant(one, self.zone) for one in self._since[1:])
        yield from chain.from_iterable((one.begins, one.ends) for one in self.fixed)
        yield from self._handoffs(since, until)
        if any(rotation.active_days for _, rotation in self.rotations):
            yield from chain.from_iterable(self._windows(since, until))

    def _handoffs(self, since: datetime, until: datetime) -> Iterator[datetime]:
        ends = [*(start_instant(one, self.zone) for one in self._since[1:]), until]
        begins = since
        for (_, rotation), end in zip(self.rotations, ends, strict=False):
            if not rotation.active_days and begins < end:
                yield from rotation.handoffs(begins, min(end, until))
            begins = max(begins, end)

    def _applied(self, since: datetime, until: datetime) -> Iterator[Span]:
        """Yield the spans in between in which the layer applies, in order; none touch."""
        first = max(since, start_instant(self.begins, self.zone)) if self.begins else since
        last = min(until, end_instant(self.ends, self.zone)) if self.ends else until
        windows = merged(self._windows(first, last)) if self.restrictions else ((first, last),)
        for begins, ends in windows:
            clipped = max(begins, first), min(ends, last)
            if clipped[0] < clipped[1]:
                yield clipped

    def _windows(self, since: datetime, until: datetime) -> Iterator[Span]:
        """Yield the windows of the restrictions from before `since` to after `until`."""
        first = moment(since, self.zone).passed - MARGIN
        last = moment(until, self.zone).reached + MARGIN
        for one in self.restrictions:
            begun = first.date() - timedelta(days=one.longest)
            yield from one.windows(begun, last.date(), self.zone)

    def _applies(self, now: Moment) -> bool:
        if self.begins is not None and self.begins > now.reached:
            return False
        if self.ends is not None and self.ends <= now.passed:
            return False
        return not self.restrictions or self._open_since(now) is not None

    def _open_since(self, now: Moment) -> datetime | None:
        latest: datetime | None = None
        for restriction in self.restrictions:
            opened = restriction.open_since(now)
            if opened is not None and (latest is None or opened > latest):
                latest = opened
        return latest

    def _turn(self, at: datetime, now: Moment) -> Turn | None:
        """Return the turn in progress, where the layer applies."""
        if self.fixed:
            return self._fixed_turn(at)
        rotation = self._rotation(now.reached)
        if rotation.active_days and (opened := self._open_since(now)):
            turn = self._active_turn(rotation, opened)
        else:
            turn = rotation.turn(now if rotation.zone is self.zone else moment(at, rotation.zone))
        return Turn(turn, rotation.holder(turn), rotation.participants) if turn >= 0 else None

    def _rotation(self, wall: datetime) -> Rotation:
        place = bisect_right(self._since, wall) - 1 if len(self._since) > 1 else 0
        return self.rotations[max(place, 0)][1]

    def _changed(self, change: catalog.RotationChange) -> "Layer":
        """Return the layer with a change of its rotation, from the change's time on."""
        since = on_wall(change.from_, self.zone)
        if change.rotation:
            rotation = Rotation.of(change.rotation, self.zone)
        else:
            before = self.rotations[-1][1]
            turn = self._begun_turn(before, since)
            rotation = before.with_participants(change.participants, turn)
        return replace(self, rotations=(*self.rotations, (since, rotation)))

    def _begun_turn(self, rotation: Rotation, wall: datetime) -> int:
        """Return the latest turn that begins by a time on the wall; negative before the first."""
        if not rotation.active_days:
            return rotation.turn(moment(start_instant(wall, self.zone), rotation.zone))
        days = [wall.date() - timedelta(days=back) for back in range(WEEK + 1)]
        opened = (
            datetime.combine(day, one.begins)
            for one in self.restrictions
            for day in days
            if day.weekday() in one.weekdays
        )
        begun = max((at for at in opened if at <= wall), default=ALWAYS)
        return self._active_turn(rotation, begun)

    def _active_turn(self, rotation: Rotation, opened: datetime) -> int:
        """Return the turn of a window: it does not pass on at midnight."""
        if opened < rotation.start:
            return -1
        start = rotation.start
        begun = (one for one in self.restrictions if one.begins >= start.time())
        is_first = any(start.weekday() in one.weekdays for one in begun)
        first = start.date() if is_first else start.date() + timedelta(days=1)
        return self._active_days(first, opened.date()) // rotation.active_days

    def _active_days(self, first: date, last: date) -> int:
        """Return on how many days a window begins, `last` not counted."""
        weekdays = frozenset[int]().union(*(one.weekdays for one in self.restrictions))
        weeks, rest = divmod((last - first).days, WEEK)
        begun = sum((first.weekday() + day) % WEEK in weekdays for day in range(rest))
        return weeks * len(weekdays) + begun

    def _fixed_turn(self, at: datetime) -> Turn | None:
        found = [n for n, one in enumerate(self.fixed) if one.begins <= at < one.ends]
        people = dict.fromkeys(chain.from_iterable(self.fixed[n].people for n in found))
        return Turn(found[-1], tuple(people)) if found else None


def _fixed(spec: catalog.Shift, zone: ZoneInfo) -> FixedShift:
    begins, ends = instant_of(spec.from_, zone), instant_of(spec.until, zone, ends=True)
    return FixedShift(begins, ends, spec.participants)
