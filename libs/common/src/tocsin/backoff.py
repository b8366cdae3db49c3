"""Backoff: the n-th delay, with a ceiling, and jitter passed in."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential delays: `first`, then times `factor`, never above `ceiling`."""

    first: timedelta
    ceiling: timedelta
    factor: float = 2.0

    def delay(self, attempt: int, jitter: float = 1.0) -> timedelta:
        """Return the wait before the next try after the `attempt`-th one (from 1).

        `jitter` in 0..1 takes the delay to between a half and the whole of itself.
        """
        steps = min(max(attempt, 1) - 1, 32)  # 2**32 seconds is past any ceiling.
        seconds = min(self.first.total_seconds() * self.factor**steps, self.ceiling.total_seconds())
        return timedelta(seconds=seconds * (0.5 + 0.5 * min(max(jitter, 0.0), 1.0)))
