"""A notice: one message to one person about the handoffs of one moment. It wakes nobody.

waiting ──claim──▶ sending ──record──▶ told
   ▲                  │
   └── again, lapse ──┘     dropped: the shift moved, it is too late, or the way is none

It stands for a handoff of one schedule or several. Its identity follows from them, so a look that
is made twice finds it there, and a repeat at the provider is known as one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from notifier.domain.contact import ContactMethod
from notifier.domain.leads import Due
from notifier.domain.outlook import Handoff, Kind
from notifier.domain.retrying import LEASE, delay
from tocsin import durations, ids
from tocsin.catalog import User
from tocsin.channels import (
    Accepted,
    Config,
    Delivered,
    RateLimited,
    SendResult,
    Transient,
    Unknown,
)

State = Literal["waiting", "sending", "told", "dropped"]
SET_UP_AGAIN = timedelta(minutes=1)  # A wrong setting is put right by somebody, some time.
MOVED = "the shift has moved"
TOO_LATE = "the handoff came first"


@dataclass(frozen=True, slots=True)
class Notice:
    """To whom, about which handoffs. `occasion` is what several notices of one moment share.

    `fence` counts its claims: the result of an older one is void.
    """

    notice_id: str
    occasion: str
    person: str
    kind: Kind
    handoff_at: datetime
    schedules: tuple[str, ...]
    contact: ContactMethod
    state: State
    wakes_at: datetime | None
    fence: int = 0
    attempt: int = 0
    repeat_possible: bool = False
    reason: str = ""

    def claim(self, now: datetime) -> "Notice":
        """Take it for sending. What was claimed before and never recorded may have been sent."""
        return replace(
            self,
            state="sending",
            wakes_at=now + LEASE,
            fence=self.fence + 1,
            attempt=self.attempt + 1,
            repeat_possible=self.repeat_possible or self.state == "sending",
        )

    def drop(self, reason: str) -> "Notice":
        """End it without telling."""
        return replace(self, state="dropped", wakes_at=None, reason=reason)

    def record(self, result: SendResult, fence: int, now: datetime) -> "Notice":
        """Take up what became of an attempt; a result of an older claim changes nothing."""
        if self.state != "sending" or fence != self.fence:
            return self
        match result:
            case Accepted() | Delivered():
                return replace(self, state="told", wakes_at=None, reason="")
            case RateLimited(reason=reason, retry_after=after):
                return self._again(reason, now + delay(self.notice_id, 1, after))
            case Transient(reason=reason, retry_after=after):
                return self._again(reason, now + delay(self.notice_id, self.attempt, after))
            case Unknown(reason=reason):
                again = self._again(reason, now + delay(self.notice_id, self.attempt))
                return replace(again, repeat_possible=True)
            case Config(reason=reason):
                return self._again(reason, now + SET_UP_AGAIN)
            case _:
                return self.drop(result.reason)

    def _again(self, reason: str, at: datetime) -> "Notice":
        if at >= self.handoff_at:
            return self.drop(f"{TOO_LATE}: {reason}")
        return replace(self, state="waiting", wakes_at=at, reason=reason)


def occasion_of(due: Due) -> str:
    """Return what is the same for all schedules: who is told of which moment, how long before."""
    handoff = due.handoff
    at = handoff.at.isoformat()
    return ids.derived("handoff", handoff.person, handoff.kind, at, durations.text(due.lead))


def notice_of(occasion: str, found: Sequence[Handoff], user: User, now: datetime) -> Notice | None:
    """Return the notice of these handoffs of one occasion; None for who cannot be told."""
    method = user.notice_method()
    if method is None:
        return None
    schedules = tuple(sorted({one.schedule for one in found}))
    return Notice(
        notice_id=ids.derived("notice", occasion, *schedules),
        occasion=occasion,
        person=found[0].person,
        kind=found[0].kind,
        handoff_at=found[0].at,
        schedules=schedules,
        contact=ContactMethod(method.name, method.channel, method.address),
        state="waiting",
        wakes_at=now,
    )


def told_of(notice: Notice, handoffs: Iterable[Handoff]) -> tuple[Handoff, ...]:
    """Return those of these handoffs that a notice is about: what has moved is not among them."""
    wanted = (notice.person, notice.kind, notice.handoff_at)
    return tuple(
        one
        for one in handoffs
        if (one.person, one.kind, one.at) == wanted and one.schedule in notice.schedules
    )
