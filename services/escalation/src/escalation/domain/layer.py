"""A rotation within the hours of the week it applies to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from escalation.domain.rotation import Rotation
from escalation.domain.wall_clock import end_instant, start_instant, wall_time
from tocsin import catalog

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Restriction:
    """Hours on some weekdays; `until` at or before `begins` runs into the next day."""

    weekdays: frozenset[int]
    begins: time
    until: time

    @classmethod
    def of(cls, spec: catalog.Restriction) -> "Restriction":
        """Return the restriction that a document describes."""
        days = frozenset(WEEKDAYS.index(day) for day in spec.weekdays)
        return cls(days, spec.from_.replace(tzinfo=None), spec.until.replace(tzinfo=None))

    def window(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """Return the instants between which it applies, if it starts on this day."""
        if day.weekday() not in self.weekdays:
            return None
        last_day = day if self.until > self.begins else day + DAY
        begins = start_instant(datetime.combine(day, self.begins), zone)
        return begins, end_instant(datetime.combine(last_day, self.until), zone)


@dataclass(frozen=True, slots=True)
class Layer:
    """A rotation within restrictions; without any it applies always."""

    name: str
    rotation: Rotation
    restrictions: tuple[Restriction, ...] = ()

    @classmethod
    def of(cls, spec: catalog.Layer, zone: ZoneInfo) -> "Layer":
        """Return the layer that a document describes."""
        restrictions = tuple(Restriction.of(one) for one in spec.restrictions)
        return cls(spec.name, Rotation.of(spec.rotation, zone), restrictions)

    def covers(self, at: datetime) -> bool:
        """Return whether the layer applies at this instant."""
        if not self.restrictions:
            return True
        return any(begins <= at < ends for begins, ends in self._windows(at, at))

    def turn_at(self, at: datetime) -> int | None:
        """Return the turn in progress, or None outside the restrictions or before the start."""
        return self.rotation.turn_at(at) if self.covers(at) else None

    def boundaries(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Yield every instant in between at which the answer may change, in no order."""
        yield from self.rotation.handoffs(since, until)
        for begins, ends in self._windows(since, until):
            yield begins
            yield ends

    def _windows(self, since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        # Two days before: an overnight window, on a clock that may have been put back a whole day.
        day = wall_time(since, self.rotation.zone).date() - 2 * DAY
        last = wall_time(until, self.rotation.zone).date() + DAY
        while day <= last:
            for restriction in self.restrictions:
                if window := restriction.window(day, self.rotation.zone):
                    yield window
            day += DAY
