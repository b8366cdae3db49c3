"""Who has the turn at an instant: people taking turns, handing off at wall-clock times.

Stateless: the answer follows from the rotation alone, so it is the same tomorrow, on every replica
and in a replay.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from escalation.domain.wall_clock import start_instant, wall_time
from tocsin import catalog

UNITS = {"hourly": timedelta(hours=1), "daily": timedelta(days=1), "weekly": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class Rotation:
    """Participants take turns of `turn_length` by the clock of `zone`, from `start` (naive)."""

    participants: tuple[str, ...]
    start: datetime
    turn_length: timedelta
    zone: ZoneInfo

    @classmethod
    def of(cls, spec: catalog.Rotation, zone: ZoneInfo) -> "Rotation":
        """Return the rotation that a document describes, in its schedule's zone."""
        start = wall_time(spec.start, zone) if spec.start.tzinfo else spec.start
        length = UNITS[spec.type] * spec.length
        return cls(spec.participants, start.replace(microsecond=0), length, zone)

    def handoff(self, turn: int) -> datetime:
        """Return the instant at which this turn (from 0) begins."""
        return start_instant(self.start + turn * self.turn_length, self.zone)

    def turn_at(self, at: datetime) -> int | None:
        """Return the number of the turn in progress, or None before the rotation starts.

        It is the latest turn that has begun. The wall clock gives it but for a repeated hour,
        where the clock shows a time before a handoff that has already happened.
        """
        turn = (wall_time(at, self.zone) - self.start) // self.turn_length
        while self.handoff(turn + 1) <= at:
            turn += 1
        while self.handoff(turn) > at:
            turn -= 1
        return turn if turn >= 0 else None

    def holder(self, turn: int) -> str:
        """Return whose turn it is."""
        return self.participants[turn % len(self.participants)]

    def handoffs(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Yield the handoffs after `since` and before `until`, in order."""
        turn = self.turn_at(since)
        turn = 0 if turn is None else turn + 1
        while (instant := self.handoff(turn)) < until:
            if instant > since:
                yield instant
            turn += 1
