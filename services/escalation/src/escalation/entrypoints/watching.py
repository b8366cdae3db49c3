"""Reads the calendars of absences, one at a time, when they are due."""

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from escalation.domain.calendars import Spans, Watched, named, shown, window
from escalation.handlers.absences import AbsenceHandlers
from escalation.ports import EscalationUnitOfWork, Fetch, Read, UnreadableError
from tocsin import telemetry
from tocsin.catalog import Catalog
from tocsin.clock import Clock
from tocsin.failures import is_infrastructure
from tocsin.holder import CatalogHolder
from tocsin.pausing import unless
from tocsin.unit_of_work import Store

log = structlog.get_logger(__name__)
LOOK = timedelta(seconds=15)  # Another replica may have made one due sooner.


class Watching:
    """Of several replicas, whoever claims a calendar reads it.

    Nothing of it may hold up or end what wakes people: what goes wrong is logged, and tried again.
    A kill leaves the claim, which runs out, or what was read with all that follows from it. A stop
    does not wait for somebody's server: it breaks the reading off, and leaves the claim as well.
    """

    name = "calendars"

    def __init__(
        self,
        store: Store[EscalationUnitOfWork],
        holder: CatalogHolder,
        clock: Clock,
        handlers: AbsenceHandlers,
        fetch: Fetch,
        read: Read,
        environ: Mapping[str, str],
        stopping: asyncio.Event,
    ) -> None:
        """Watch what the catalog of `holder` names; private addresses are in `environ`."""
        self._store = store
        self._holder = holder
        self._clock = clock
        self._handlers = handlers
        self._fetch = fetch
        self._read = read
        self._environ = environ
        self._stopping = stopping
        self._settled: Catalog | None = None
        self._waits_until: datetime | None = None
        self._has_calendars = False
        self._look_at: datetime | None = None
        self._again_at: datetime | None = None
        self._rests = False

    async def run_once(self) -> bool:
        """Read one calendar, then rest once: a drain does not wait for all of them."""
        now = self._clock.now()
        is_early = self._again_at is not None and now < self._again_at
        if self._stopping.is_set() or self._rests or is_early or not self._holder.loaded:
            self._rests = False
            return False
        try:
            await self._settle(now)
            state = await self._claimed(now)
            if state is not None:
                await self._look(state, now)
        except Exception as error:
            if is_infrastructure(error):
                log.info("calendars_read_later", error=repr(error))
            else:
                log.exception("calendars_not_read")
            self._again_at = now + LOOK
            return False
        self._rests = state is not None
        return self._rests

    async def wait(self) -> None:
        """Wait for the next look."""
        await asyncio.Event().wait()

    async def _settle(self, now: datetime) -> None:
        """Watch what the catalog names, and put into it what is read, where that may differ."""
        current = self._holder.current
        waits = self._waits_until is None or now < self._waits_until
        if current is self._settled and waits:
            return
        waits_until = None
        async with self._store.read() as uow:
            is_settled = await self._handlers.is_settled(uow, current)
        if not is_settled:
            async with self._store.begin() as uow:
                waits_until = await self._handlers.watch(uow, now)
        self._settled, self._waits_until, self._look_at = current, waits_until, None
        self._has_calendars = bool(named(current))

    async def _claimed(self, now: datetime) -> Watched | None:
        """Return a calendar that is due, claimed."""
        if not self._has_calendars or (self._look_at and now < self._look_at):
            return None
        async with self._store.read() as uow:
            states = await uow.calendars.states()
        next_at = min((one.next_at for one in states), default=now + LOOK)
        if next_at > now:
            self._look_at = min(next_at, now + LOOK)
            return None
        async with self._store.begin() as uow:
            return await uow.calendars.claim(now)

    async def _look(self, state: Watched, now: datetime) -> None:
        try:
            found = await unless(self._stopping, self._reading(state, now))
        except UnreadableError as error:
            log.warning("calendar_not_read", calendar=shown(state.key), error=str(error))
            telemetry.CALENDAR_READS.labels("failed").inc()
            async with self._store.begin() as uow:
                await self._handlers.on_unreadable(uow, state, str(error), self._clock.now())
            return
        if found is None:
            return
        digest, spans = found
        telemetry.CALENDAR_READS.labels("same" if spans is None else "changed").inc()
        async with self._store.begin() as uow:
            await self._handlers.on_read(uow, state, digest, spans, self._clock.now())
        self._settled = None  # What it says may have to wait.

    async def _reading(self, state: Watched, now: datetime) -> tuple[str, Spans | None]:
        """Return what is read, and its digest; None where it is what was read before."""
        body = await self._fetch(self._address(state.key))
        since, until = window(now)
        digest = hashlib.sha256(f"{since} {until}".encode() + body).hexdigest()
        if digest == state.digest:
            return digest, None
        return digest, await self._read(body, since, until)

    def _address(self, key: str) -> str:
        kind, _, place = key.partition(" ")
        if kind == "url":
            return place
        if not (url := self._environ.get(place, "").strip()):
            raise UnreadableError(f"the variable {place} is not set where escalation runs")
        return url
