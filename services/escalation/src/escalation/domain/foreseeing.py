"""The shifts of the coming weeks, by layer and after all of them: told to whoever shows them.

Bounded, because it is a message: shifts and names together are at most `MOST`, and a schedule that
changes more often than that is told for fewer days.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from escalation.domain.absence import NOBODY
from escalation.domain.resolution import reachable
from escalation.domain.schedule import IsReachable, Schedule, Shift, everybody
from tocsin.catalog import Catalog
from tocsin.events import ForeseenLayer, ForeseenShift, ShiftsForeseen

BEHIND = timedelta(days=8)  # The week that has begun is told whole, in every zone.
AHEAD = timedelta(days=71)  # Ten weeks from today on.
STEP = timedelta(weeks=1)
MOST = 4_000


@dataclass(slots=True)
class _Lane:
    """One line of shifts that grows; `has_gaps` says whether its gaps are told."""

    schedule: Schedule
    is_reachable: IsReachable
    has_gaps: bool = False
    shifts: list[ForeseenShift] = field(default_factory=list)

    def grow(self, since: datetime, until: datetime) -> None:
        for span in self.schedule.spans(since, until, self.is_reachable):
            if span.on_call.responders or self.has_gaps:
                self._add(span)

    def _add(self, span: Shift) -> None:
        last = self.shifts[-1] if self.shifts else None
        people = span.on_call.responders
        if last and last.until == span.begins and last.responders == people:
            self.shifts[-1] = last.model_copy(update={"until": span.until})
        else:
            self.shifts.append(
                ForeseenShift(begins=span.begins, until=span.until, responders=people)
            )


def foreseen(name: str, catalog: Catalog, now: datetime) -> ShiftsForeseen | None:
    """Return the shifts around now of a schedule, by this catalog; None if it has no such."""
    schedule = Schedule.in_catalog(catalog, name)
    if schedule is None:
        return None
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since, until = today - BEHIND, today + AHEAD
    final = _Lane(schedule, reachable(catalog), has_gaps=True)
    alone = [
        _Lane(replace(schedule, layers=(layer,), overrides=(), absences=NOBODY), everybody)
        for layer in schedule.layers
    ]
    until = _grow((final, *alone), since, until)
    return ShiftsForeseen(
        schedule=name,
        catalog_version=catalog.version,
        since=since,
        until=until,
        shifts=tuple(_before(until, final.shifts)),
        layers=tuple(
            ForeseenLayer(name=layer.name, shifts=tuple(_before(until, lane.shifts)))
            for layer, lane in zip(schedule.layers, alone, strict=True)
        ),
    )


def _grow(lanes: Iterable[_Lane], since: datetime, until: datetime) -> datetime:
    """Let the lanes grow week by week, as far as a message holds; return how far that is."""
    reached = since
    while reached < until:
        end = min(reached + STEP, until)
        for lane in lanes:
            lane.grow(reached, end)
        reached = end
        if (full := _full_at(lanes)) is not None:
            return full
    return reached


def _full_at(lanes: Iterable[_Lane]) -> datetime | None:
    """Return when the first shift begins that is one too many."""
    held = 0
    shifts = (shift for lane in lanes for shift in lane.shifts)
    for shift in sorted(shifts, key=lambda one: one.begins):
        held += 1 + len(shift.responders)
        if held > MOST:
            return shift.begins
    return None


def _before(until: datetime, shifts: Iterable[ForeseenShift]) -> Iterator[ForeseenShift]:
    for shift in shifts:
        if shift.until <= until:
            yield shift
        elif shift.begins < until:
            yield shift.model_copy(update={"until": until})
