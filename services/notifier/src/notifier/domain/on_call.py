"""Who is on call, as escalation has announced it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tocsin.events import OnCallChanged

UNKNOWN = (
    "Nothing has been announced yet: the catalog has no schedule, or escalation is not running."
)


@dataclass(frozen=True, slots=True)
class OnCall:
    """One schedule: who answers, until when, and who then."""

    schedule: str
    responders: tuple[str, ...]
    since: datetime
    until: datetime | None = None
    then: tuple[str, ...] = ()

    @classmethod
    def of(cls, fact: OnCallChanged) -> "OnCall":
        """Return what an announcement says."""
        return cls(fact.schedule, fact.responders, fact.since, fact.until, fact.then)

    def words(self, now: datetime) -> str:
        """Return it in a line. What should have ended already is told as such."""
        said = f"{self.schedule}: {', '.join(self.responders) or 'nobody'}"
        if self.until is None:
            return said
        when = self.until.strftime("%Y-%m-%d %H:%M UTC")
        if now >= self.until:
            return f"{said}, was to end at {when}; no hand-off has been heard of"
        return f"{said} until {when}, then {', '.join(self.then) or 'nobody'}"


def listed(known: Iterable[OnCall], now: datetime) -> str:
    """Return who is on call, in words."""
    return "\n".join(one.words(now) for one in known) or UNKNOWN
