"""What a stage looks at, and what it may say."""

from dataclasses import dataclass
from typing import TypeAlias

from notifier.domain.incident import Incident
from notifier.domain.notification import Notification


@dataclass(frozen=True, slots=True)
class Situation:
    """The incident as far as it is known, and what of the same page has passed already."""

    incident: Incident | None
    companions: tuple[Notification, ...] = ()


@dataclass(frozen=True, slots=True)
class Pass:
    """Nothing against it."""


@dataclass(frozen=True, slots=True)
class Drop:
    """It must not be sent."""

    reason: str


Verdict: TypeAlias = Pass | Drop
