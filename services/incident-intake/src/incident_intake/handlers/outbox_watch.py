"""The worker that looks whether the outbox still holds alert events, while nobody posts any."""

import asyncio

import structlog

from incident_intake.handlers.durable_log import DurableLog
from tocsin.failures import is_infrastructure

log = structlog.get_logger(__name__)
EVERY = 0.5  # Seconds between looks.


class OutboxWatch:
    """Asks twice a second until it is known to hold none; then it has nothing to do.

    So what an earlier process left, or this one kept, is known when the database goes away: if it
    is nothing, Kafka takes alerts at once.
    """

    name = "incident-intake.outbox-watch"

    def __init__(self, durable_log: DurableLog) -> None:
        """Look for `durable_log`."""
        self._log = durable_log

    async def run_once(self) -> bool:
        """Look, if it may hold something."""
        try:
            await self._log.find_out()
        except Exception as error:
            if not is_infrastructure(error):
                raise
            log.info("outbox_not_known_yet", error=repr(error))
        return False

    async def wait(self) -> None:
        """Return when it is time for the next look."""
        await asyncio.sleep(EVERY)
