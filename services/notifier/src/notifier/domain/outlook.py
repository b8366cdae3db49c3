"""The coming shifts of a schedule, as escalation foresees them, and the handoffs in them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal

from tocsin.events import ForeseenShift, ShiftsForeseen

BEHIND = timedelta(days=8)  # A note is carried over a week's end; more is not foreseen.
AHEAD = timedelta(days=15)  # Twice the longest notice: a week in which nothing is foreseen anew.
Kind = Literal["on_call", "off_call"]


@dataclass(frozen=True, slots=True)
class Shift:
    """A span in which these people are on call; nobody: a gap."""

    begins: datetime
    ends: datetime
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Handoff:
    """The instant at which somebody goes on call, or off it.

    `others` are those before them, or after them. `until` is when what begins is over, as far as
    that is known.
    """

    person: str
    kind: Kind
    schedule: str
    at: datetime
    others: tuple[str, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """A schedule's shifts, without a break between them, and when they are looked at again.

    `catalog_version` and `since` say when this was foreseen. By `looked_at` every notice was
    decided that was due until then; `look_at` is when the next one is. A process whose catalog is
    older than `needs` cannot decide.
    """

    schedule: str
    catalog_version: int
    since: datetime
    shifts: tuple[Shift, ...]
    looked_at: datetime
    look_at: datetime | None
    needs: int

    @staticmethod
    def of(event: ShiftsForeseen, now: datetime, look_at: datetime) -> "Outlook":
        """Return what an event tells, as far as notices need it."""
        return Outlook(
            schedule=event.schedule,
            catalog_version=event.catalog_version,
            since=event.since,
            shifts=tuple(_near(event.shifts, now)),
            looked_at=now,
            look_at=look_at,
            needs=event.catalog_version,
        )

    @property
    def told(self) -> tuple[int, datetime]:
        """What makes it newer than another: a later catalog, else a later day."""
        return self.catalog_version, self.since

    def following(self, before: "Outlook") -> "Outlook":
        """Return it in the place of the one before: what that has decided stays decided."""
        is_overdue = before.look_at is not None and before.look_at <= self.looked_at
        return replace(
            self,
            looked_at=before.looked_at if is_overdue else self.looked_at,
            look_at=min(filter(None, (self.look_at, before.look_at)), default=None),
            needs=max(self.needs, before.needs),
        )

    def handoffs(self) -> Iterator[Handoff]:
        """Yield who goes on call, or off it, in order. Who stays is handed nothing."""
        for place, (before, after) in enumerate(pairwise(self.shifts), 1):
            for person in after.people:
                if person not in before.people:
                    until = self._until(person, place)
                    others = before.people
                    yield Handoff(person, "on_call", self.schedule, after.begins, others, until)
            for person in before.people:
                if person not in after.people:
                    others = after.people
                    yield Handoff(person, "off_call", self.schedule, after.begins, others)

    def _until(self, person: str, place: int) -> datetime | None:
        later = (self.shifts[at] for at in range(place, len(self.shifts)))
        return next((shift.begins for shift in later if person not in shift.people), None)


def _near(shifts: Iterable[ForeseenShift], now: datetime) -> Iterator[Shift]:
    """Yield the shifts of the next days, and one more, by which the end of the last is known."""
    for shift in shifts:
        if shift.until > now - BEHIND:
            yield Shift(shift.begins, shift.until, shift.responders)
        if shift.begins > now + AHEAD:
            return
