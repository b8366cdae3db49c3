"""Tells the shifts of the coming weeks, a schedule at a time, when nothing else is to be said."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import structlog

from escalation.domain.absence import Absences
from escalation.domain.foreseeing import foreseen
from escalation.domain.resolution import reachable
from escalation.handlers.announcing import SOURCE
from escalation.ports import EscalationUnitOfWork
from tocsin import ids
from tocsin.catalog import Catalog
from tocsin.catalog import Schedule as ScheduleSpec
from tocsin.clock import Clock
from tocsin.events import Envelope, ShiftsForeseen
from tocsin.failures import is_infrastructure
from tocsin.holder import CatalogHolder
from tocsin.unit_of_work import Store

log = structlog.get_logger(__name__)
PAUSE = 0.1  # Between two schedules: whoever is to be woken goes first.
BLOCKED = timedelta(seconds=2)  # While Kafka is away, the outbox is looked at no more often.


class Foreseeing:
    """Tells of each schedule at a start, after a change of what its shifts depend on, and daily.

    It is only shown to people, so it yields to all that pages them: one schedule at a time, none
    while the one before waits for Kafka, and a schedule that cannot be worked out is passed over.
    What was told is not kept: a kill leaves nothing, or an event that the relay sends; the next
    start tells all of it again.
    """

    name = "foreseeing"

    def __init__(
        self, store: Store[EscalationUnitOfWork], holder: CatalogHolder, clock: Clock
    ) -> None:
        """Tell by the catalog that `holder` has."""
        self._store = store
        self._holder = holder
        self._clock = clock
        self._catalog: Catalog | None = None
        self._today: date | None = None
        self._told: dict[str, Any] = {}  # By schedule, what its shifts depended on.
        self._due: dict[str, Any] = {}
        self._rests = False
        self._again_at: datetime | None = None

    async def run_once(self) -> bool:
        """Tell of one schedule, then rest once: a drain does not wait for all of them."""
        if self._rests:
            self._rests = False
            return False
        now = self._clock.now()
        self._look(now)
        is_early = self._again_at is not None and now < self._again_at
        if not self._due or self._catalog is None or is_early:
            return False
        name = next(iter(self._due))
        try:
            self._rests = await self._tell(self._foreseen(name, self._catalog, now), now)
        except Exception as error:
            if not is_infrastructure(error):
                raise
            log.info("shifts_told_later", error=repr(error))
            return False
        if self._rests:
            self._told[name] = self._due.pop(name)
        self._again_at = None if self._rests else now + BLOCKED
        return self._rests

    async def wait(self) -> None:
        """Wait a moment while there is more to tell."""
        await (asyncio.sleep(PAUSE) if self._due else asyncio.Event().wait())

    def _look(self, now: datetime) -> None:
        """Find what is to be told, where the catalog or the day is another."""
        catalog, today = self._holder.current, now.astimezone(UTC).date()
        if not self._holder.loaded or (catalog is self._catalog and today == self._today):
            return
        self._catalog, self._today = catalog, today
        bases = dict(_bases(catalog, today))
        self._told = {name: basis for name, basis in self._told.items() if name in bases}
        due = [name for name, basis in bases.items() if basis != self._told.get(name)]
        due.sort(key=lambda name: _changed_at(name, catalog), reverse=True)
        self._due = {name: bases[name] for name in due}

    def _foreseen(self, name: str, catalog: Catalog, now: datetime) -> ShiftsForeseen | None:
        try:
            return foreseen(name, catalog, now)
        except Exception:
            # What people look at must not end what wakes them.
            log.exception("shifts_not_foreseen", schedule=name)
            return None

    async def _tell(self, fact: ShiftsForeseen | None, now: datetime) -> bool:
        """Tell it; False where Kafka has not taken what was told before."""
        if fact is None:
            return True
        async with self._store.read() as uow:
            if await uow.pending(fact.TOPIC):
                return False
        async with self._store.begin() as uow:
            await uow.publish([Envelope(data=fact, time=now, source=SOURCE, event_id=ids.new())])
        return True


def _bases(catalog: Catalog, today: date) -> Iterator[tuple[str, Any]]:
    """Yield each schedule with all that its shifts depend on."""
    can = reachable(catalog)
    able = frozenset(name for kind, name in catalog.specs if kind == "User" and can(name))
    for (_, name), spec in sorted(catalog.specs.items(), key=lambda one: one[0]):
        if isinstance(spec, ScheduleSpec):
            away = Absences.in_catalog(catalog, spec)
            yield name, (spec, catalog.overrides(name), away, able, today)


def _changed_at(name: str, catalog: Catalog) -> int:
    """Return the version that changed a schedule last: somebody may be waiting to see that one."""
    own = [("Schedule", name), *(("Override", one) for one, _ in catalog.overrides(name))]
    return max(catalog.versions.get(key, 0) for key in own)
