"""The shifts of the coming weeks of a schedule, as escalation told them last."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tocsin.events import ForeseenShift, ShiftsForeseen

# When something was told of a schedule: by which version of the catalog, and since when it says.
Told = tuple[int, datetime]


@dataclass(frozen=True, slots=True)
class Shift:
    """A span in which these people are on call; nobody: a gap."""

    begins: datetime
    ends: datetime
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lane:
    """The shifts of one layer alone, or of all of them together."""

    name: str
    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known from `since` until `until`: after all layers, and of each from the base up."""

    schedule: str
    catalog_version: int
    since: datetime
    until: datetime
    final: tuple[Shift, ...]
    layers: tuple[Lane, ...]

    @staticmethod
    def of(event: ShiftsForeseen) -> "Outlook":
        """Return what an event tells."""
        return Outlook(
            schedule=event.schedule,
            catalog_version=event.catalog_version,
            since=event.since,
            until=event.until,
            final=_shifts(event.shifts),
            layers=tuple(Lane(one.name, _shifts(one.shifts)) for one in event.layers),
        )

    @property
    def told(self) -> Told:
        """What makes it newer than another: a later catalog, else a later day."""
        return self.catalog_version, self.since

    @property
    def people(self) -> Sequence[str]:
        """Everybody who is in it, by name."""
        lanes = (self.final, *(layer.shifts for layer in self.layers))
        return sorted({name for lane in lanes for shift in lane for name in shift.people})

    def gaps(self, since: datetime, until: datetime) -> Sequence[Shift]:
        """Return where nobody is on call between these instants."""
        return [one for one in clipped(self.final, since, until) if not one.people]


def clipped(shifts: Iterable[Shift], since: datetime, until: datetime) -> Sequence[Shift]:
    """Return what of these shifts lies between two instants."""
    return [
        Shift(max(one.begins, since), min(one.ends, until), one.people)
        for one in shifts
        if one.begins < until and one.ends > since
    ]


def _shifts(told: Iterable[ForeseenShift]) -> tuple[Shift, ...]:
    return tuple(Shift(one.begins, one.until, one.responders) for one in told)
