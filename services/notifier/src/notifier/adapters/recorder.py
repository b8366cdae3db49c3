"""Records what became of attempts: in batches by arrival, one transaction each."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import structlog

from notifier.adapters.sender import Sender
from notifier.handlers.sending import SendingHandlers
from notifier.ports import Finished, NotifierUnitOfWork
from tocsin import crash_points
from tocsin.clock import Clock
from tocsin.failures import is_infrastructure
from tocsin.unit_of_work import Store

log = structlog.get_logger(__name__)
AT_ONCE = 500
PAUSE = 0.5
GATHER = 0.005  # How long an outcome may wait for others: a transaction costs more than its rows.


class Recorder:
    """The worker beside the sender. What it cannot record yet, it keeps."""

    name = "notifier.sender"

    def __init__(
        self,
        sender: Sender,
        handlers: SendingHandlers,
        store: Store[NotifierUnitOfWork],
        clock: Clock,
        *,
        alone_since: datetime | None = None,
    ) -> None:
        """Record what `sender` finishes, by `handlers`, in `store`.

        With `alone_since` nobody else works on this database: what was claimed before that instant
        was claimed by a process that is dead, and is taken over at once.
        """
        self._recover_before = alone_since
        self._sender = sender
        self._handlers = handlers
        self._store = store
        self._clock = clock

    async def run_once(self) -> bool:
        """Record what is finished; while anything is under way, wait a moment for it.

        So a drain, which calls until there is nothing, ends when every attempt is recorded.
        """
        if self._recover_before is not None:
            return await self._recover(self._recover_before)
        if not self._sender.is_busy:
            return False
        if not self._sender.finished:
            await self._news(PAUSE)
        if self._sender.is_calling:
            await asyncio.sleep(GATHER)
        batch = self._sender.finished[:AT_ONCE]
        if batch and await self._record(batch):
            del self._sender.finished[: len(batch)]
        return True

    async def wait(self) -> None:
        """Return when an attempt has finished."""
        self._sender.news.clear()
        if not self._sender.finished:
            await self._sender.news.wait()

    async def _recover(self, started_at: datetime) -> bool:
        try:
            async with self._store.begin() as uow:
                more = await self._handlers.recover(uow, started_at, self._clock.now())
        except Exception as error:
            if not is_infrastructure(error):
                raise
            await self._later(error, 0)
            return True
        if not more:
            self._recover_before = None
        return True

    async def _news(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self.wait()
        except TimeoutError:
            return

    async def _record(self, batch: Sequence[Finished]) -> bool:
        """Return whether these are done with; recording one twice changes nothing."""
        try:
            await self._write(batch)
        except Exception as error:
            if is_infrastructure(error):
                return await self._later(error, len(batch))
            log.exception("recording_failed", size=len(batch))
            return await self._one_by_one(batch)
        return True

    async def _one_by_one(self, batch: Sequence[Finished]) -> bool:
        """One outcome that cannot be recorded must not hold up the others; its lease will lapse."""
        for finished in batch:
            try:
                await self._write([finished])
            except Exception as error:
                if is_infrastructure(error):
                    return await self._later(error, len(batch))
                identity = finished.job.notification.notification_id
                log.exception("outcome_lost", notification=identity)
        return True

    async def _later(self, error: Exception, size: int) -> bool:
        log.warning("recording_later", error=repr(error), size=size)
        await asyncio.sleep(PAUSE)
        return False

    async def _write(self, batch: Sequence[Finished]) -> None:
        async with self._store.begin() as uow:
            await self._handlers.record(uow, batch, self._clock.now())
        crash_points.reach("notifier.after-record")
