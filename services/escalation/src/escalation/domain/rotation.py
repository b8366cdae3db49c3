"""Who has the turn at an instant: people taking turns, handing off at wall-clock times.

Stateless: the answer follows from the rotation alone, so it is the same tomorrow, on every replica
and in a replay.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from escalation.domain.turn_lengths import Even, Monthly, TurnLengths, Uneven
from tocsin import catalog
from tocsin.wall_clock import Moment, moment, on_wall, start_instant

Group = tuple[str, ...]  # On call together; empty: nobody has this turn.
UNITS = {"hourly": timedelta(hours=1), "daily": timedelta(days=1), "weekly": timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class Rotation:
    """Participants take turns by the clock of `zone`, from `start` (naive).

    With `active_days`, a turn lasts so many days on which the layer has hours, and the lengths on
    the wall do not count.
    """

    participants: tuple[Group, ...]
    start: datetime
    lengths: TurnLengths
    zone: ZoneInfo
    active_days: int = 0

    @classmethod
    def of(cls, spec: catalog.Rotation, zone: ZoneInfo) -> "Rotation":
        """Return the rotation that a document describes, in its own zone or its layer's."""
        zone = ZoneInfo(spec.time_zone) if spec.time_zone else zone
        start = on_wall(spec.start, zone).replace(microsecond=0)
        active_days = spec.length if spec.rotate_on == "active" else 0
        return cls(spec.participants, start, _lengths(spec), zone, active_days)

    def handoff(self, turn: int) -> datetime:
        """Return the instant at which this turn (from 0) begins."""
        return start_instant(self.lengths.begins(self.start, turn), self.zone)

    def turn_at(self, at: datetime) -> int | None:
        """Return the number of the turn in progress, or None before the rotation starts."""
        turn = self.turn(moment(at, self.zone))
        return turn if turn >= 0 else None

    def turn(self, now: Moment) -> int:
        """Return the latest turn that has begun; negative before the rotation starts."""
        return self.lengths.turn(self.start, now.reached)

    def holder(self, turn: int) -> Group:
        """Return whose turn it is."""
        return self.participants[turn % len(self.participants)]

    def handoffs(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Yield the handoffs after `since` and before `until`, in order."""
        turn = max(self.turn(moment(since, self.zone)) + 1, 0)
        while (instant := self.handoff(turn)) < until:
            if instant > since:
                yield instant
            turn += 1

    def with_participants(self, others: tuple[Group, ...], turn: int) -> "Rotation":
        """Return the rotation with other participants from the middle of a turn on.

        Handoffs stay where they are. Who has the turn then keeps it if they still take part; else
        it is the turn of the next in the old order who does.
        """
        turn = max(turn, 0)
        in_order = (self.holder(turn + place) for place in range(len(self.participants)))
        first = next((others.index(group) for group in in_order if group in others), 0)
        shift = (first - turn) % len(others)
        return replace(self, participants=others[shift:] + others[:shift])


def _lengths(spec: catalog.Rotation) -> TurnLengths:
    if spec.type == "monthly":
        return Monthly(spec.length)
    if spec.type == "custom":
        return Uneven(spec.lengths)
    return Even(UNITS[spec.type] * spec.length)
