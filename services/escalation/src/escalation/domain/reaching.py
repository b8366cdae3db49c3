"""Which level of a policy a climb reaches, and whom it pages: one answer for climbs and plans."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from escalation.domain.conditions import against
from escalation.domain.incident import Incident
from escalation.domain.policy import Policy
from escalation.domain.resolution import Resolution, Schedules
from escalation.domain.turns import Place, Turns
from tocsin.catalog import Catalog, Level

NOBODY = Resolution((), ())


@dataclass(frozen=True, slots=True)
class Look:
    """A look at a level: what speaks against it now, or else whom it pages; and the turns then."""

    loop: int
    level: int
    spec: Level
    turns: Turns
    people: Resolution = NOBODY
    against: tuple[str, ...] = ()


def looks(
    policy: Policy,
    place: tuple[int, int],
    incident: Incident,
    turns: Turns,
    catalog: Catalog,
    now: datetime,
    schedules: Schedules | None = None,
) -> Iterator[Look]:
    """Yield a look at each level from a loop and level on; the first with somebody is reached.

    One look at each is enough.
    """
    for loop, level in islice(policy.places(*place), len(policy.levels)):
        spec = policy.levels[level - 1]
        if reasons := against(spec.when, incident, policy.labels, now):
            yield Look(loop, level, spec, turns, against=reasons)
            continue
        here = Place(policy.name, loop, level)
        yield Look(loop, level, spec, *turns.find(spec, here, catalog, now, schedules))
