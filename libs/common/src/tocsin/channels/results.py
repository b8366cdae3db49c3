"""What a channel says of one attempt; each kind has its own consequence."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class ExternalRef:
    """What the provider calls the message: enough to update it later."""

    message: str = ""
    conversation: str = ""

    def __str__(self) -> str:
        """Return the form that is stored: `conversation message`."""
        return f"{self.conversation} {self.message}".strip()

    @classmethod
    def parse(cls, text: str) -> "ExternalRef":
        """Return the reference that was stored as `text`."""
        conversation, _, message = text.rpartition(" ")
        return cls(message, conversation)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it; that is not yet delivery."""

    ref: ExternalRef = ExternalRef()


@dataclass(frozen=True, slots=True)
class Delivered:
    """It reached the person's device or endpoint."""

    ref: ExternalRef = ExternalRef()


@dataclass(frozen=True, slots=True)
class RateLimited:
    """Not taken: too many. `retry_after` as the provider says; the host bounds it."""

    reason: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Transient:
    """Certainly not taken, and the same request may succeed later."""

    reason: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been taken: the request left, no answer came."""

    reason: str


@dataclass(frozen=True, slots=True)
class TargetGone:
    """This address does not work, and will not."""

    reason: str


@dataclass(frozen=True, slots=True)
class Content:
    """The provider refuses this message, in every form that the channel has."""

    reason: str


@dataclass(frozen=True, slots=True)
class Config:
    """The installation's set-up of this channel is wrong."""

    reason: str


SendResult: TypeAlias = (
    Accepted | Delivered | RateLimited | Transient | Unknown | TargetGone | Content | Config
)
