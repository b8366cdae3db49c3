"""What a swap means for shifts: before it is agreed to, and after."""

from dataclasses import replace
from datetime import datetime

from escalation.domain.effects import Effect, shift_effects
from escalation.domain.outlook import Outlook
from escalation.domain.swap import Swap
from tocsin.catalog import Catalog
from tocsin.catalog.sets import SWAPS
from tocsin.events import CatalogDocumentChanged


def agreed(swap: Swap, held: Catalog, version: int) -> Catalog:
    """Return the catalog at this version, which the agreement makes."""
    changes = [
        CatalogDocumentChanged(set=SWAPS, catalog_version=version, author=swap.agreeing, **one)
        for one in swap.documents()
    ]
    return held.with_changes(version, changes)


def moved(swap: Swap, held: Catalog, now: datetime) -> tuple[Effect, ...]:
    """Return whose shifts move from now on: by a proposal if it is agreed to, or as it was."""
    match swap.status:
        case "proposed":
            before, after = held, agreed(swap, held, held.version + 1)
        case "accepted":
            before, after = _without(swap, held), held
        case _:
            return ()
    begins = max(now, min(span.begins for span, _, _ in swap.halves))
    until = max(span.until for span, _, _ in swap.halves)
    if until <= begins:
        return ()
    then, soon = (Outlook(one, (begins, until)) for one in (before, after))
    return tuple(shift_effects(swap.schedule, then, soon))


def _without(swap: Swap, held: Catalog) -> Catalog:
    gone = {(one["kind"], one["name"]) for one in swap.documents()}
    return replace(held, specs={key: spec for key, spec in held.specs.items() if key not in gone})
