"""What a measurement found, and the arithmetic behind it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

FEWER = 10.0  # Alerts per second below which no search goes.
STEP = 1.5


@dataclass(frozen=True)
class Row:
    """One measurement.

    accepted: per second; rate: per second, until all of it was done; p50, p99: ms from the intended
    time to the page; size: bytes; seconds: a time; parts: size or seconds by process; cpu: ms per
    alert by process, beyond what an idle system costs. None: not measured here.
    """

    key: str
    sent: int = 0
    refused: int = 0
    accepted: float | None = None
    rate: float | None = None
    p50: float | None = None
    p99: float | None = None
    size: float | None = None
    seconds: float | None = None
    parts: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Aim:
    """What a row's figure should be at least, or at most."""

    figure: Literal["accepted", "rate", "p50", "p99", "size", "seconds"]
    bound: float
    at_least: bool = True

    def met(self, row: Row) -> bool | None:
        """Return whether the row meets it; None where the figure was not measured."""
        value: float | None = getattr(row, self.figure)
        if value is None:
            return None
        return value >= self.bound if self.at_least else value <= self.bound


@dataclass(frozen=True)
class Answer:
    """A figure that needs no system: a cost of the code alone, and what it should be below."""

    name: str
    value: float
    unit: Literal["µs", "ms", "s", "MB"]
    aim: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether it is below its aim, if it has one."""
        return self.aim is None or self.value < self.aim

    def cells(self) -> list[str]:
        """Return it as cells: what it is, how much, and the aim."""
        bound = "" if self.aim is None else f"< {self.aim:g} {self.unit}"
        aim = bound if self.is_met else f"{bound}: not met"
        return [self.name, f"{self.value:,.1f} {self.unit}", aim]


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    return ordered[max(math.ceil(len(ordered) * share) - 1, 0)]


def per_alert(
    before: Mapping[str, float], after: Mapping[str, float], idle: Mapping[str, float], count: int
) -> dict[str, float]:
    """Return ms of the processor per alert and process, `idle` being what would be used anyway."""
    return {
        name: max(used - before[name] - idle.get(name, 0.0), 0.0) * 1000 / count
        for name, used in after.items()
        if name in before
    }


def ratio(ours: Row, theirs: Row, figure: str) -> float | None:
    """Return our figure over the peer's, where both were measured."""
    mine, other = getattr(ours, figure), getattr(theirs, figure)
    return mine / other if mine is not None and other else None


class Search:
    """The highest rate that holds: a bracket in steps, then halved, in a bounded number of tries.

    What held stays the answer even if the tries end before the bracket is narrow.
    """

    def __init__(self, start: float, tries: int, close: float = 1.1) -> None:
        """Begin at `start`; end after `tries`, or when the bracket's ends are `close`."""
        self._next: float | None = start
        self._tries = tries
        self._close = close
        self.held: float | None = None
        self.failed: float | None = None

    @property
    def rate(self) -> float | None:
        """The rate to try now; None: the search is over."""
        return self._next

    def tell(self, *, held: bool) -> None:
        """Say whether the rate to try held."""
        assert self._next is not None, "the search is over"
        if held:
            self.held = self._next
        else:
            self.failed = self._next
        self._tries -= 1
        self._next = self._following() if self._tries > 0 else None

    def _following(self) -> float | None:
        if self.held is None:
            assert self.failed is not None
            lower = self.failed / STEP
            return lower if lower >= FEWER else None
        if self.failed is None:
            return self.held * STEP
        if self.failed / self.held <= self._close:
            return None
        return math.sqrt(self.held * self.failed)
