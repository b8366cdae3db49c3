"""Vital signs of a process and its database: what stands still although nothing is owed for it."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import select

from tocsin import failing
from tocsin.failing import Failing
from tocsin.findings import Finding
from tocsin.sql import SqlStore, SqlUnitOfWork
from tocsin.tables import OUTBOX

LATE = timedelta(seconds=60)
OUTBOX_KEY = "outbox"
_OLDEST = select(OUTBOX.c.created_at).order_by(OUTBOX.c.id).limit(1)


class Vitals:
    """Looks at the outbox, the timers, the consumers and the connection to Kafka."""

    def __init__(
        self,
        store: SqlStore[SqlUnitOfWork],
        is_connected: Callable[[], bool],
        consumers: Callable[[], Mapping[str, Failing]] = failing.consumers,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look at `store`, and at this process."""
        self._store = store
        self._is_connected = is_connected
        self._consumers = consumers
        self._monotonic = monotonic
        self._connected_at = monotonic()

    async def __call__(self, now: datetime) -> list[Finding]:
        """Return what has stood still for too long."""
        return [*await self._stored(now), *self._own(now)]

    async def _stored(self, now: datetime) -> list[Finding]:
        found = []
        async with self._store.database.snapshot() as connection:
            waiting = (await connection.execute(_OLDEST)).scalar_one_or_none()
        if waiting is not None and now - waiting > LATE:
            text = "decisions wait to be published to Kafka"
            found.append(Finding(OUTBOX_KEY, waiting, text, shared=True))
        due = await self._store.next_due()
        if due is not None and now - due > LATE:
            found.append(Finding("timers", due, "deadlines are not worked off", shared=True))
        return found

    def _own(self, now: datetime) -> list[Finding]:
        at = self._monotonic()
        found = [
            Finding(
                f"consumer {name}",
                now - timedelta(seconds=at - one.since),
                f"{name} fails on the same batch, {one.count} times in a row: {one.error}",
            )
            for name, one in sorted(self._consumers().items())
            if at - one.since > LATE.total_seconds()
        ]
        if self._is_connected():
            self._connected_at = at
        elif at - self._connected_at > LATE.total_seconds():
            since = now - timedelta(seconds=at - self._connected_at)
            found.append(Finding("kafka", since, "there is no connection to Kafka"))
        return found
