"""Forgets what no replay can bring back: inbox ids older than any topic keeps its events."""

import asyncio
from datetime import timedelta

import structlog
from sqlalchemy import bindparam, delete, select

from tocsin.clock import Clock
from tocsin.database import Database
from tocsin.failures import is_infrastructure
from tocsin.pausing import happens
from tocsin.tables import INBOX

log = structlog.get_logger(__name__)
KEPT = timedelta(days=100)  # Topics keep 90 days: an id must outlive every event it stands for.
EVERY = 3600.0
CHUNK = 5000
_OLD = (
    select(INBOX.c.consumer, INBOX.c.event_id)
    .where(INBOX.c.seen_at < bindparam("before"))
    .limit(CHUNK)
)
_FORGET = delete(INBOX).where(
    INBOX.c.consumer == bindparam("of"), INBOX.c.event_id == bindparam("id")
)


class Housekeeping:
    """Runs once an hour, in small transactions."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Keep house in `database`."""
        self._database = database
        self._clock = clock

    async def run(self, stop: asyncio.Event) -> None:
        """Keep house until told to stop."""
        while not stop.is_set():
            try:
                # A pause after each chunk lets the real work in between.
                while await self.forget() == CHUNK:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            except Exception as error:
                if not is_infrastructure(error):
                    raise
                log.info("housekeeping_later", error=repr(error))
            await happens(stop, EVERY)

    async def forget(self) -> int:
        """Forget one chunk of old inbox ids; return how many."""
        async with self._database.transaction() as connection:
            rows = (await connection.execute(_OLD, {"before": self._clock.now() - KEPT})).all()
            if rows:
                await connection.execute(
                    _FORGET, [{"of": row.consumer, "id": row.event_id} for row in rows]
                )
        return len(rows)
