"""A command that somebody gave here, and what was heard of it: sent -> answered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tocsin.events import CommandRefused, Envelope, Event, OverrideAnswered, SilenceRefused

# A command that changes nothing has no answer; nobody is left waiting for one.
ANSWERED_WITHIN = timedelta(minutes=1)
LATE = timedelta(seconds=10)
SHOWN_FOR = timedelta(minutes=10)
# The catalog and what follows from it are heard on ways of their own, a little after an answer.
SETTLED_AFTER = timedelta(seconds=5)
CHANGES_SHIFTS = frozenset({"override", "end"})


@dataclass(frozen=True, slots=True)
class Order:
    """A command of an incident, a silence or a schedule. `refusal` is why it was refused."""

    command_id: str
    incident_id: str
    verb: str
    by: str
    sent_at: datetime
    answered_at: datetime | None = None
    refusal: str = ""

    def is_waiting(self, now: datetime) -> bool:
        """Whether an answer may still come."""
        return self.answered_at is None and now - self.sent_at < ANSWERED_WITHIN

    def is_followed(self, now: datetime, *, is_behind: bool) -> bool:
        """Whether shifts that it changed may still come; `is_behind`: those shown are older."""
        if self.answered_at is None or self.refusal or self.verb not in CHANGES_SHIFTS:
            return False
        age = now - self.answered_at
        return age < SETTLED_AFTER or (is_behind and age < ANSWERED_WITHIN)

    def is_in_vain(self, now: datetime) -> bool:
        """Whether nothing came of it: it was refused, or nobody took it up."""
        return bool(self.refusal) or (self.answered_at is None and not self.is_waiting(now))

    def is_late(self, now: datetime) -> bool:
        """Whether an answer should have come by now, where everything is up."""
        return self.answered_at is None and now - self.sent_at >= LATE


def answered(
    waiting: Iterable[Order], envelopes: Iterable[Envelope[Event]], now: datetime
) -> Sequence[Order]:
    """Return the orders that these events answer: each names its command as its cause."""
    answers = {one.causation_id: one.data for one in envelopes if one.causation_id}
    return [
        replace(order, answered_at=now, refusal=_refusal(answers[order.command_id]))
        for order in waiting
        if order.command_id in answers
    ]


def _refusal(event: Event) -> str:
    if isinstance(event, OverrideAnswered):
        return event.refusal
    return event.reason if isinstance(event, CommandRefused | SilenceRefused) else ""
