"""Who in this process fails on the same batch again and again: for how long, and why.

By name: the consumers, `<service>.<topic>`, and `<service>.timers`.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from tocsin import telemetry

LONGEST_ERROR = 300


@dataclass(frozen=True, slots=True)
class Failing:
    """A consumer whose latest batch failed: how often in a row, since when, and why."""

    count: int
    since: float  # On the monotonic clock.
    error: str


_FAILING: dict[str, Failing] = {}


def consumers() -> Mapping[str, Failing]:
    """Return the consumers whose latest batch failed, by name."""
    return dict(_FAILING)


def note(consumer: str, error: Exception) -> int:
    """Note that a batch failed; return how often in a row by now."""
    before = _FAILING.get(consumer, Failing(0, time.monotonic(), ""))
    now = Failing(before.count + 1, before.since, repr(error)[:LONGEST_ERROR])
    _FAILING[consumer] = now
    telemetry.CONSUMER_FAILURES.labels(consumer).set(now.count)
    return now.count


def forget(consumer: str) -> None:
    """Note that a batch was handled."""
    if _FAILING.pop(consumer, None) is not None:
        telemetry.CONSUMER_FAILURES.labels(consumer).set(0)
