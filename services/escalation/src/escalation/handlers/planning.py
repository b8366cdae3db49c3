"""What a change of the catalog would change, and what that means for people."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from escalation.domain.affected import affected
from escalation.domain.effects import Effect, effects, paging_effects, told_of
from escalation.domain.outlook import Move, Outlook, moves, shift_differences
from escalation.domain.rerouting import Rerouted, rerouted
from tocsin.catalog import Catalog, Document
from tocsin.catalog.mistakes import Mistake
from tocsin.catalog.planning import Change, Held, catalog_of


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
    outcome: "Outcome | None" = None  # Worked out by `weighed` alone.


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whose shifts move, which services page somebody else first, and the catalog by then."""

    after: Catalog
    moves: tuple[Move, ...]
    rerouted: Mapping[str, Sequence[Rerouted]]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a plan has come."""

    done: int
    of: int


@dataclass(frozen=True, slots=True)
class Checked:
    """A proposal without mistakes, for the catalog at `version`."""

    version: int
    held: tuple[Held, ...]
    documents: tuple[Document, ...]
    changes: tuple[Change, ...]
    warnings: tuple[Mistake, ...]
    after: Catalog


def plan_of(checked: Checked, version: int, now: datetime) -> Plan:
    """Return the plan of what was checked, with what it means for people now and soon."""
    before = catalog_of(checked.held, version)
    found = tuple(effects(before, checked.after, now))
    return Plan(version, checked.changes, found, checked.warnings)


async def weighed(
    checked: Checked, now: datetime, horizon: timedelta
) -> AsyncIterator[Progress | Plan]:
    """Work out what it means for people until the horizon; the plan is the last.

    Step by step: in between, whoever is to be paged is paged.
    """
    before, after = catalog_of(checked.held, checked.version), checked.after
    then, soon = (Outlook(one, (now, now + horizon)) for one in (before, after))
    told: list[Effect] = []
    moved: list[Move] = []
    elsewhere: dict[str, Sequence[Rerouted]] = {}
    steps = affected(before, after).all
    for done, (kind, name) in enumerate(steps):
        yield Progress(done, len(steps))
        await asyncio.sleep(0)
        if kind == "Schedule":
            differing = list(shift_differences(name, then, soon))
            told += told_of(name, then, soon, differing)
            moved += moves(name, differing)
            continue
        told += paging_effects(kind, name, before, after, now)
        if kind == "Service" and (spans := rerouted(name, then, soon)):
            elsewhere[name] = spans
    yield Progress(len(steps), len(steps))
    yield Plan(
        checked.version,
        checked.changes,
        tuple(told),
        checked.warnings,
        Outcome(after, tuple(moved), elsewhere),
    )
