"""Overrides by hand: put into the catalog, and ended, one at a time; a version like any other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from escalation.domain.effects import Effect, shift_effects
from escalation.domain.outlook import Outlook
from escalation.domain.override import Override
from escalation.domain.overriding import ended, from_now, override_of, refusals
from escalation.domain.ownership import EVERY_SET, Rights, touched
from escalation.handlers.catalog import CatalogHandlers, documents_changed
from escalation.handlers.handing_off import tell
from escalation.handlers.refusing import ForeignDocumentError, InvalidCatalogError, allowed
from escalation.ports import EscalationUnitOfWork, Note
from tocsin import catalog
from tocsin.catalog import Catalog, Document
from tocsin.catalog.planning import Held, catalog_of, changes
from tocsin.catalog.sets import BY_HAND
from tocsin.catalog.validation import mistakes
from tocsin.errors import InputError, Refused

KIND = "Override"
KINDS = ("User", "Schedule", "Absence", KIND)
Specs = dict[str, dict[str, Any] | None]  # What becomes of each override; None: it is gone.


class NoSuchOverrideError(InputError):
    """The catalog holds no override of this name."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An override as the catalog holds it, with its times as instants."""

    held: Held
    spec: catalog.Override
    override: Override


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an override, at which version of the catalog, and whose shifts it moves."""

    listed: Listed
    version: int
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class _Read:
    """What an override depends on, at a version."""

    version: int
    held: tuple[Held, ...]
    catalog: Catalog

    def of_name(self, name: str) -> Held | None:
        return next((one for one in self.held if one.key == (KIND, name)), None)


class OverrideHandlers:
    """Adds, ends and lists.

    A change is one transaction under the catalog's lock, so that of two at once both are kept and
    neither has to be tried again.
    """

    def __init__(self, documents: CatalogHandlers) -> None:
        """Write versions as `documents` does."""
        self._documents = documents

    async def add(
        self,
        uow: EscalationUnitOfWork,
        name: str,
        written: dict[str, Any],
        author: str,
        now: datetime,
        *,
        replaces: str = "",
        dry_run: bool = False,
        rights: Rights = EVERY_SET,
    ) -> Done:
        """Put an override in force; one of this name that is there already is answered as it is.

        The one that it `replaces` ends in the same version: nobody is paged by both, or by neither.
        """
        read = await _read(uow, dry_run=dry_run)
        if there := read.of_name(name):
            return Done(_listed(there, read.catalog), read.version)
        if await uow.catalog_history.ever_held(KIND, name):
            raise Refused(f"The override {name} was removed since; ask with another key.")
        checked = _checked(name, written, read.catalog, now)
        specs: Specs = {name: from_now(written, checked, read.catalog, now)}
        if replaces:
            specs[replaces] = _over(_replaced(read, replaces, checked.schedule, now), now)
        return await self._put(uow, read, specs, author, now, dry_run, rights)

    async def end(
        self,
        uow: EscalationUnitOfWork,
        name: str,
        author: str,
        now: datetime,
        *,
        dry_run: bool = False,
        rights: Rights = EVERY_SET,
    ) -> Done:
        """End an override now: deleted before it began, else over from now on; again is nothing."""
        read = await _read(uow, dry_run=dry_run)
        one = _by_hand(read, name)
        if one.override.ends <= now:
            return Done(one, read.version)
        return await self._put(uow, read, {name: _over(one, now)}, author, now, dry_run, rights)

    async def listed(self, uow: EscalationUnitOfWork) -> tuple[Catalog, Sequence[Listed]]:
        """Return every override, by when it begins, and the catalog that they stand in."""
        read = await _read(uow, dry_run=True)
        found = [_listed(one, read.catalog) for one in read.held if one.kind == KIND]
        return read.catalog, sorted(found, key=lambda one: (one.override.begins, one.held.name))

    async def _put(
        self,
        uow: EscalationUnitOfWork,
        read: _Read,
        specs: Specs,
        author: str,
        now: datetime,
        dry_run: bool,
        rights: Rights,
    ) -> Done:
        """Make a version of these overrides of one schedule; what becomes of the first is told."""
        name, spec = next(iter(specs.items()))
        before = [held for one in specs if (held := read.of_name(one))]
        wanted = [Document(kind=KIND, name=one, spec=new) for one, new in specs.items() if new]
        reason = str((spec or {}).get("reason", ""))
        found = changes(before, wanted, BY_HAND)
        # By hand is nobody's folder: what counts is whose schedule it is.
        sets = touched(found, BY_HAND, read.held)
        allowed(rights, [one for one in sets if one != BY_HAND])
        if dry_run:
            version = read.version
            events = documents_changed(found, BY_HAND, version + 1, author)
        else:
            version, events = await self._documents.write(
                uow, read.version, found, BY_HAND, author, now, Note(rights.token, reason)
            )
        after = read.catalog.with_changes(version, events)
        shown = Held(KIND, name, BY_HAND, spec, version, author) if spec else read.of_name(name)
        assert shown is not None, "only what is there is deleted"
        one = _listed(shown, read.catalog)
        schedule = one.spec.schedule
        if not dry_run:
            told = await uow.hand_offs.load({schedule})
            await tell(uow, after, told, {schedule}, now)
        within = _span([one, *(_listed(held, read.catalog) for held in before)], now)
        then, soon = (Outlook(each, within) for each in (read.catalog, after))
        return Done(one, version, tuple(shift_effects(schedule, then, soon)))


async def _read(uow: EscalationUnitOfWork, *, dry_run: bool) -> _Read:
    history = uow.catalog_history
    version = await (history.version() if dry_run else history.lock())
    held = tuple(await history.documents(kinds=KINDS))
    return _Read(version, held, catalog_of(held, version))


def _by_hand(read: _Read, name: str) -> Listed:
    """Return an override that somebody made by hand; a refusal where there is none."""
    held = read.of_name(name)
    if held is None:
        raise NoSuchOverrideError(f"There is no override {name!r}.")
    if held.set != BY_HAND:
        raise ForeignDocumentError([held])
    return _listed(held, read.catalog)


def _replaced(read: _Read, name: str, schedule: str, now: datetime) -> Listed:
    """Return the override in whose place another stands: of the same schedule, and not over."""
    one = _by_hand(read, name)
    if one.spec.schedule != schedule:
        raise Refused(f"The override {name} is one of {one.spec.schedule!r}, not of {schedule!r}.")
    if one.override.ends <= now:
        raise Refused(f"The override {name} is over already; make another one instead.")
    return one


def _over(one: Listed, now: datetime) -> dict[str, Any] | None:
    """Return what is left of an override that ends now: nothing, before it began."""
    return ended(one.held.spec, now) if one.override.begins < now else None


def _span(found: Sequence[Listed], now: datetime) -> tuple[datetime, datetime]:
    """Return the time to come in which any of these is in force."""
    begins = min(one.override.begins for one in found)
    return max(begins, now), max(one.override.ends for one in found)


def _checked(name: str, written: dict[str, Any], held: Catalog, now: datetime) -> catalog.Override:
    """Return what was written as an override; InvalidCatalogError with everything wrong with it."""
    document = {"kind": KIND, "name": name, "spec": written}
    found = [one for one in mistakes([document], known=held) if one.position == 0]
    if any(one.is_error for one in found):
        raise InvalidCatalogError(found)
    spec = catalog.Override.model_validate(written)
    if refused := list(refusals(name, spec, held, now)):
        raise InvalidCatalogError(refused)
    return spec


def _listed(held: Held, known: Catalog) -> Listed:
    spec = catalog.Override.model_validate(held.spec, extra="ignore")
    return Listed(held, spec, override_of(held.name, spec, known))
