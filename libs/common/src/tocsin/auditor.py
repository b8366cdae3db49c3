"""The auditor: sees what is overdue, lets it be done again, and has people told by a second path.

Every replica looks, and shows what it sees in its metrics; one of them acts and tells.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol

import structlog

from tocsin import findings, telemetry
from tocsin.alarm import Alarms
from tocsin.application import Application
from tocsin.failures import is_infrastructure
from tocsin.findings import Finding, Situation, Told
from tocsin.obligations import Debts
from tocsin.pausing import happens
from tocsin.unit_of_work import U
from tocsin.vitals import LATE, OUTBOX_KEY

log = structlog.get_logger(__name__)
EVERY = 5.0
GRACE = 10.0
LOOK_WITHIN = 20.0
NOTE_WITHIN = 5.0
BATCH = 100
MOST_BATCHES = 10
LEASE_LASTS = timedelta(seconds=15)
Look = Callable[[datetime], Awaitable[list[Finding]]]


class Holds(Protocol):
    """A lease, or whatever says that this replica is the one."""

    async def holds(self) -> bool:
        """Return whether it is ours now."""
        ...


class Auditor(Generic[U]):
    """Looks every five seconds."""

    def __init__(
        self, application: Application[U], vitals: Look, lease: Holds, alarms: Alarms, look_at: str
    ) -> None:
        """Audit `application`; alarms say to `look_at`."""
        self._application = application
        self._vitals = vitals
        self._lease = lease
        self._alarms = alarms
        self._look_at = look_at
        self._told = Told()
        self._blind_since: datetime | None = None
        self.progress = time.monotonic()
        self.situation = Situation(application.name, application.clock.now())
        self.debts = Debts()
        self.unheard = False

    async def run(self, stop: asyncio.Event) -> None:
        """Look until told to stop; what a stop has left overdue may be worked off first."""
        pause = GRACE
        while not await happens(stop, pause):
            await self.audit()
            self.progress, pause = time.monotonic(), EVERY

    def troubles(self) -> list[str]:
        """Return why no heartbeat should go out: something is wrong that nobody was told of."""
        return ["something is overdue, and nobody could be told"] if self.unheard else []

    async def audit(self) -> None:
        """Look once; do again what may have been lost; tell people what they are to know."""
        now = self._application.clock.now()
        holds = False
        try:
            async with asyncio.timeout(LOOK_WITHIN):
                self.situation, holds = await self._look(now)
            self._blind_since = None
        except Exception as error:
            if not is_infrastructure(error):
                raise
            log.warning("auditor_is_blind", error=repr(error))
            self.situation = self._blind(now)
        await self._tell(self.situation, holds=holds)

    async def _look(self, now: datetime) -> tuple[Situation, bool]:
        found = await self._vitals(now)
        async with self._application.store.read() as uow:
            debts = self.debts = await uow.ledger.debts(now)
            found = [*found, *await self._looked_further(uow, now)]
        _show(debts, now)
        holds = False
        if debts.overdue or any(one.shared for one in found):
            holds = await self._lease.holds()
        if not holds:  # Another replica tells what all of them can see.
            own = tuple(one for one in found if not one.shared)
            more = bool(debts.overdue) or any(one.shared and not one.lasting for one in found)
            return self._situation(now, findings=own, is_partial=more), False
        if debts.overdue and not any(one.key == OUTBOX_KEY for one in found):
            # Otherwise what was said first has not even left.
            await self._act(now)
        async with self._application.store.read() as uow:
            overdue = await uow.ledger.listed(findings.MOST_TOLD, overdue_at=now)
        situation = self._situation(now, debts=debts, overdue=tuple(overdue), findings=tuple(found))
        return situation, True

    async def _looked_further(self, uow: U, now: datetime) -> Collection[Finding]:
        """Return what the service itself finds; a mistake in that must not end the looking."""
        if self._application.on_look is None:
            return ()
        try:
            return await self._application.on_look(uow, now)
        except Exception as error:
            if is_infrastructure(error):
                raise
            log.exception("not_looked_further")
            return ()

    def _blind(self, now: datetime) -> Situation:
        """Return what is known while the database does not answer: that it does not."""
        since = self._blind_since = self._blind_since or now
        found: tuple[Finding, ...] = ()
        if now - since > LATE:
            found = (Finding("database", since, "the database does not answer"),)
        return self._situation(now, findings=found, is_partial=True)

    def _situation(self, now: datetime, **found: Any) -> Situation:  # noqa: ANN401 - its fields.
        return Situation(self._application.name, now, **found)

    async def _act(self, now: datetime) -> None:
        if self._application.on_overdue is None:
            return
        for _ in range(MOST_BATCHES):
            try:
                if await self._act_on(now, BATCH) < BATCH:
                    return
            except Exception as error:
                # The alarm must not wait for what cannot be done.
                log.exception("overdue_not_done_again")
                if not is_infrastructure(error):
                    await self._one_by_one(now)
                return

    async def _act_on(self, now: datetime, limit: int) -> int:
        act = self._application.on_overdue
        assert act is not None
        async with self._application.store.begin() as uow:
            overdue = await uow.ledger.overdue(now, limit)
            if overdue:
                await act(uow, overdue, now)
                await uow.ledger.acted(overdue, now)
        return len(overdue)

    async def _one_by_one(self, now: datetime) -> None:
        """One that cannot be done again must not hold up the others."""
        for _ in range(BATCH):
            try:
                if not await self._act_on(now, 1):
                    return
            except Exception as error:
                if is_infrastructure(error):
                    return
                log.exception("overdue_left_for_later")
                async with self._application.store.begin() as uow:
                    await uow.ledger.acted(await uow.ledger.overdue(now, 1), now)

    async def _tell(self, situation: Situation, *, holds: bool) -> None:
        if findings.is_over(situation, self._told):
            self._told, self.unheard = Told(lasting=self._told.lasting), False
            await self._alarms.send(findings.all_clear(situation))
        elif findings.is_time(situation, self._told):
            heard = await self._alarms.send(findings.alarm(situation, self._look_at))
            self.unheard = not heard and not situation.is_well
            if heard or not self._alarms.has_addresses:
                await self._remember(situation, holds=holds)
        elif self.unheard and situation.is_well:
            self.unheard = False
            self._alarms.withdraw()
        else:
            await self._alarms.catch_up()

    async def _remember(self, situation: Situation, *, holds: bool) -> None:
        self._told = situation.told(self._told)
        if not (holds and situation.debts.overdue):
            return
        try:
            async with asyncio.timeout(NOTE_WITHIN), self._application.store.begin() as uow:
                await uow.ledger.told(situation.at)
        except Exception as error:
            if not is_infrastructure(error):
                raise
            log.info("told_twice", error=repr(error))  # They will be told once more.


def _show(debts: Debts, now: datetime) -> None:
    telemetry.OBLIGATIONS_OPEN.set(debts.open)
    telemetry.OBLIGATIONS_OVERDUE.set(debts.overdue)
    telemetry.OLDEST_OVERDUE.set(debts.oldest_overdue(now).total_seconds())
