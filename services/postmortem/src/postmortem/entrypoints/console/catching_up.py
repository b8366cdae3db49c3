"""At a start: rows for what a release without a console has kept."""

import asyncio

import structlog

from postmortem.handlers.projecting import catch_up
from postmortem.ports import PostmortemUnitOfWork
from tocsin.clock import Clock
from tocsin.failures import is_infrastructure
from tocsin.unit_of_work import Store

log = structlog.get_logger(__name__)


class CatchingUp:
    """Makes the rows that are missing, some at a time, until none is; then it rests.

    A kill leaves fewer to make: the next start goes on.
    """

    name = "console-catching-up"

    def __init__(self, store: Store[PostmortemUnitOfWork], clock: Clock) -> None:
        """Work on `store`."""
        self._store = store
        self._clock = clock
        self._is_done = False

    async def run_once(self) -> bool:
        """Make some rows; whether there may be more to make."""
        if self._is_done:
            return False
        try:
            async with self._store.begin() as uow:
                self._is_done = not await catch_up(uow, self._clock.now())
        except Exception as error:
            if not is_infrastructure(error):
                raise
            log.info("console_catching_up_later", error=repr(error))
            return False
        return not self._is_done

    async def wait(self) -> None:
        """Wait for nothing: there is no more to do."""
        await asyncio.Event().wait()
