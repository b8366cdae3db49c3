"""A notification: one message to one person by one contact method.

    Waiting ───claim──▶ Sending ───record──▶ Sent | Delivered
       ▲                 │ │ │
       ├─────release─────┘ │ ├──record──▶ Retrying ──claim──▶ Sending
       │                   │ └──record──▶ Failed
    withdraw             lapse (nobody saw the end: uncertain)
       ▼                   ▼
    Withdrawn           Retrying, at once, "repeat possible"

A notification that is being sent cannot be recalled: `withdraw` marks it `stop`, so that a sender
that has not begun does not begin, and nothing is sent again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from notifier.domain import announcing
from notifier.domain.addressed import Subject
from notifier.domain.kept import Kept, tried
from notifier.domain.retrying import HOPE, LEASE, MAX_ATTEMPTS, PATIENCE, delay
from notifier.domain.states import (
    PASSING,
    PERMANENT,
    Attempt,
    Delivered,
    Failed,
    FailureKind,
    Retrying,
    Sending,
    Sent,
    Waiting,
    Withdrawn,
)
from tocsin import channels, events
from tocsin.channels import Config, Content, SendResult, TargetGone
from tocsin.events import AnnouncementEvent, NotificationEvent


@dataclass(frozen=True, slots=True)
class Notification(Kept):
    """One message by one contact method, and what may happen to it."""

    def claim(
        self, now: datetime, *, holder: str = "", summary: str = "", covers: tuple[str, ...] = ()
    ) -> "Decision":
        """Take it for sending: from here on it is sent, or its lease lapses."""
        claimed = replace(self, fence=self.fence + 1, attempt=self.attempt + 1)
        state = Sending(now + LEASE, holder=holder)
        return Decision(replace(claimed, state=state, summary=summary, covers=covers))

    def release(self, fence: int, now: datetime) -> "Decision":
        """Give it back: it certainly was not sent, so the attempt does not count."""
        if not isinstance(self.state, Sending) or fence != self.fence:
            return Decision(self)
        given_back = replace(self, attempt=self.attempt - 1)
        if self.state.stop:
            return _withdrawn(given_back, self.state.stop, now)
        return given_back.postpone(now, now)

    def postpone(self, until: datetime, now: datetime) -> "Decision":
        """Wait for a free sender; past all patience the next contact method goes as well."""
        waiting = replace(self, state=Waiting(until))
        if self.failed_over or now - self.due_since <= PATIENCE:
            return Decision(waiting)
        return _decided(replace(waiting, failed_over=True), fail_over=True)

    def hasten(self, now: datetime, summary: str = "") -> "Decision":
        """Make it due at once: the contact method before it failed, in that summary or alone."""
        due_since = min(now, self.due_since)
        return Decision(replace(self, state=Waiting(now), due_since=due_since, summary=summary))

    def hope(self, now: datetime) -> "Decision":
        """Go on all the same: no way to this person works, and this one may work again."""
        if not isinstance(self.state, Failed) or self.state.kind not in PASSING:
            return Decision(self)
        again = Retrying(now + delay(self.notification_id, self.attempt), self.state.reason)
        return Decision(replace(self, state=again, last_hope=True, failed_over=True))

    def withdraw(self, reason: str, now: datetime) -> "Decision":
        """Do not send it, or, if that has begun, do not send it again."""
        match self.state:
            case Waiting() | Retrying():
                return _withdrawn(self, reason, now)
            case Sending(stop=""):
                return Decision(replace(self, state=replace(self.state, stop=reason)))
            case _:
                return Decision(self)

    def lapse(self, now: datetime, *, sender_is_gone: bool = False) -> "Decision":
        """The sender is gone and nobody saw the end: it may have been sent.

        It counts as gone when the lease is over, or when the caller knows.
        """
        if not isinstance(self.state, Sending):
            return Decision(self)
        if now < self.state.lease_until and not sender_is_gone:
            return Decision(self)
        return self._unsure("the sender stopped before it saw the answer", now, now)

    def record(self, result: SendResult, fence: int, now: datetime) -> "Decision":
        """Take up what became of the attempt `fence`; a result of an older one changes nothing."""
        if not isinstance(self.state, Sending) or fence != self.fence:
            return Decision(self)
        match result:
            case channels.Accepted(ref=ref):
                return self._gone_out(Sent(now, str(ref)), "sent")
            case channels.Delivered(ref=ref):
                return self._gone_out(Delivered(now, str(ref)), "delivered")
            case channels.Unknown(reason=reason):
                return self._unsure(reason, now, self._retry_at(now, None))
            case channels.RateLimited(reason=reason, retry_after=after):
                return self._failed(
                    "rate-limited",
                    reason,
                    now,
                    self._retry_at(now, after),
                )
            case channels.Transient(reason=reason, retry_after=after):
                return self._failed("transient", reason, now, self._retry_at(now, after))
            case TargetGone() | Content() | Config():
                return self._failed(PERMANENT[type(result)], result.reason, now, None)

    def receive(self, result: SendResult, now: datetime) -> "Decision":
        """Take up what the provider tells later: it arrived after all, or it never will.

        A receipt may overtake the answer to the call itself.
        """
        if not isinstance(self.state, Sent | Sending):
            return Decision(self)
        match result:
            case channels.Delivered(ref=ref):
                return self._gone_out(Delivered(now, str(ref)), "delivered")
            case TargetGone() | Content() | Config():
                return self._failed(PERMANENT[type(result)], result.reason, now, None)
            case _:
                return Decision(self)

    def _gone_out(self, state: Sent | Delivered, outcome: str) -> "Decision":
        after = replace(
            self._tried(outcome, state.at, reference=state.reference),
            answered_meanwhile=bool(self._stop),
        )
        fact = events.NotificationSent if isinstance(state, Sent) else events.NotificationDelivered
        told = fact(
            **self._subject,
            reference=state.reference,
            late_seconds=int(self.late.total_seconds()),
            summary_id=self.summary,
        )
        return _decided(replace(after, state=state), told)

    def _failed(
        self, kind: FailureKind, reason: str, now: datetime, retry_at: datetime | None
    ) -> "Decision":
        if not self._may_go_on(now):
            retry_at = None
        if retry_at and self._stop:
            after = self._tried(kind, now, reason)
            return _withdrawn(after, self._stop, now)
        after = self._tried(kind, now, reason, retry_at=retry_at)
        fact = events.NotificationFailed(
            **self._subject, kind=kind, reason=reason, retry_at=retry_at
        )
        if retry_at is None:
            failed = replace(after, state=Failed(now, kind, reason))
            return _decided(failed, fact, fail_over=not (self._stop or self.last_hope))
        return _again(after, None if self._goes_on_and_on else fact, retry_at, reason)

    def _unsure(self, reason: str, now: datetime, retry_at: datetime) -> "Decision":
        again = self._may_go_on(now) and not self._stop
        next_at = retry_at if again else None
        tried = self._tried("uncertain", now, reason, retry_at=next_at)
        after = replace(tried, repeat_possible=True)
        fact = events.NotificationUncertain(**self._subject, reason=reason, retry_at=next_at)
        if again:
            known = self._goes_on_and_on and self.repeat_possible
            return _again(after, None if known else fact, retry_at, reason)
        if self._stop:
            return _decided(replace(after, state=Withdrawn(now, self._stop)), fact)
        failed = replace(after, state=Failed(now, "transient", reason))
        return _decided(failed, fact, fail_over=not self.last_hope)

    def _may_go_on(self, now: datetime) -> bool:
        # A channel or webhook has no other way, so its own is tried on like somebody's last.
        if self.last_hope or self.is_announcement:
            return now - self.due_since < HOPE
        return self.attempt < MAX_ATTEMPTS

    @property
    def _goes_on_and_on(self) -> bool:
        """Whether it is tried every minute for a day: one line of the timeline says it."""
        return self.last_hope or self.attempt > MAX_ATTEMPTS

    @property
    def _stop(self) -> str:
        return self.state.stop if isinstance(self.state, Sending) else ""

    @property
    def _subject(self) -> Subject:
        return self.subject(self.attempt)

    def _retry_at(self, now: datetime, retry_after: timedelta | None) -> datetime:
        return now + delay(self.notification_id, self.attempt, retry_after)

    def _tried(
        self,
        outcome: str,
        now: datetime,
        reason: str = "",
        *,
        reference: str = "",
        retry_at: datetime | None = None,
    ) -> "Notification":
        return tried(self, Attempt(self.attempt, now, outcome, reason, reference, retry_at))


@dataclass(frozen=True, slots=True)
class Decision:
    """The notification after it, the facts to tell, and whether the next contact method must go."""

    notification: Notification
    facts: tuple[NotificationEvent | AnnouncementEvent, ...] = ()
    fail_over: bool = False


def _decided(after: Notification, *facts: NotificationEvent, fail_over: bool = False) -> Decision:
    # An update is a courtesy: it tells no timeline, and it never makes anybody be paged.
    if after.purpose != "page":
        return Decision(after)
    if after.is_announcement:
        return Decision(after, tuple(map(announcing.told, facts)))
    return Decision(after, facts, fail_over)


def _again(
    after: Notification, fact: NotificationEvent | None, retry_at: datetime, reason: str
) -> Decision:
    impatient = not after.failed_over and retry_at - after.due_since > PATIENCE
    state = Retrying(retry_at, reason)
    retrying = replace(after, state=state, failed_over=after.failed_over or impatient)
    return _decided(retrying, *([fact] if fact else []), fail_over=impatient)


def _withdrawn(notification: Notification, reason: str, now: datetime) -> Decision:
    fact = events.NotificationWithdrawn(**notification.subject(notification.attempt), reason=reason)
    return _decided(replace(notification, state=Withdrawn(now, reason)), fact)
