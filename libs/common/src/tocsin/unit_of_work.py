"""The recipe's port: one transaction with its inbox, outbox, timers and dead letters.

    one message batch -> one transaction { inbox ids, new state, timers, outbox rows, dead letters }
    -> commit -> commit Kafka offsets

Every service extends `UnitOfWork` with its own repositories; `tocsin.sql` and `tocsin.testing`
fill it, held to one contract suite.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from tocsin.events import Envelope, Event
from tocsin.obligations import Ledger


@dataclass(frozen=True, slots=True)
class Timer:
    """Something to do at `due_at`. Setting the same `timer_id` again moves it.

    `kind` chooses what to do, `subject` says to what (an incident's id, say), `data` carries what
    the decision needs.
    """

    timer_id: str
    kind: str
    subject: str
    due_at: datetime
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that a consumer gave up on, with its bytes and the reason."""

    dead_letter_id: str
    consumer: str
    topic: str
    partition: int
    offset: int
    key: bytes
    payload: bytes
    reason: str
    error: str
    first_seen_at: datetime


class UnitOfWork(Protocol):
    """One transaction: what is read in it is locked, what is written in it is written together."""

    @property
    def ledger(self) -> Ledger:
        """What this service has promised, and has not heard the outcome of."""
        ...

    async def unseen(
        self, consumer: str, envelopes: Sequence[Envelope[Event]]
    ) -> list[Envelope[Event]]:
        """Return the envelopes this consumer has not handled, in order, and remember them."""
        ...

    async def publish(self, envelopes: Sequence[Envelope[Event]]) -> None:
        """Hand these to the outbox; the relay publishes them once this is committed."""
        ...

    async def set_timers(self, timers: Sequence[Timer]) -> None:
        """Set or move timers."""
        ...

    async def cancel_timers(self, timer_ids: Sequence[str]) -> None:
        """Cancel timers; those that are not set are ignored."""
        ...

    async def take_due(self, now: datetime, limit: int) -> list[Timer]:
        """Remove and return timers due by `now`, oldest first; no other replica sees them."""
        ...

    async def bury(self, letters: Sequence[DeadLetter]) -> None:
        """Keep dead letters, and announce each on the dead-letter topic."""
        ...

    async def pending(self, topic: str) -> int:
        """Return how many events of this topic wait in the outbox."""
        ...

    def after_commit(self, action: Callable[[], None]) -> None:
        """Call `action` once this has been committed, and never if it was not."""
        ...


U_co = TypeVar("U_co", bound=UnitOfWork, covariant=True)
U = TypeVar("U", bound=UnitOfWork)


class Store(Protocol[U_co]):
    """Where units of work come from."""

    def begin(self) -> AbstractAsyncContextManager[U_co]:
        """Open a transaction; leaving it commits, an exception rolls it back."""
        ...

    def read(self) -> AbstractAsyncContextManager[U_co]:
        """Open a consistent view for reading; what is written in it is rolled back."""
        ...

    async def next_due(self) -> datetime | None:
        """Return when the next timer is due."""
        ...
