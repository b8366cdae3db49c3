"""What is kept of a notification besides its address: its state, and what became of each try."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from notifier.domain.addressed import Addressed
from notifier.domain.retrying import LATE, LEASE, MAX_ATTEMPTS
from notifier.domain.states import Attempt, Delivered, Retrying, Sending, Sent, State, Waiting

K = TypeVar("K", bound="Kept")


@dataclass(frozen=True, slots=True)
class Kept(Addressed):
    """A notification's record. `fence` counts its claims: results of older ones are void.

    `due_since` is when it should have gone first; `about` is the provider's reference of the
    message that an update tells about. `summary` is the identity of the message that it went in
    last, together with others, and `covers` are those others, kept with one of them. With
    `last_hope` every way to this person has failed, and it is tried on because nothing else is
    left.
    """

    due_since: datetime
    state: State
    fence: int = 0
    attempt: int = 0
    repeat_possible: bool = False
    failed_over: bool = False
    about: str = ""
    answered_meanwhile: bool = False
    attempts: tuple[Attempt, ...] = ()
    summary: str = ""
    covers: tuple[str, ...] = ()
    last_hope: bool = False

    @property
    def wakes_at(self) -> datetime | None:
        """When something must be done about it if nothing happens; None when it is over."""
        match self.state:
            case Waiting(due_at=at) | Retrying(due_at=at) | Sending(lease_until=at):
                return at
            case _:
                return None

    @property
    def has_reached(self) -> bool:
        """Whether it went out, as far as the provider says."""
        return isinstance(self.state, Sent | Delivered)

    @property
    def was_answered_in_flight(self) -> bool:
        """Whether it reached somebody although the answer came while it was on its way."""
        return self.has_reached and self.purpose == "page" and self.answered_meanwhile

    @property
    def late(self) -> timedelta:
        """How late the page is that is being sent; nothing when it is as good as in time."""
        if self.purpose != "page" or not isinstance(self.state, Sending):
            return timedelta(0)
        # By the instant of the claim: the message and the event say the same.
        late = self.state.lease_until - LEASE - self.due_since
        return late if late > LATE else timedelta(0)


def tried(one: K, attempt: Attempt) -> K:
    """Return the record with one more try: the first ones are kept, and the last."""
    return replace(one, attempts=(*one.attempts[: MAX_ATTEMPTS - 1], attempt))
