"""Swaps: proposed by one, answered by the other; agreed to, they are overrides in the catalog."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from escalation.domain.effects import Effect
from escalation.domain.swap import Swap, Verb, mistakes, obstacles
from escalation.domain.swapping import agreed, moved
from escalation.handlers.catalog import CatalogHandlers
from escalation.handlers.planning import Proposal
from escalation.ports import EscalationUnitOfWork
from tocsin.catalog import Catalog
from tocsin.catalog.planning import Held, catalog_of
from tocsin.catalog.references import references
from tocsin.catalog.sets import SWAPS
from tocsin.errors import InputError, Refused


class NoSuchSwapError(InputError):
    """Nobody proposed a swap of this id."""


class ImpossibleSwapError(InputError):
    """What was proposed cannot be: each field, and why."""

    def __init__(self, found: Iterable[tuple[str, str]]) -> None:
        """Keep them."""
        self.mistakes = tuple(found)
        super().__init__("; ".join(f"{field}: {why}" for field, why in self.mistakes))


@dataclass(frozen=True, slots=True)
class Done:
    """A swap as it stands, at which version of the catalog, and whose shifts it moves."""

    swap: Swap
    version: int
    effects: tuple[Effect, ...]


class SwapHandlers:
    """Proposes and answers, each in one transaction with what follows from it."""

    def __init__(self, documents: CatalogHandlers) -> None:
        """Write versions of the catalog as `documents` does."""
        self._documents = documents

    async def propose(
        self, uow: EscalationUnitOfWork, swap: Swap, now: datetime, *, dry_run: bool = False
    ) -> Done:
        """Keep a proposal; one of this id that is there already is answered as it is."""
        known = await uow.swaps.load(swap.swap_id)
        if known is None and (wrong := list(mistakes(swap, now))):
            raise ImpossibleSwapError(wrong)
        catalog = await _catalog(uow)
        if known is not None:
            return _done(known.as_of(now), catalog, now)
        if wrong := [("schedule", why) for why in obstacles(swap, catalog)]:
            raise ImpossibleSwapError(wrong)
        if not dry_run:
            await uow.swaps.save(swap)
        return _done(swap, catalog, now)

    async def answer(
        self,
        uow: EscalationUnitOfWork,
        swap_id: str,
        verb: Verb,
        by: str,
        now: datetime,
        *,
        dry_run: bool = False,
    ) -> Done:
        """Take an answer; with agreement the overrides are in force, in the same transaction.

        With `dry_run` only say whether it would be taken, and what accepting would move.
        """
        known = await uow.swaps.load(swap_id)
        if known is None:
            raise NoSuchSwapError(f"There is no swap {swap_id!r}.")
        swap = known.answered(verb, by, now)
        if dry_run or swap == known:
            catalog = await _catalog(uow)
            if swap != known and swap.status == "accepted":
                _still_possible(swap, catalog)
            effects = moved(known, catalog, now) if verb == "accept" else ()
            return Done(known, catalog.version, effects)
        is_agreed = swap.status == "accepted"
        catalog = await (self._put(uow, swap, now) if is_agreed else _catalog(uow))
        await uow.swaps.save(swap)
        return _done(swap, catalog, now)

    async def _put(self, uow: EscalationUnitOfWork, swap: Swap, now: datetime) -> Catalog:
        """Put what was agreed on in force; return the catalog with it."""
        version = await uow.catalog_history.lock()
        held = await uow.catalog_history.documents()
        catalog = catalog_of(held, version)
        _still_possible(swap, catalog)
        documents = (*_kept(held, catalog), *swap.documents())
        made = await self._documents.apply(
            uow, Proposal(SWAPS, documents), swap.agreeing, None, now
        )
        return agreed(swap, catalog, made.version)


async def _catalog(uow: EscalationUnitOfWork) -> Catalog:
    version = await uow.catalog_history.version()
    return catalog_of(await uow.catalog_history.documents(), version)


def _done(swap: Swap, catalog: Catalog, now: datetime) -> Done:
    return Done(swap, catalog.version, moved(swap, catalog, now))


def _still_possible(swap: Swap, catalog: Catalog) -> None:
    if found := list(obstacles(swap, catalog)):
        raise Refused(f"The swap is no longer possible: {'; '.join(found)}. Propose another.")


def _kept(held: Iterable[Held], catalog: Catalog) -> Iterator[dict[str, object]]:
    """Yield the swaps that the catalog holds; one of people who are gone stands in no way."""
    for one in held:
        named = references(one.kind, one.spec)
        if one.set == SWAPS and all((it.kind, it.name) in catalog.specs for it in named):
            yield {"kind": one.kind, "name": one.name, "spec": dict(one.spec)}
