"""The catalog: validated, compared and applied as a whole set; this service alone writes it."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from escalation.domain.calendars import warnings as calendar_warnings
from escalation.domain.effects import HORIZON, coverage_warnings
from escalation.domain.ownership import EVERY_SET, Rights, touched
from escalation.handlers.announcing import SOURCE
from escalation.handlers.handing_off import tell_changes
from escalation.handlers.planning import Checked, Plan, Proposal, plan_of
from escalation.handlers.refusing import (
    ForeignDocumentError,
    InvalidCatalogError,
    StaleCatalogError,
    allowed,
)
from escalation.ports import EscalationUnitOfWork, Note
from tocsin import ids
from tocsin.catalog import Catalog
from tocsin.catalog.mistakes import Mistake
from tocsin.catalog.planning import Change, Held, Spec, catalog_of, changes, foreign, resulting
from tocsin.catalog.rules import MAY_DANGLE
from tocsin.catalog.sets import CALENDARS
from tocsin.catalog.snapshot import Key
from tocsin.catalog.validation import documents_of, mistakes
from tocsin.events import CatalogApplied, CatalogDocumentChanged, Envelope, Event
from tocsin.holder import CatalogHolder

MOST_BY_CALENDARS = 100  # So many versions are looked through.


class CatalogHandlers:
    """Plans and applies."""

    def __init__(self, holder: CatalogHolder) -> None:
        """Never make a version that is older than the one `holder` has from the topic."""
        self._holder = holder

    async def check(
        self,
        uow: EscalationUnitOfWork,
        proposal: Proposal,
        now: datetime,
        horizon: timedelta = HORIZON,
    ) -> Checked:
        """Return what applying this would change, without what that means for people.

        It warns of hours without anybody until the horizon.
        """
        version = await uow.catalog_history.version()
        return await self._check(uow, proposal, version, now, horizon)

    async def apply(
        self,
        uow: EscalationUnitOfWork,
        proposal: Proposal,
        author: str,
        expected: int | None,
        now: datetime,
        *,
        reason: str = "",
        rights: Rights = EVERY_SET,
    ) -> Plan:
        """Put this in force, as a new version if it changes anything; return what it changed."""
        version = await self.lock(uow, expected)
        checked = await self._check(uow, proposal, version, now, HORIZON)
        return await self.put_in_force(
            uow, checked, proposal.set, author, now, reason=reason, rights=rights
        )

    async def lock(self, uow: EscalationUnitOfWork, expected: int | None) -> int:
        """Return the version, which stays until the transaction ends.

        What calendars said since the expected one makes no plan stale: a plan is of documents.
        """
        version = await uow.catalog_history.lock()
        if expected is not None and expected != version and await _is_stale(uow, expected):
            raise StaleCatalogError(expected, version)
        return version

    async def put_in_force(
        self,
        uow: EscalationUnitOfWork,
        checked: Checked,
        of_set: str,
        author: str,
        now: datetime,
        *,
        reason: str,
        rights: Rights,
    ) -> Plan:
        """Make a version of what was checked, if it changes anything; return what it changed."""
        allowed(rights, touched(checked.changes, of_set, checked.held))
        if not checked.changes:
            return plan_of(checked, checked.version, now)
        note = Note(rights.token, reason)
        after, _ = await self.write(
            uow, checked.version, checked.changes, of_set, author, now, note
        )
        await tell_changes(uow, checked.after, now)
        return plan_of(checked, after, now)

    async def write(
        self,
        uow: EscalationUnitOfWork,
        version: int,
        found: Sequence[Change],
        of_set: str,
        author: str,
        now: datetime,
        note: Note,
    ) -> tuple[int, list[CatalogDocumentChanged]]:
        """Make the version after `version` of these changes; return which, and what is told."""
        # With our database lost, the topic still knows versions: readers pass over older ones.
        after = max(version, self._holder.current.version) + 1
        events = documents_changed(found, of_set, after, author)
        await uow.catalog_history.append(after, events, now, note)
        applied = CatalogApplied(
            catalog_version=after,
            author=author,
            set=of_set,
            changed=len(events),
            reason=note.reason,
        )
        told: list[CatalogDocumentChanged | CatalogApplied] = [*events, applied]
        await uow.publish([_envelope(event, now) for event in told])
        return after, events

    async def _check(
        self,
        uow: EscalationUnitOfWork,
        proposal: Proposal,
        version: int,
        now: datetime,
        horizon: timedelta,
    ) -> Checked:
        held = tuple(await uow.catalog_history.documents())
        others = catalog_of((one for one in held if one.set != proposal.set), version)
        found = _forgiven(mistakes(proposal.documents, known=others), proposal, held)
        if any(mistake.is_error for mistake in found):
            raise InvalidCatalogError(found)
        documents = tuple(documents_of(proposal.documents))
        if theirs := foreign(held, documents, proposal.set):
            raise ForeignDocumentError(theirs)
        after = resulting(held, documents, proposal.set, version + 1)
        keys = [(document.kind, document.name) for document in documents]
        broken = calendar_warnings(after, keys, await uow.calendars.states(), now)
        warnings = (*found, *await _uncovered(after, keys, now, horizon), *broken)
        changed = tuple(changes(held, documents, proposal.set))
        return Checked(version, held, documents, changed, warnings, after)


def _forgiven(found: Iterable[Mistake], proposal: Proposal, held: Iterable[Held]) -> list[Mistake]:
    """Let what the set holds already stay as it is, where whom it names went and it may dangle."""
    kept = {one.key: one.spec for one in held if one.set == proposal.set and one.kind in MAY_DANGLE}
    return [
        replace(one, level="warning") if _is_kept(one, proposal, kept) else one for one in found
    ]


def _is_kept(one: Mistake, proposal: Proposal, kept: Mapping[Key, Spec]) -> bool:
    if one.position is None or not one.path.startswith("spec."):
        return False
    key = (one.kind, one.name)
    return key in kept and proposal.documents[one.position].get("spec") == kept[key]


async def _is_stale(uow: EscalationUnitOfWork, expected: int) -> bool:
    latest = await uow.catalog_history.versions(None, MOST_BY_CALENDARS + 1)
    since = [one for one in latest if one.version > expected]
    return not 0 < len(since) <= MOST_BY_CALENDARS or any(one.sets != (CALENDARS,) for one in since)


def documents_changed(
    found: Sequence[Change], of_set: str, version: int, author: str
) -> list[CatalogDocumentChanged]:
    """Return what is told of these changes, one event for each."""
    return [
        CatalogDocumentChanged(
            kind=change.kind,
            name=change.name,
            set=change.set or of_set,
            catalog_version=version,
            author=author,
            spec=None if change.spec is None else dict(change.spec),
        )
        for change in found
    ]


def _envelope(event: CatalogDocumentChanged | CatalogApplied, now: datetime) -> Envelope[Event]:
    return Envelope(data=event, time=now, source=SOURCE, event_id=ids.new())


async def _uncovered(
    after: Catalog, keys: Sequence[Key], now: datetime, horizon: timedelta
) -> list[Mistake]:
    """Return a warning for each schedule with a gap. Between two, whoever is to be paged is."""
    warnings = []
    for one in coverage_warnings(after, keys, now, horizon):
        warnings += [one] if one else []
        await asyncio.sleep(0)
    return warnings
