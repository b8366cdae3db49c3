"""The sign of life of a process that sends, so that others need not wait for its leases.

A process that is killed gives no sign any more, and whoever sees that takes over what it had
claimed within seconds. One that was only stopped knows by its own clocks, when it goes on, that it
has been taken for dead: its claims are void, and it begins again under another name.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from notifier.ports import NotifierUnitOfWork
from tocsin import ids
from tocsin.application import Parts
from tocsin.clock import Clock
from tocsin.failures import is_infrastructure
from tocsin.unit_of_work import Store

log = structlog.get_logger(__name__)
LIFE = timedelta(seconds=5)  # Without a sign for so long a process counts as dead.
EVERY = 1.0
TakeOver = Callable[[NotifierUnitOfWork, str, datetime], Awaitable[bool]]


class Holder:
    """This process as the others know it. Without a name it has not given a sign yet."""

    def __init__(self, clock: Clock, elapsed: Callable[[], float] = time.monotonic) -> None:
        """Measure by both clocks: `clock`, and `elapsed`, which nobody can set."""
        self._clock = clock
        self.elapsed = elapsed
        self.name = ""
        self._since = (0.0, clock.now())

    def holds(self, name: str) -> bool:
        """Return whether what was claimed under this name is certainly still this process' own."""
        return not name or (name == self.name and self._is_alive)

    @property
    def _is_alive(self) -> bool:
        elapsed, at = self._since
        passed = self._clock.now() - at
        return self.elapsed() - elapsed < LIFE.total_seconds() and passed < LIFE

    async def beat(self, store: Store[NotifierUnitOfWork]) -> None:
        """Give a sign. Whose last one was struck out has been taken for dead, and begins anew."""
        since = self.elapsed(), self._clock.now()
        is_first = not self.name
        name = self.name or ids.new()
        async with store.begin() as uow:
            stands = await uow.holders.beat(name, since[1] + LIFE, is_first=is_first)
        if not stands:
            log.warning("taken_for_dead", holder=name)
        self.name, self._since = (name if stands else ""), since


class Heartbeat:
    """The worker that gives the sign, and takes over from those who give none.

    The others are watched by how long their sign has not changed, on this machine's own clock: by
    the time of day of two machines nobody could be declared dead.
    """

    name = "notifier.heartbeat"

    def __init__(
        self,
        holder: Holder,
        parts: Parts[NotifierUnitOfWork],
        take_over: TakeOver,
        is_busy: Callable[[], bool],
    ) -> None:
        """Give the sign of `holder`; at the end of a drain as long as anything `is_busy`."""
        self._holder = holder
        self._store = parts.store
        self._clock = parts.clock
        self._take_over = take_over
        self._is_busy = is_busy
        self._seen: dict[str, tuple[datetime, float]] = {}
        self._beaten: float | None = None

    async def run_once(self) -> bool:
        """Give a sign and look after the others, if it is time."""
        now = self._holder.elapsed()
        if self._beaten is None or now - self._beaten >= EVERY:
            self._beaten = now
            try:
                await self._holder.beat(self._store)
                await self._look()
            except Exception as error:
                if not is_infrastructure(error):
                    raise
                log.warning("no_sign_given", error=repr(error))
        if not self._is_busy():
            return False
        await asyncio.sleep(EVERY / 4)
        return True

    async def wait(self) -> None:
        """Return when it is time for the next sign."""
        await asyncio.sleep(EVERY)

    async def _look(self) -> None:
        async with self._store.read() as uow:
            signs = await uow.holders.signs()
        now = self._holder.elapsed()
        before, self._seen = self._seen, {}
        for holder, sign in signs.items():
            if holder == self._holder.name:
                continue
            seen = before.get(holder)
            since = seen[1] if seen and seen[0] == sign else now
            self._seen[holder] = (sign, since)
            if now - since >= LIFE.total_seconds():
                await self._bury(holder, sign)

    async def _bury(self, holder: str, sign: datetime) -> None:
        more = True
        async with self._store.begin() as uow:
            if not await uow.holders.forget(holder, sign):
                return  # It lives, or somebody else was faster.
            log.info("taking_over", holder=holder)
            more = await self._take_over(uow, holder, self._clock.now())
        while more:
            async with self._store.begin() as uow:
                more = await self._take_over(uow, holder, self._clock.now())
