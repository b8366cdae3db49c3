"""Fires timers that are due: sleeps until the next, wakes when an earlier one is set."""

import asyncio
import time
from datetime import datetime, timedelta
from typing import Generic

import structlog

from tocsin import crash_points, failing, telemetry
from tocsin.application import Application
from tocsin.failures import is_infrastructure
from tocsin.pausing import happens
from tocsin.unit_of_work import U

log = structlog.get_logger(__name__)
BATCH = 500
LONGEST_SLEEP = 1.0  # Another replica may have set an earlier one.
POSTPONED = timedelta(seconds=30)


class TimerLoop(Generic[U]):
    """Hands due timers to the service, a batch in one transaction, oldest first.

    A kill between taking and committing leaves them set: they fire again at the next start.
    """

    def __init__(self, application: Application[U]) -> None:
        """Fire for `application`."""
        self._application = application
        self._wake = asyncio.Event()
        self._target: datetime | None = None
        self.progress = time.monotonic()

    def wake(self, earliest: datetime | None) -> None:
        """Say that a timer was set for `earliest`."""
        if self._target is None or earliest is None or earliest < self._target:
            self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Fire until told to stop."""
        name = f"{self._application.name}.timers"
        while not stop.is_set():
            try:
                await self._until_due()
                await self.fire()
                failing.forget(name)
            except Exception as error:
                if not is_infrastructure(error):
                    raise
                failures = failing.note(name, error)
                log.warning("timers_failed", failures=failures, error=repr(error))
                await asyncio.sleep(0.5)
            self.progress = time.monotonic()

    async def fire(self) -> int:
        """Work off what is due now; return how many timers that was."""
        now = self._application.clock.now()
        try:
            return await self._fire(now, BATCH)
        except Exception as error:
            if is_infrastructure(error):
                raise
            log.exception("timer_batch_failed")
            return await self._one_by_one(now)

    async def _fire(self, now: datetime, limit: int) -> int:
        async with self._application.store.begin() as uow:
            timers = await uow.take_due(now, limit)
            if timers:
                await self._application.on_timers(uow, timers, now)
                telemetry.TIMERS_FIRED.inc(len(timers))
                crash_points.reach("timers.before-commit")
        if timers:
            crash_points.reach("timers.after-commit")
        return len(timers)

    async def _one_by_one(self, now: datetime) -> int:
        """One timer that cannot be worked off must not hold up the others, nor be lost."""
        count = 0
        while True:
            try:
                if not await self._fire(now, 1):
                    return count
                count += 1
            except Exception as error:
                if is_infrastructure(error):
                    raise
                await self._postpone(now)

    async def _postpone(self, now: datetime) -> None:
        async with self._application.store.begin() as uow:
            for timer in await uow.take_due(now, 1):
                log.error("timer_postponed", timer_id=timer.timer_id, kind=timer.kind)
                telemetry.TIMERS_POSTPONED.labels(timer.kind).inc()
                later = type(timer)(
                    timer.timer_id, timer.kind, timer.subject, now + POSTPONED, timer.data
                )
                await uow.set_timers([later])

    async def _until_due(self) -> None:
        self._wake.clear()
        self._target = await self._application.store.next_due()
        now = self._application.clock.now()
        wait = LONGEST_SLEEP
        if self._target is not None:
            wait = min((self._target - now).total_seconds(), LONGEST_SLEEP)
            telemetry.TIMER_OVERDUE.set(max((now - self._target).total_seconds(), 0))
        if wait > 0:
            await happens(self._wake, wait)
