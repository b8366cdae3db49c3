"""A message in a chat that is kept up to date: one owner at a time, and always the newest state.

waiting ──claim──▶ posting ──record──▶ resting ──want──▶ waiting
   ▲                  │
   └── again, lapse ──┘                 gone: the message, or its place, is no more
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from notifier.domain.retrying import LEASE, delay
from tocsin.channels import (
    Accepted,
    Config,
    Delivered,
    RateLimited,
    SendResult,
    Transient,
    Unknown,
)

State = Literal["waiting", "posting", "resting", "gone"]
PAUSE = timedelta(seconds=5)  # Between two changes that nobody is waiting for.
SET_UP_AGAIN = timedelta(minutes=1)  # A wrong token is put right by somebody, some time.
MOST_TRIES = 1500  # In a row, a minute apart: about a day.


@dataclass(frozen=True, slots=True)
class Post:
    """What it tells of, where it is, and what of the news is in it already.

    `versions` is the sum of its incidents' versions as the message has them, `claimed` as they are
    being written; both only grow. `news` says that something happened meanwhile: however much it
    was, what follows is one more change. `reference` is the provider's name of the message;
    without one it is not there yet. `page_id` is the page that a direct message began as.
    """

    post_id: str
    channel: str
    address: str
    incidents: tuple[str, ...]
    token_hash: str
    opened_at: datetime
    page_id: str = ""
    reference: str = ""
    state: State = "waiting"
    wakes_at: datetime | None = None
    versions: int = -1
    claimed: int = -1
    news: bool = False
    fence: int = 0
    attempt: int = 0
    repeat_possible: bool = False
    shown_at: datetime | None = None
    reason: str = ""

    @property
    def is_shared(self) -> bool:
        """Whether it tells of several incidents."""
        return len(self.incidents) > 1

    def want(self, now: datetime, *, at_once: bool) -> "Post":
        """Take up news: `at_once` where somebody looks at the message and waits for it."""
        if self.state == "posting":
            return replace(self, news=True)
        if self.state == "resting":
            at = now if at_once else max(now, (self.shown_at or now) + PAUSE)
            return replace(self, state="waiting", wakes_at=at)
        if self.state == "waiting" and at_once and not self.attempt and self.wakes_at:
            return replace(self, wakes_at=min(self.wakes_at, now))
        return self

    def tell_of(self, *incidents: str, now: datetime) -> "Post":
        """Tell of these as well."""
        known = set(self.incidents)
        more = tuple(one for one in incidents if one not in known)
        told = replace(self, incidents=(*self.incidents, *more))
        return told.want(now, at_once=False) if more else self

    def claim(self, versions: int, now: datetime) -> "Post":
        """Take it for writing these versions; it rests if it has them.

        What was claimed before and never recorded may have been written.
        """
        lapsed = self.state == "posting"
        if self.reference and versions == self.versions and not lapsed:
            return replace(self, state="resting", wakes_at=None, news=False)
        return replace(
            self,
            state="posting",
            wakes_at=now + LEASE,
            claimed=versions,
            news=False,
            fence=self.fence + 1,
            repeat_possible=self.repeat_possible or lapsed,
        )

    def record(self, result: SendResult, fence: int, now: datetime) -> "Post":
        """Take up what became of it; a result of an older claim changes nothing."""
        if self.state != "posting" or fence != self.fence:
            return self
        match result:
            case Accepted(ref=ref) | Delivered(ref=ref):
                return self._shown(self.reference or str(ref), now)
            case RateLimited(reason=reason, retry_after=after):
                return self._again(reason, now + delay(self.post_id, 1, after))
            case Transient(reason=reason, retry_after=after):
                return self._again(reason, now + delay(self.post_id, self.attempt + 1, after))
            case Unknown(reason=reason):
                at = now + delay(self.post_id, self.attempt + 1)
                return replace(self._again(reason, at), repeat_possible=True)
            case Config(reason=reason):
                return self._again(reason, now + SET_UP_AGAIN)
            case _:
                return replace(self, state="gone", wakes_at=None, reason=result.reason)

    def _shown(self, reference: str, now: datetime) -> "Post":
        shown = replace(
            self,
            reference=reference,
            versions=self.claimed,
            shown_at=now,
            attempt=0,
            repeat_possible=False,
            reason="",
        )
        if self.news:
            return replace(shown, state="waiting", wakes_at=now)
        return replace(shown, state="resting", wakes_at=None)

    def _again(self, reason: str, at: datetime) -> "Post":
        if self.attempt >= MOST_TRIES:
            return replace(self, state="gone", wakes_at=None, reason=reason)
        return replace(self, state="waiting", wakes_at=at, attempt=self.attempt + 1, reason=reason)
