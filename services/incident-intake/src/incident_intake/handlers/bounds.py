"""What keeps intake answering: no sender waits for long, and no outage fills the memory."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long a sender waits for its answer, and how much waits at once, in seconds and bytes."""

    database_deadline: float = 5.0
    answer_within: float = 8.0  # Senders give up after 10 s.
    in_order_for: float = 30.0  # Without the database: what the outbox may hold goes first.
    waiting_bytes: int = 64 * 1024 * 1024
    waiting_requests: int = 4_000


DEFAULT = Bounds()
