"""Absences: what calendars say is put into the catalog, as a version like any other."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from escalation.domain.affected import affected
from escalation.domain.calendars import (
    APART,
    KIND,
    Spans,
    Watched,
    differs,
    documents,
    is_soon,
    named,
    trouble,
)
from escalation.handlers.catalog import CatalogHandlers, documents_changed
from escalation.handlers.handing_off import tell
from escalation.ports import EscalationUnitOfWork, Note
from tocsin import telemetry
from tocsin.catalog import Catalog
from tocsin.catalog.planning import Held, catalog_of, changes
from tocsin.catalog.sets import CALENDARS
from tocsin.findings import Finding
from tocsin.holder import CatalogHolder

KINDS = ("User", "Team", "Schedule", "Override", KIND)
LATEST = 20  # So many versions are looked through: more in a few minutes are not by calendars.
NOTE = Note(reason="what calendars say of who is away")


class AbsenceHandlers:
    """Watches the calendars that the catalog names, and keeps the catalog at what they say."""

    def __init__(self, documents: CatalogHandlers, holder: CatalogHolder, every: timedelta) -> None:
        """Write versions as `documents` does; each calendar is read again after `every`."""
        self._documents = documents
        self._holder = holder
        self._every = every

    async def is_settled(self, uow: EscalationUnitOfWork, current: Catalog) -> bool:
        """Return whether a catalog is watched, and says what its calendars do."""
        states = await uow.calendars.states()
        watched = {one.key for one in states} == set(named(current))
        return watched and not differs(current, await uow.calendars.spans())

    async def watch(self, uow: EscalationUnitOfWork, now: datetime) -> datetime | None:
        """Watch the calendars that the latest catalog names, and none else.

        Not those of the catalog that this process knows: it may be behind, and would forget.
        Return until when what they say waits; None: the catalog says it.
        """
        before = await self._locked(uow)
        await uow.calendars.watch(set(named(before[1])), now)
        return await self._settle(uow, *before, now)

    async def on_read(
        self,
        uow: EscalationUnitOfWork,
        state: Watched,
        digest: str,
        spans: Spans | None,
        now: datetime,
    ) -> None:
        """Keep what was read (None: the same as before), and what follows from it."""
        # The catalog is locked first, as wherever calendars are written with it: no deadlock.
        before = None if spans is None else await self._locked(uow)
        await uow.calendars.save(state.read(digest, now, self._every), spans)
        if before is not None:
            await self._settle(uow, *before, now)

    async def on_unreadable(
        self, uow: EscalationUnitOfWork, state: Watched, why: str, now: datetime
    ) -> None:
        """Keep why one could not be read; what was read before stays."""
        await uow.calendars.save(state.failed(why, now, self._every), None)

    async def findings(self, uow: EscalationUnitOfWork, now: datetime) -> Collection[Finding]:
        """Return the calendars that people are to be told of."""
        owners = named(self._holder.current)
        found = []
        states = await uow.calendars.states()
        telemetry.CALENDARS_FAILING.set(sum(one.failing_since is not None for one in states))
        for state in states:
            if state.failing_since and state.is_broken(now) and state.key in owners:
                names = ", ".join(name for _, name in owners[state.key])
                text = trouble(state, now)
                key = f"calendar of {names}"
                since = state.failing_since
                found.append(Finding(key, since, text, shared=True, lasting=True))
        return found

    async def _locked(self, uow: EscalationUnitOfWork) -> tuple[Sequence[Held], Catalog]:
        version = await uow.catalog_history.lock()
        held = await uow.catalog_history.documents(kinds=KINDS)
        return held, catalog_of(held, version)

    async def _settle(
        self, uow: EscalationUnitOfWork, held: Sequence[Held], before: Catalog, now: datetime
    ) -> datetime | None:
        """Make the catalog say what was read; who is on call then is told, where it changes.

        Some calendars say something else each time: what is not soon waits for what else comes.
        """
        wanted = documents(before, await uow.calendars.spans())
        found = changes([one for one in held if one.kind == KIND], wanted, CALENDARS)
        if not found:
            return None
        version = before.version
        after_it = before.with_changes(
            version, documents_changed(found, CALENDARS, version + 1, CALENDARS)
        )
        later = None if is_soon(before, after_it, now) else await _later(uow, now)
        if later:
            return later
        after, events = await self._documents.write(
            uow, version, found, CALENDARS, CALENDARS, now, NOTE
        )
        catalog = before.with_changes(after, events)
        names = affected(before, catalog).schedules
        await tell(uow, catalog, await uow.hand_offs.load(names), names, now)
        return None


async def _later(uow: EscalationUnitOfWork, now: datetime) -> datetime | None:
    """Return when the next version by calendars may be; None: now."""
    latest = await uow.catalog_history.versions(None, LATEST)
    at = next((one.at for one in latest if one.sets == (CALENDARS,)), None)
    return at + APART if at and timedelta(0) <= now - at < APART else None
