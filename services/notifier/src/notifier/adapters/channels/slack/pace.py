"""Turns: who asks too early is told when its turn is, and keeps its place in the line."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from notifier.domain.retrying import LATE

LONGEST = LATE - timedelta(seconds=5)  # A line is no longer than a page may wait for its turn.
# Who finds no place comes back when a page is so late that it goes together with others.
TOGETHER = LATE + timedelta(seconds=5)
FORGOTTEN = timedelta(minutes=1)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _Line:
    free_from: datetime = _NEVER
    held_until: datetime = _NEVER
    taken_at: datetime = _NEVER
    turns: dict[str, datetime] = field(default_factory=dict)


class Pace:
    """One call in `every`, `burst` more at once, for each line by itself."""

    def __init__(self, every: timedelta, burst: int) -> None:
        """Begin with nobody waiting."""
        self._every = every
        self._burst = every * burst
        self._lines: dict[str, _Line] = {}
        self._swept_at = _NEVER

    def wait(self, line: str, who: str, now: datetime, *, first: bool = False) -> timedelta:
        """Return how long until the turn of `who`; nothing means that it is taken now.

        Who goes `first` stands in no line: one message for many must not wait behind each of them.
        """
        self._forget(now)
        found = self._lines.setdefault(line, _Line())
        due = max(found.held_until, found.taken_at + self._every) if first else found.turns.get(who)
        if due is None:
            free = max(found.free_from, now - self._burst)
            due = max(free, now)
            if due - now > LONGEST:
                return TOGETHER
            found.free_from = free + self._every
        if due > now:
            if not first:
                found.turns[who] = due
            return due - now
        found.turns.pop(who, None)
        found.taken_at = now
        return timedelta(0)

    def hold(self, line: str, until: datetime) -> None:
        """Let nobody go before this instant: the provider said so. All line up anew behind it."""
        found = self._lines.setdefault(line, _Line())
        found.held_until = until
        found.free_from = max(found.free_from if not found.turns else until, until)
        found.turns.clear()

    def _forget(self, now: datetime) -> None:
        """Forget turns that nobody took, and lines that nobody stands in; now and then."""
        if now - self._swept_at < FORGOTTEN:
            return
        self._swept_at = now
        for name, line in list(self._lines.items()):
            line.turns = {who: at for who, at in line.turns.items() if now - at < FORGOTTEN}
            if not line.turns and max(line.free_from, line.held_until) < now - self._burst:
                del self._lines[name]
