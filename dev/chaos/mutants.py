"""Mutants: the real services with one safeguard taken out. Each must make the harness red.

A harness that cannot go red proves nothing. `dev/chaos/mutated/sitecustomize.py` applies one to
every service of a run, by the variable TOCSIN_MUTANT.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from notifier.adapters.sender import Sender
from notifier.domain.notification import Notification
from tocsin import kafka
from tocsin.events import Envelope, Event, encode
from tocsin.offsets import LazyOffsets
from tocsin.outgoing import Outgoing
from tocsin.publisher import KafkaPublisher
from tocsin.relay import Relay
from tocsin.sql import SqlUnitOfWork

VARIABLE = "TOCSIN_MUTANT"
BUFFERED = 1.0  # Seconds. Whatever dies in them takes some decisions along, not only by luck.
_PUBLISHERS: list[KafkaPublisher] = []
_SENDING: set[asyncio.Task[None]] = set()


def without_inbox() -> None:
    """Handle whatever is delivered again, again."""

    async def unseen(
        self: SqlUnitOfWork, consumer: str, envelopes: Sequence[Envelope[Event]]
    ) -> list[Envelope[Event]]:
        del self, consumer
        return list(envelopes)

    SqlUnitOfWork.unseen = unseen  # type: ignore[method-assign]


def without_outbox() -> None:
    """Send to Kafka a moment after the commit, from memory."""
    begin = KafkaPublisher.__init__

    def remember(self: KafkaPublisher, *given: Any) -> None:  # noqa: ANN401 - as it was given.
        begin(self, *given)
        _PUBLISHERS.append(self)

    async def publish(self: SqlUnitOfWork, envelopes: Sequence[Envelope[Event]]) -> None:
        outgoing = [
            Outgoing(one.data.TOPIC, one.data.key.encode(), encode(one)) for one in envelopes
        ]

        async def later() -> None:
            await asyncio.sleep(BUFFERED)
            await _PUBLISHERS[0].send(outgoing)

        def send() -> None:
            task = asyncio.get_running_loop().create_task(later())
            _SENDING.add(task)
            task.add_done_callback(_SENDING.discard)

        if outgoing:
            self.after_commit(send)

    KafkaPublisher.__init__ = remember  # type: ignore[method-assign, assignment]
    SqlUnitOfWork.publish = publish  # type: ignore[method-assign]


def with_offsets_first() -> None:
    """Commit the offsets of a batch before its transaction."""
    handled = kafka._handled  # noqa: SLF001 - this is a mutation of it.

    async def commit_and_handle(
        consumer: Any,  # noqa: ANN401 - as it was given.
        topic: str,
        message: Any,  # noqa: ANN401 - as it was given.
        offsets: LazyOffsets,
    ) -> None:
        raw = message.raw_message
        offsets.note(message.consumer, raw if isinstance(raw, tuple) else (raw,))
        await offsets.flush()
        await handled(consumer, topic, message, offsets)

    kafka._handled = commit_and_handle  # noqa: SLF001


def without_lease() -> None:
    """Relay without asking who else does."""

    async def holds_lease(self: Relay) -> bool:
        del self
        return True

    Relay._holds_lease = holds_lease  # type: ignore[method-assign]  # noqa: SLF001


def without_fencing() -> None:
    """Call and record whatever was claimed, however long ago and by whomever since."""
    record = Notification.record

    def record_anyway(self: Notification, result: Any, fence: int, at: Any) -> Any:  # noqa: ANN401
        del fence
        return record(self, result, self.fence, at)

    async def wanted(self: Sender, job: Any) -> Any:  # noqa: ANN401 - as it was given.
        del self
        return job

    Notification.record = record_anyway  # type: ignore[method-assign, assignment]
    Sender._wanted = wanted  # type: ignore[method-assign]  # noqa: SLF001


MUTANTS: dict[str, Callable[[], None]] = {
    "without-inbox": without_inbox,
    "without-outbox": without_outbox,
    "offsets-first": with_offsets_first,
    "without-lease": without_lease,
    "without-fencing": without_fencing,
}


def apply(name: str) -> None:
    """Take the safeguard out of this process."""
    MUTANTS[name]()
