"""What a service needs of Kafka: records in, decoded and handled in one transaction."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic

import structlog

from tocsin import crash_points, ids, telemetry
from tocsin.application import Subscription
from tocsin.clock import Clock
from tocsin.errors import Undecodable, UnknownType
from tocsin.events import ALL, DeadLettered, Envelope, Event, decode, type_of
from tocsin.failures import is_infrastructure
from tocsin.unit_of_work import DeadLetter, Store, U

log = structlog.get_logger(__name__)
ANNOUNCED_BYTES = 256 * 1024
MOST_TOLD = 100  # Types of later releases; more than that is somebody's noise.


@dataclass(frozen=True, slots=True)
class Record:
    """A record of a topic, as bytes. `topic` is the name without the installation's prefix."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes | None


class Consumer(Generic[U]):
    """Handles the batches of one subscription: decode, then one transaction for all of it.

    A record that cannot be understood, or that fails alone for a reason of its own, is buried with
    its reason and never stops its partition. One that only a later release knows is passed over.
    An error of the infrastructure is raised: the batch comes again.
    """

    def __init__(
        self, service: str, subscription: Subscription[U], store: Store[U], clock: Clock
    ) -> None:
        """Name the consumer `<service>.<topic>`: its group, and its name in the inbox."""
        self.name = f"{service}.{subscription.topic.name}"
        self.subscription = subscription
        self._store = store
        self._clock = clock
        # Not ours to handle, and known well enough to be passed over undecoded.
        self._others = {one.TYPE for one in ALL if not issubclass(one, subscription.events)}
        self._names = {_name(one.TYPE) for one in ALL if one.TYPE not in self._others}
        self._told: set[str] = set()

    async def consume(self, records: Sequence[Record]) -> None:
        """Handle a batch; on return its effects are committed."""
        now = self._clock.now()
        readable, dead = self._read(records, now)
        if not readable and not dead:
            return
        try:
            await self._handle([envelope for _, envelope in readable], dead, now)
        except Exception as error:
            if is_infrastructure(error):
                raise
            log.warning("batch_failed", consumer=self.name, size=len(records), error=repr(error))
            await self._one_by_one(readable, dead, now)

    def _read(
        self, records: Sequence[Record], now: datetime
    ) -> tuple[list[tuple[Record, Envelope[Event]]], list[DeadLetter]]:
        """Return what is to be handled, and what is to be buried."""
        readable: list[tuple[Record, Envelope[Event]]] = []
        dead: list[DeadLetter] = []
        for record in records:
            if type_of(record.value or b"") in self._others:
                continue
            try:
                envelope = decode(record.value or b"")
            except Undecodable as error:
                if not self._passes_over(error):
                    dead.append(self._letter(record, error, now))
                continue
            if isinstance(envelope.data, self.subscription.events):
                readable.append((record, envelope))
        return readable, dead

    async def _handle(
        self, envelopes: list[Envelope[Event]], dead: Sequence[DeadLetter], now: datetime
    ) -> None:
        with telemetry.consuming(self.name, envelopes) as carried:
            async with self._store.begin() as uow:
                if fresh := await uow.unseen(self.name, carried):
                    await self.subscription.handle(uow, fresh, now)
                if dead:
                    await uow.bury(dead)
                crash_points.reach("batch.before-commit")
        crash_points.reach("batch.after-commit")
        telemetry.consumed(self.name, len(envelopes), len(dead))

    async def _one_by_one(
        self,
        readable: Sequence[tuple[Record, Envelope[Event]]],
        dead: Sequence[DeadLetter],
        now: datetime,
    ) -> None:
        if dead:
            await self._handle([], dead, now)
        for record, envelope in readable:
            try:
                await self._handle([envelope], [], now)
            except Exception as error:
                if is_infrastructure(error):
                    raise
                log.exception("record_buried", consumer=self.name, event_id=envelope.event_id)
                await self._handle([], [self._letter(record, error, now)], now)

    def _passes_over(self, error: Undecodable) -> bool:
        """Return whether it is an event that only a later release has to do with.

        Another version of one that we handle is not: we would have had to act on it.
        """
        if not isinstance(error, UnknownType) or self.subscription.whole:
            return False
        if _name(error.type) in self._names:
            return False
        telemetry.PASSED_OVER.labels(self.name).inc()
        if error.type not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(error.type)
            log.warning("unknown_type_passed_over", consumer=self.name, type=error.type)
        return True

    def _letter(self, record: Record, error: Exception, now: datetime) -> DeadLetter:
        place = (self.name, record.topic, str(record.partition), str(record.offset))
        # The bytes are part of the identity: a re-created topic starts at offset 0 again.
        return DeadLetter(
            dead_letter_id=ids.derived(*place, str(record.value)),
            consumer=self.name,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=record.key,
            payload=record.value or b"",
            reason=str(error) or type(error).__name__,
            error=type(error).__name__,
            first_seen_at=now,
        )


def _name(kind: str) -> str:
    """Return a type without its version."""
    return kind.rpartition(".")[0]


def announcement(letter: DeadLetter) -> Envelope[Event]:
    """Return the event that tells of a dead letter."""
    data = DeadLettered(
        dead_letter_id=letter.dead_letter_id,
        consumer=letter.consumer,
        topic=letter.topic,
        partition=letter.partition,
        offset=letter.offset,
        origin_key=letter.key.decode("utf-8", "replace"),
        reason=letter.reason,
        error=letter.error,
        # Whole in the letter; the announcement has to fit its topic.
        payload=base64.b64encode(letter.payload).decode()
        if len(letter.payload) <= ANNOUNCED_BYTES
        else "",
        first_seen_at=letter.first_seen_at,
    )
    return Envelope(
        data=data,
        time=letter.first_seen_at,
        source=letter.consumer.partition(".")[0],
        event_id=ids.derived("dead-lettered", letter.dead_letter_id),
    )
