"""What must be true of every notification, judged from outside: from its rows, its calls, its facts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from notifier.domain.notification import Notification
from notifier.domain.retrying import MAX_ATTEMPTS
from notifier.domain.states import (
    Delivered,
    Failed,
    Retrying,
    Sending,
    Sent,
    State,
    Waiting,
    Withdrawn,
)
from tocsin.events import (
    Envelope,
    Event,
    NotificationDelivered,
    NotificationFailed,
    NotificationSent,
    NotificationUncertain,
    NotificationWithdrawn,
    ResponderUnreachable,
)

OVER: tuple[type[State], ...] = (Sent, Delivered, Failed, Withdrawn)
SOON = timedelta(seconds=10)  # A full sender and a summary being gathered may take moments.
# A provider may take back that it accepted, or add that it arrived. A way that failed for a reason
# that passes is taken up once more, when no other is left. Nothing else follows an end.
AFTER_THE_END = {(Sent, Delivered), (Sent, Failed), (Failed, Retrying), (Failed, Sending)}
SAYS: dict[type[State], tuple[type[Event], ...]] = {
    Sent: (NotificationSent,),
    Delivered: (NotificationDelivered,),
    Failed: (NotificationFailed, NotificationUncertain),
    Withdrawn: (NotificationWithdrawn, NotificationUncertain),
}


@dataclass
class Ledger:
    """What was seen so far: the rows as they were, calls under way, facts, and what people said."""

    rows: dict[str, Notification] = field(default_factory=dict)
    facts: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    event_ids: set[str] = field(default_factory=set)
    claims: dict[str, int] = field(default_factory=dict)
    in_doubt: set[str] = field(default_factory=set)
    unreachable: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)
    answered: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def claimed(self, one: Notification) -> None:
        """A sender got it: a new claim, still wanted, and marked if it may be a repeat."""
        identity = one.notification_id
        assert isinstance(one.state, Sending)
        assert one.fence == self.claims.get(identity, 0) + 1, "every claim once, in order"
        assert identity not in self.in_doubt or one.repeat_possible, "a repeat is marked"
        assert one.last_hope or one.attempt <= MAX_ATTEMPTS
        if one.purpose == "page":
            assert one.page_id not in self.withdrawn
            assert self.answered[one.incident_id] <= one.incident_version, "nobody after an answer"
        self.claims[identity] = one.fence

    def told(self, envelopes: Iterable[Envelope[Event]]) -> None:
        for envelope in envelopes:
            fact = envelope.data
            if isinstance(fact, ResponderUnreachable):
                # Two ways that fail in one moment both say so, as one event: consumers take one.
                self.unreachable.add(fact.page_id)
            else:
                assert envelope.event_id not in self.event_ids, envelope
                self.event_ids.add(envelope.event_id)
                self.facts[str(getattr(fact, "notification_id", ""))].append(fact)

    def look(
        self, rows: Mapping[str, Notification], alarms: Iterable[datetime], now: datetime
    ) -> None:
        """Compare the rows with those before: states go one way, and every end was told."""
        earliest = min(alarms, default=None)
        for identity, one in rows.items():
            before = self.rows.get(identity, one)
            change = (type(before.state), type(one.state))
            assert one.fence >= before.fence
            if isinstance(before.state, OVER) and before.state != one.state:
                assert change in AFTER_THE_END, change
                assert not isinstance(before.state, Failed) or one.last_hope
            if one.purpose == "page" and isinstance(one.state, OVER):
                said = [type(fact) for fact in self.facts[identity]]
                assert set(said) & set(SAYS[type(one.state)]), (one.state, said)
            if isinstance(one.state, Waiting | Retrying) and one.purpose == "page":
                assert one.page_id not in self.withdrawn
                assert self.answered[one.incident_id] <= one.incident_version, "withdrawn at once"
            if one.wakes_at is not None:
                assert earliest is not None, "it wants something done, and nobody will look"
                assert earliest <= max(one.wakes_at, now) + timedelta(milliseconds=250)
        self.rows = dict(rows)
        for page_id, of_page in self.pages().items():
            self.look_at_page(page_id, of_page, now)

    def look_at_page(self, page_id: str, of_page: list[Notification], now: datetime) -> None:
        """Where one way has failed, another is tried soon, or it is said that none is left."""
        failed = any(isinstance(one.state, Failed) for one in of_page)
        at_work = any(
            isinstance(one.state, Sent | Delivered | Sending | Retrying)
            or (isinstance(one.state, Waiting) and one.state.due_at <= now + SOON)
            for one in of_page
        )
        assert not failed or at_work or self.is_told(page_id, of_page), "the next way goes at once"

    def is_told(self, page_id: str, of_page: list[Notification]) -> bool:
        """Whether somebody was told that this page is over without having reached anybody."""
        return (
            page_id in self.unreachable
            or page_id in self.withdrawn
            or any(self.answered[one.incident_id] > one.incident_version for one in of_page)
        )

    def pages(self) -> dict[str, list[Notification]]:
        found: dict[str, list[Notification]] = defaultdict(list)
        for one in self.rows.values():
            if one.purpose == "page":
                found[one.page_id].append(one)
        return found

    def page_is_over(self, page_id: str) -> None:
        """At the very end: it reached somebody, or was not wanted, or it is said that it failed."""
        of_page = self.pages().get(page_id, [])
        assert all(isinstance(one.state, OVER) for one in of_page), of_page
        reached = any(isinstance(one.state, Sent | Delivered) for one in of_page)
        assert reached or self.is_told(page_id, of_page), (page_id, of_page)
