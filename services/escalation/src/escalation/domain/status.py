"""Where a climb stands: waiting for an answer, halted by one, or exhausted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Answer = Literal["acknowledged", "snoozed", "resolved", "merged"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The level was paged and has until then to answer; levels and loops count from 1."""

    level: int
    loop: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Halted:
    """Somebody answered, at this place of the climb."""

    reason: Answer
    level: int
    loop: int

    @property
    def is_over(self) -> bool:
        """Return whether the incident itself is over, not only answered."""
        return self.reason in {"resolved", "merged"}


@dataclass(frozen=True, slots=True)
class Exhausted:
    """Every loop is through; the last resort is paged again at `again_at`."""

    again_at: datetime


Status = Waiting | Halted | Exhausted


@dataclass(frozen=True, slots=True)
class Cause:
    """The event that the climb follows from: its pages continue that chain and that trace."""

    event_id: str
    correlation_id: str | None = None
    traceparent: str | None = None
