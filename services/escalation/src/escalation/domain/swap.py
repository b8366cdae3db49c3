"""A swap: two people agree to take each other's turns; then it is overrides like any other.

proposed ──accept──▶ accepted
    ├──decline──▶ declined
    ├──withdraw──▶ withdrawn
    └──nobody answers in time──▶ expired
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from escalation.domain.absence import NOBODY
from escalation.domain.resolution import reachable, unreachable_because
from escalation.domain.schedule import Schedule
from tocsin.catalog import Catalog
from tocsin.catalog.suggestions import no_such
from tocsin.errors import Refused

Status = Literal["proposed", "accepted", "declined", "withdrawn", "expired"]
Verb = Literal["accept", "decline", "withdraw"]
ANSWERS: dict[Verb, Status] = {
    "accept": "accepted",
    "decline": "declined",
    "withdraw": "withdrawn",
}
LONGEST, FARTHEST = timedelta(days=92), timedelta(days=366)
Written = dict[str, Any]  # A document, as it is written.


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant until another, which is no longer part of it."""

    begins: datetime
    until: datetime

    def __str__(self) -> str:
        """Return it as people read it."""
        return f"from {_instant(self.begins)} until {_instant(self.until)}"


@dataclass(frozen=True, slots=True)
class Swap:
    """`proposer` gives `gives` to `other`, and takes `takes` in return, where anything is taken.

    It is about whoever of the two is on call in those spans, and about nobody else.
    """

    swap_id: str
    schedule: str
    proposer: str
    other: str
    gives: Span
    proposed_at: datetime
    expires_at: datetime
    takes: Span | None = None
    reason: str = ""
    status: Status = "proposed"
    answered_at: datetime | None = None

    def as_of(self, now: datetime) -> "Swap":
        """Return it as it stands: what nobody answered in time can no longer be agreed to."""
        if self.status == "proposed" and self.expires_at <= now:
            return replace(self, status="expired", answered_at=self.expires_at)
        return self

    def answered(self, verb: Verb, by: str, now: datetime) -> "Swap":
        """Return it after somebody's answer; the same answer again changes nothing."""
        who = self.proposer if verb == "withdraw" else self.other
        if by != who:
            raise Refused(f"Only {who} can {verb} this swap; {by} cannot.")
        standing = self.as_of(now)
        if standing.status == ANSWERS[verb]:
            return standing
        if standing.status != "proposed":
            raise Refused(f"The swap is {standing.status} already; propose another.")
        return replace(standing, status=ANSWERS[verb], answered_at=now)

    @property
    def halves(self) -> tuple[tuple[Span, str, str], ...]:
        """Each span, with who gives it and who takes it."""
        given = (self.gives, self.proposer, self.other)
        if self.takes is None:
            return (given,)
        return given, (self.takes, self.other, self.proposer)

    @property
    def agreeing(self) -> str:
        """Both, as the author of what they agree on."""
        return f"{self.proposer} and {self.other}"

    def documents(self) -> list[Written]:
        """Return the overrides that it is, once both have agreed."""
        return [
            {
                "kind": "Override",
                "name": f"{self.swap_id}-{number}",
                "spec": {
                    "schedule": self.schedule,
                    "from": _instant(span.begins),
                    "until": _instant(span.until),
                    "remove": [giver],
                    "add": [taker],
                    "reason": self.reason or f"{giver} and {taker} swapped",
                },
            }
            for number, (span, giver, taker) in enumerate(self.halves, start=1)
        ]


def mistakes(swap: Swap, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a proposal whatever the schedule says: the field, and why."""
    if swap.proposer == swap.other:
        yield "with", "names the same person as `by`; name the one to swap with"
    spans = (("until", swap.gives), ("in_return.until", swap.takes))
    found = [(field, why) for field, span in spans if span and (why := _wrong(span, now))]
    yield from found
    if not found and swap.expires_at <= now:
        yield "expires_at", "is over already; leave time to answer"


def _wrong(span: Span, now: datetime) -> str:
    if span.until <= span.begins:
        return "is not after `from`; write a later time"
    if span.until - span.begins > LONGEST:
        return f"is more than {LONGEST.days} days after `from`; change the schedule"
    if span.until <= now:
        return "is over already; write a time to come"
    if span.until - now > FARTHEST:
        return f"is more than {FARTHEST.days} days away; ask nearer to it"
    return ""


def obstacles(swap: Swap, catalog: Catalog) -> Iterator[str]:
    """Yield why the schedule does not allow it, as it is now: it may have been changed since."""
    schedule = Schedule.in_catalog(catalog, swap.schedule)
    if schedule is None:
        yield no_such("Schedule", swap.schedule, catalog.specs)
        return
    for person in (swap.proposer, swap.other):
        if catalog.user(person) is None:
            yield no_such("User", person, catalog.specs)
        elif because := unreachable_because(person, catalog):
            yield because
    # Somebody away still has their turn to give: to whom they choose, instead of to the next.
    turns = replace(schedule, absences=NOBODY)
    for span, giver, _ in swap.halves:
        shifts = turns.shifts(span.begins, span.until, reachable(catalog))
        if not any(giver in one.on_call.responders for one in shifts):
            yield f"{giver} is not on call for {schedule.name} {span}"


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
