"""The worker that looks, at start, what an earlier process left in the outbox."""

import asyncio

import structlog

from incident_intake.handlers.durable_log import DurableLog
from tocsin.failures import is_infrastructure

log = structlog.get_logger(__name__)


class FirstLook:
    """Asks until the database has answered; from then on it has nothing to do.

    So a process that has been up for a while knows its outbox, though nobody posted anything yet:
    when its database goes away, Kafka takes alerts at once.
    """

    name = "incident-intake.first-look"

    def __init__(self, durable_log: DurableLog) -> None:
        """Look for `durable_log`."""
        self._log = durable_log

    async def run_once(self) -> bool:
        """Look, if nobody has yet."""
        try:
            await self._log.find_out()
        except Exception as error:
            if not is_infrastructure(error):
                raise
            log.info("outbox_not_known_yet", error=repr(error))
        return False

    async def wait(self) -> None:
        """Return never: the worker's own rhythm is enough."""
        await asyncio.Event().wait()
