"""Publishes outbox rows to Kafka and deletes them after the ack: one relay per service."""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Row, bindparam, delete, select

from tocsin import crash_points, ids, telemetry
from tocsin.clock import Clock
from tocsin.database import Database
from tocsin.errors import Unavailable
from tocsin.failures import is_infrastructure
from tocsin.lease import Lease
from tocsin.outgoing import Outgoing, Publisher
from tocsin.pausing import happens
from tocsin.prepared import Prepared
from tocsin.sql import SqlUnitOfWork
from tocsin.tables import OUTBOX
from tocsin.topics import ALERT_EVENTS, MAX_MESSAGE_BYTES
from tocsin.unit_of_work import DeadLetter

log = structlog.get_logger(__name__)
BATCH = 500
LEASE = timedelta(seconds=5)
DELETE_EVERY = 0.1  # Seconds. A delete per flush would cost more than the flush.
STAND_BACK = 0.5  # Longer than any relay rests: whoever waits for the lease has it by then.
POLL_SECONDS = 0.2  # The net below the in-process wake-up: rows of other replicas, or of a crash.
_OLDEST = Prepared(
    select(
        OUTBOX.c.id,
        OUTBOX.c.topic,
        OUTBOX.c.key,
        OUTBOX.c.payload,
        OUTBOX.c.traceparent,
        OUTBOX.c.created_at,
    )
    .order_by(OUTBOX.c.id)
    .limit(bindparam("most"))
)
# By exact ids: a range would delete rows that a slower transaction has yet to commit.
_DELETE = Prepared(delete(OUTBOX).where(OUTBOX.c.id == bindparam("of")))


class Relay:
    """The one that publishes, as long as it holds the service's lease.

    Order per key is the order of commits: rows are inserted while the aggregate's row is locked,
    and only one relay reads them, oldest first.
    """

    def __init__(self, database: Database, publisher: Publisher, clock: Clock) -> None:
        """Relay from `database` to `publisher`."""
        self._database = database
        self._publisher = publisher
        self._clock = clock
        self._lease = Lease(database, clock, "relay", LEASE)
        self._wake = asyncio.Event()
        self._sent: set[int] = set()
        self._sent_since = 0.0
        self.progress = time.monotonic()
        self.healthy = True

    def wake(self) -> None:
        """Say that there is something to publish."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Relay until told to stop; then publish what is left and let the lease go."""
        while not stop.is_set():
            try:
                # What comes meanwhile wakes it: after less than a batch nothing is left to find.
                if await self.flush() < BATCH:
                    await self._rest()
                self.progress = time.monotonic()
                self.healthy = True
            except Exception as error:
                if not is_infrastructure(error):
                    raise
                self.healthy = False
                telemetry.RELAY_FAILURES.inc()
                log.warning("relay_failed", error=repr(error))
                await self._stand_back()
                await asyncio.sleep(STAND_BACK)
                self.progress = time.monotonic()
        await self._leave()

    async def flush(self) -> int:
        """Publish the oldest rows that are not on Kafka yet; return how many there were."""
        self._wake.clear()
        if not await self._holds_lease():
            return 0
        await self.forget_sent(after=DELETE_EVERY)
        rows = await self._oldest()
        telemetry.OUTBOX_OLDEST.set(
            (self._clock.now() - rows[0].created_at).total_seconds() if rows else 0
        )
        fitting = await self._park_what_cannot_fit(rows)
        if fitting:
            crash_points.reach("relay.before-publish")
            await self._publisher.send(
                [Outgoing(row.topic, row.key, row.payload, row.traceparent) for row in fitting]
            )
            crash_points.reach("relay.after-publish")
            if not self._sent:
                self._sent_since = time.monotonic()
            self._sent.update(row.id for row in fitting)
            telemetry.OUTBOX_PUBLISHED.inc(len(fitting))
            if any(row.topic == ALERT_EVENTS.name for row in fitting):
                await self.forget_sent()  # Intake waits for this topic to be drained.
        return len(rows)

    async def _oldest(self) -> list[Any]:
        async with self._database.snapshot() as connection:
            found = await _OLDEST.rows(connection, {"most": BATCH + len(self._sent)})
            return [row for row in found if row.id not in self._sent]

    async def forget_sent(self, after: float = 0) -> None:
        """Delete what Kafka has acked: a moment later, for many flushes at once.

        A kill before that publishes it again, and consumers pass it over.
        """
        if self._sent and (
            len(self._sent) >= BATCH or time.monotonic() - self._sent_since >= after
        ):
            # Forgotten even if the answer is lost: sent twice is harmless, never is not.
            sent, self._sent = self._sent, set()
            async with self._database.transaction() as connection:
                await _DELETE.many(connection, [{"of": one} for one in sent])
            crash_points.reach("relay.after-delete")

    async def _park_what_cannot_fit(self, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
        """Set aside what Kafka would refuse for ever: it must not hold up all that follows."""
        fitting = [row for row in rows if len(row.payload) < MAX_MESSAGE_BYTES - 4096]
        parked = [row for row in rows if row not in fitting] if len(fitting) < len(rows) else []
        for row in parked:
            log.error("event_too_large", topic=row.topic, bytes=len(row.payload))
            telemetry.DEAD_LETTERS.labels("relay").inc()
            async with self._database.transaction() as connection:
                await SqlUnitOfWork(connection, self._clock.now()).bury([self._letter(row)])
                await _DELETE.many(connection, [{"of": row.id}])
        return fitting

    def _letter(self, row: Row[Any]) -> DeadLetter:
        return DeadLetter(
            dead_letter_id=ids.new(),
            consumer="relay",
            topic=row.topic,
            partition=-1,
            offset=-1,
            key=row.key,
            payload=row.payload,
            reason=f"larger than a topic takes: {len(row.payload)} bytes",
            error="MessageTooLarge",
            first_seen_at=self._clock.now(),
        )

    async def _holds_lease(self) -> bool:
        held = await self._lease.holds()
        telemetry.RELAY_ACTIVE.set(held)
        if not held:
            self._sent.clear()  # Whoever holds it sends what we had not deleted again.
        return held

    async def _stand_back(self) -> None:
        """Let go of the lease after a failure: another replica may reach what we do not."""
        telemetry.RELAY_ACTIVE.set(0)
        try:
            async with asyncio.timeout(LEASE.total_seconds()):
                await self._lease.release()
        except Exception as error:
            if not is_infrastructure(error):
                raise
            log.info("lease_kept", error=repr(error))  # It runs out.

    async def _rest(self) -> None:
        await happens(self._wake, DELETE_EVERY if self._sent else POLL_SECONDS)

    async def _leave(self) -> None:
        try:
            async with asyncio.timeout(10):
                while await self.flush():
                    pass
                await self.forget_sent()
                await self._lease.release()
        except (Unavailable, TimeoutError, OSError) as error:
            log.info("relay_left_rows", error=repr(error))  # They are durable; the next one sends.
