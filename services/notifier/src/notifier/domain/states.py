"""The states of a notification, and what is kept of each attempt."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from tocsin.channels import Config, Content, TargetGone

FailureKind = Literal["rate-limited", "transient", "target-gone", "content", "config"]
PERMANENT: dict[type[TargetGone | Content | Config], FailureKind] = {
    TargetGone: "target-gone",
    Content: "content",
    Config: "config",
}
PASSING: frozenset[FailureKind] = frozenset({"rate-limited", "transient"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """Its time has not come, or nobody was free to send it."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class Sending:
    """A sender has it until `lease_until`. With `stop` it must not be begun, nor repeated.

    `holder` is the process that has it, where processes share a database and tell that they live.
    """

    lease_until: datetime
    stop: str = ""
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Retrying:
    """An attempt failed; the next one follows."""

    due_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider accepted it."""

    at: datetime
    reference: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """It reached the person's device or endpoint."""

    at: datetime
    reference: str


@dataclass(frozen=True, slots=True)
class Failed:
    """This contact method does not work for this page; the next one takes over."""

    at: datetime
    kind: FailureKind
    reason: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """It is not wanted any more."""

    at: datetime
    reason: str


State: TypeAlias = Waiting | Sending | Retrying | Sent | Delivered | Failed | Withdrawn


_NAMES: dict[type[State], str] = {
    Waiting: "waiting",
    Sending: "sending",
    Retrying: "retrying",
    Sent: "sent",
    Delivered: "delivered",
    Failed: "failed",
    Withdrawn: "withdrawn",
}


def name_of(state: State) -> str:
    """Return the word for a state, as it is stored and as the API says it."""
    return _NAMES[type(state)]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try and its outcome."""

    number: int
    ended_at: datetime
    outcome: str
    reason: str = ""
    reference: str = ""
    retry_at: datetime | None = None
