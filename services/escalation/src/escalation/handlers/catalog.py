"""The catalog: validated, compared and applied as a whole set; this service alone writes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from escalation.domain.effects import Effect, coverage_warnings, effects
from escalation.handlers.announcing import SOURCE
from escalation.handlers.handing_off import tell_changes
from escalation.ports import EscalationUnitOfWork
from tocsin import ids
from tocsin.catalog import Catalog, Document
from tocsin.catalog.mistakes import Mistake
from tocsin.catalog.planning import Change, Held, catalog_of, changes, foreign, resulting
from tocsin.catalog.validation import documents_of, mistakes
from tocsin.errors import InputError, Refused
from tocsin.events import CatalogApplied, CatalogDocumentChanged, Envelope, Event
from tocsin.holder import CatalogHolder


class InvalidCatalogError(InputError):
    """The documents have mistakes; every one is listed, warnings as well."""

    def __init__(self, found: Sequence[Mistake]) -> None:
        """Keep them."""
        errors = [str(mistake) for mistake in found if mistake.is_error]
        super().__init__("\n".join(errors))
        self.mistakes = tuple(found)


class ForeignDocumentError(Refused):
    """A document of this kind and name belongs to another set."""

    def __init__(self, found: Sequence[Held]) -> None:
        """Name each with its set."""
        owned = [f"{one.kind} {one.name} belongs to the set {one.set!r}" for one in found]
        super().__init__("; ".join(owned))


class StaleCatalogError(Refused):
    """The catalog is no longer the one that this change was made for."""

    def __init__(self, expected: int, version: int) -> None:
        """Keep both versions."""
        super().__init__(f"The catalog is at version {version}, not {expected}; plan again.")
        self.version = version


@dataclass(frozen=True, slots=True)
class Proposal:
    """All documents that a set shall hold from now on, as somebody wrote them (JSON)."""

    set: str
    documents: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a proposal would change, at `version`, and what it would mean for people."""

    version: int
    changes: tuple[Change, ...]
    effects: tuple[Effect, ...]
    warnings: tuple[Mistake, ...]


@dataclass(frozen=True, slots=True)
class _Checked:
    held: tuple[Held, ...]
    documents: tuple[Document, ...]
    changes: tuple[Change, ...]
    warnings: tuple[Mistake, ...]
    after: Catalog


class CatalogHandlers:
    """Plans and applies."""

    def __init__(self, holder: CatalogHolder) -> None:
        """Never make a version that is older than the one `holder` has from the topic."""
        self._holder = holder

    async def plan(self, uow: EscalationUnitOfWork, proposal: Proposal, now: datetime) -> Plan:
        """Return what applying this would change; change nothing."""
        version = await uow.catalog_history.version()
        return _plan(await self._check(uow, proposal, version, now), version, now)

    async def apply(
        self,
        uow: EscalationUnitOfWork,
        proposal: Proposal,
        author: str,
        expected: int | None,
        now: datetime,
    ) -> Plan:
        """Put this in force, as a new version if it changes anything; return what it changed."""
        version = await uow.catalog_history.lock()
        if expected is not None and expected != version:
            raise StaleCatalogError(expected, version)
        checked = await self._check(uow, proposal, version, now)
        if not checked.changes:
            return _plan(checked, version, now)
        # With our database lost, the topic still knows versions: readers pass over older ones.
        after = max(version, self._holder.current.version) + 1
        events = _documents_changed(checked.changes, proposal.set, after, author)
        await uow.catalog_history.append(after, events, now)
        applied = CatalogApplied(
            catalog_version=after, author=author, set=proposal.set, changed=len(events)
        )
        told: list[CatalogDocumentChanged | CatalogApplied] = [*events, applied]
        await uow.publish([_envelope(event, now) for event in told])
        await tell_changes(uow, checked.after, now)
        return _plan(checked, after, now)

    async def _check(
        self, uow: EscalationUnitOfWork, proposal: Proposal, version: int, now: datetime
    ) -> _Checked:
        held = tuple(await uow.catalog_history.documents())
        others = catalog_of((one for one in held if one.set != proposal.set), version)
        found = mistakes(proposal.documents, known=others)
        if any(mistake.is_error for mistake in found):
            raise InvalidCatalogError(found)
        documents = tuple(documents_of(proposal.documents))
        if theirs := foreign(held, documents, proposal.set):
            raise ForeignDocumentError(theirs)
        after = resulting(held, documents, proposal.set, version + 1)
        keys = [(document.kind, document.name) for document in documents]
        warnings = (*found, *coverage_warnings(after, keys, now))
        changed = tuple(changes(held, documents, proposal.set))
        return _Checked(held, documents, changed, warnings, after)


def _plan(checked: _Checked, version: int, now: datetime) -> Plan:
    before = catalog_of(checked.held, version)
    return Plan(
        version, checked.changes, tuple(effects(before, checked.after, now)), checked.warnings
    )


def _documents_changed(
    found: Sequence[Change], of_set: str, version: int, author: str
) -> list[CatalogDocumentChanged]:
    return [
        CatalogDocumentChanged(
            kind=change.kind,
            name=change.name,
            set=of_set,
            catalog_version=version,
            author=author,
            spec=None if change.spec is None else dict(change.spec),
        )
        for change in found
    ]


def _envelope(event: CatalogDocumentChanged | CatalogApplied, now: datetime) -> Envelope[Event]:
    return Envelope(data=event, time=now, source=SOURCE, event_id=ids.new())
