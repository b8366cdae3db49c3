"""Turns: who asks too early is told when its turn is, and keeps its place in the line."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

LONGEST = timedelta(minutes=2)  # Who would wait longer gets no turn: by then it may go bundled.
FORGOTTEN = timedelta(minutes=1)
MANY = 1000
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Line:
    free_from: datetime = _NEVER
    turns: dict[str, datetime] = field(default_factory=dict)


class Pace:
    """One call in `every`, `burst` more at once, for each line by itself."""

    def __init__(self, every: timedelta, burst: int) -> None:
        """Begin with nobody waiting."""
        self._every = every
        self._burst = every * burst
        self._lines: dict[str, _Line] = {}

    def wait(self, line: str, who: str, now: datetime) -> timedelta:
        """Return how long until the turn of `who`; nothing means that it is taken now."""
        self._forget(now)
        found = self._lines.setdefault(line, _Line())
        due = found.turns.get(who)
        if due is None:
            free = max(found.free_from, now - self._burst)
            due = max(free, now)
            if due - now > LONGEST:
                return LONGEST
            found.free_from = free + self._every
        if due <= now:
            found.turns.pop(who, None)
            return timedelta(0)
        found.turns[who] = due
        return due - now

    def hold(self, line: str, until: datetime) -> None:
        """Let nobody go before this instant: the provider said so. All line up anew behind it."""
        found = self._lines.setdefault(line, _Line())
        found.free_from = max(found.free_from if not found.turns else until, until)
        found.turns.clear()

    def _forget(self, now: datetime) -> None:
        """Forget turns that nobody took, and lines that nobody stands in."""
        if len(self._lines) + sum(len(line.turns) for line in self._lines.values()) < MANY:
            return
        for name, line in list(self._lines.items()):
            line.turns = {who: at for who, at in line.turns.items() if now - at < FORGOTTEN}
            if not line.turns and line.free_from < now - self._burst:
                del self._lines[name]
