"""Who is on call, and what is silenced, as others have told it last."""

from dataclasses import dataclass
from datetime import datetime

from tocsin.events import OnCallChanged, SilenceChanged


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is on call for a schedule since when, and who takes over at `until`. Nobody: a gap."""

    schedule: str
    responders: tuple[str, ...]
    since: datetime
    until: datetime | None
    following: tuple[str, ...]

    @staticmethod
    def of(event: OnCallChanged) -> "Watch":
        """Return what an event tells."""
        return Watch(event.schedule, event.responders, event.since, event.until, event.then)

    def is_over(self, now: datetime) -> bool:
        """Whether others were to take over before now, and nobody has told that they did."""
        return self.until is not None and self.until <= now

    def present(self, now: datetime) -> tuple[str, ...]:
        """Return who is on call now: a hand-off comes, though whoever tells of it may be away."""
        return self.following if self.is_over(now) else self.responders


@dataclass(frozen=True, slots=True)
class Hush:
    """A silence: what it matches, and from when to when."""

    silence_id: str
    matchers: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    created_by: str
    comment: str

    @staticmethod
    def of(event: SilenceChanged) -> "Hush":
        """Return what an event tells."""
        return Hush(
            silence_id=event.silence_id,
            matchers=event.matchers,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            created_by=event.created_by,
            comment=event.comment,
        )
