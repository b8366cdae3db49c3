"""Back to an earlier version of the catalog: a new version, equal to the old one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from escalation.domain.ownership import EVERY_SET, EVERYWHERE, Rights
from escalation.handlers.catalog import CatalogHandlers
from escalation.handlers.planning import Checked, Plan
from escalation.handlers.refusing import ForeignDocumentError, InvalidCatalogError
from escalation.ports import EscalationUnitOfWork
from tocsin.catalog.mistakes import Mistake
from tocsin.catalog.planning import Held, catalog_of, restoring
from tocsin.catalog.rules import MAY_DANGLE
from tocsin.catalog.suggestions import one_of
from tocsin.catalog.validation import mistakes
from tocsin.errors import InputError


class NoSuchVersionError(InputError):
    """The catalog never had this version."""


class NoSuchSetError(InputError):
    """Neither now nor then does the catalog hold anything of this set."""


class RollbackHandlers:
    """Goes back, the whole catalog or one set of it."""

    def __init__(self, documents: CatalogHandlers) -> None:
        """Write versions as `documents` does."""
        self._documents = documents

    async def check(self, uow: EscalationUnitOfWork, to: int, of_set: str | None) -> Checked:
        """Return what going back would change."""
        return await _checked(uow, to, of_set, await uow.catalog_history.version())

    async def roll_back(
        self,
        uow: EscalationUnitOfWork,
        to: int,
        of_set: str | None,
        author: str,
        expected: int | None,
        now: datetime,
        *,
        reason: str = "",
        rights: Rights = EVERY_SET,
    ) -> Plan:
        """Put what was in force at a version in force again; return what that changed."""
        version = await self._documents.lock(uow, expected)
        checked = await _checked(uow, to, of_set, version)
        return await self._documents.put_in_force(
            uow,
            checked,
            of_set or EVERYWHERE,
            author,
            now,
            reason=f"back to version {to}{f': {reason}' if reason else ''}",
            rights=rights,
        )


async def _checked(uow: EscalationUnitOfWork, to: int, of_set: str | None, version: int) -> Checked:
    if not 1 <= to <= version:
        raise NoSuchVersionError(f"version: the catalog has had the versions 1 to {version}")
    held = tuple(await uow.catalog_history.documents())
    then = await uow.catalog_history.documents(to)
    wanted = [one for one in then if of_set in {None, one.set}]
    ours = [one for one in held if of_set in {None, one.set}]
    if of_set is not None and not wanted and not ours:
        which = one_of(of_set, {one.set for one in (*held, *then)})
        message = f"set: the catalog has no set {of_set!r}, now or at version {to}; {which}"
        raise NoSuchSetError(message)
    others = [one for one in held if of_set not in {None, one.set}]
    keys = {one.key for one in wanted}
    if theirs := [one for one in others if one.key in keys]:
        raise ForeignDocumentError(theirs)
    found = _mistakes(wanted, others, version)
    if any(one.is_error for one in found):
        raise InvalidCatalogError(found)
    known = {one.key: one for one in ours}
    after = [
        kept
        if (kept := known.get(one.key)) and (kept.set, kept.spec) == (one.set, one.spec)
        else replace(one, version=version + 1)
        for one in wanted
    ]
    return Checked(
        version,
        held,
        (),
        tuple(restoring(ours, wanted)),
        tuple(found),
        catalog_of([*others, *after], version + 1),
    )


def _mistakes(wanted: Sequence[Held], others: Sequence[Held], version: int) -> list[Mistake]:
    documents = [{"kind": one.kind, "name": one.name, "spec": one.spec} for one in wanted]
    found = mistakes(documents, known=catalog_of(others, version), new=False)
    return [replace(one, level="warning") if one.kind in MAY_DANGLE else one for one in found]
