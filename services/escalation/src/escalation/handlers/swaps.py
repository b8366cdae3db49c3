"""Swaps: proposed by one, answered by the other; agreed to, they are overrides in the catalog."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from escalation.domain.swap import Swap, Verb, mistakes, obstacles
from escalation.handlers.catalog import CatalogHandlers
from escalation.handlers.planning import Proposal
from escalation.ports import EscalationUnitOfWork
from tocsin.catalog import Catalog
from tocsin.catalog.planning import Held, catalog_of
from tocsin.catalog.references import references
from tocsin.errors import InputError, Refused

SET = "swaps"  # No folder's: applying one never deletes what two people agreed on.


class NoSuchSwapError(InputError):
    """Nobody proposed a swap of this id."""


class ImpossibleSwapError(InputError):
    """What was proposed cannot be: each field, and why."""

    def __init__(self, found: Iterable[tuple[str, str]]) -> None:
        """Keep them."""
        self.mistakes = tuple(found)
        super().__init__("; ".join(f"{field}: {why}" for field, why in self.mistakes))


class SwapHandlers:
    """Proposes and answers, each in one transaction with what follows from it."""

    def __init__(self, documents: CatalogHandlers) -> None:
        """Write versions of the catalog as `documents` does."""
        self._documents = documents

    async def propose(self, uow: EscalationUnitOfWork, swap: Swap, now: datetime) -> Swap:
        """Keep a proposal; one of this id that is there already is answered as it is."""
        known = await uow.swaps.load(swap.swap_id)
        if known is not None:
            return known.as_of(now)
        if wrong := list(mistakes(swap, now)):
            raise ImpossibleSwapError(wrong)
        held = await uow.catalog_history.documents()
        catalog = catalog_of(held, await uow.catalog_history.version())
        if wrong := [("schedule", why) for why in obstacles(swap, catalog)]:
            raise ImpossibleSwapError(wrong)
        await uow.swaps.save(swap)
        return swap

    async def answer(
        self, uow: EscalationUnitOfWork, swap_id: str, verb: Verb, by: str, now: datetime
    ) -> Swap:
        """Take an answer; with agreement the overrides are in force, in the same transaction."""
        known = await uow.swaps.load(swap_id)
        if known is None:
            raise NoSuchSwapError(f"There is no swap {swap_id!r}.")
        swap = known.answered(verb, by, now)
        if swap == known:
            return swap
        if swap.status == "accepted":
            await self._put(uow, swap, now)
        await uow.swaps.save(swap)
        return swap

    async def _put(self, uow: EscalationUnitOfWork, swap: Swap, now: datetime) -> None:
        version = await uow.catalog_history.lock()
        held = await uow.catalog_history.documents()
        catalog = catalog_of(held, version)
        if found := list(obstacles(swap, catalog)):
            raise Refused(f"The swap is no longer possible: {'; '.join(found)}. Propose another.")
        documents = (*_kept(held, catalog), *swap.documents())
        author = f"{swap.proposer} and {swap.other}"
        await self._documents.apply(uow, Proposal(SET, documents), author, None, now)


def _kept(held: Iterable[Held], catalog: Catalog) -> Iterator[dict[str, object]]:
    """Yield the swaps that the catalog holds; one of people who are gone stands in no way."""
    for one in held:
        named = references(one.kind, one.spec)
        if one.set == SET and all((it.kind, it.name) in catalog.specs for it in named):
            yield {"kind": one.kind, "name": one.name, "spec": dict(one.spec)}
