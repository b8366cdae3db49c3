"""Records on their way to Kafka, and who takes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Publisher(Protocol):
    """Where the relay sends to. Returning means that every replica in sync has it."""

    async def send(self, outgoing: Sequence["Outgoing"]) -> None:
        """Append these, in order per key; raise Unavailable if any may be missing."""
        ...


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record on its way out; `topic` without the installation's prefix."""

    topic: str
    key: bytes
    value: bytes
    traceparent: str | None = None
