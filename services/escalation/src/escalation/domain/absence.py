"""Who is away at an instant, and so passed over: the next of the rotation answers instead.

Nobody's later turn moves. Where nobody else is left, nobody is passed over: a page that reaches a
beach is better than none. An override that puts somebody on call decides for everybody it names:
they answer, away or not, and so for whom they replace nobody else steps in.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from escalation.domain.layer import Turn
from escalation.domain.override import IsReachable, Names, Override
from tocsin import catalog
from tocsin.catalog import Catalog
from tocsin.spans import Span

NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Absences:
    """When each of some people is away: spans that do not touch each other, in order."""

    spans: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)

    @classmethod
    def in_catalog(cls, held: Catalog, schedule: catalog.Schedule) -> "Absences":
        """Return when those who take part in a schedule are away, as the catalog knows it."""
        known = held.absences
        people = schedule.people if known else NONE
        return cls({name: known[name] for name in sorted(people) if name in known})

    def away(self, at: datetime) -> frozenset[str]:
        """Return who is away at this instant."""
        if not self.spans:
            return NONE
        return frozenset(name for name, spans in self.spans.items() if _covers(spans, at))

    def edges(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Yield every instant in between at which somebody leaves or returns."""
        for spans in self.spans.values():
            for span in spans:
                yield from (edge for edge in span if since < edge < until)


NOBODY = Absences()


def absent(
    away: frozenset[str], forced: Iterable[Override], is_reachable: IsReachable
) -> frozenset[str]:
    """Return who is passed over: those away for whom no override decides."""
    for override in forced if away else ():
        if any(is_reachable(one) for one in override.added):
            away = away.difference(override.added, override.removed)
    return away


class Present(NamedTuple):
    """Who answers for a turn, and in words why nobody else does.

    `instead`: they are of a later turn, for somebody who is away.
    """

    people: Names
    lost: Names
    instead: bool = False


def present(turn: Turn, passed_over: frozenset[str], is_reachable: IsReachable) -> Present:
    """Return who answers for a turn: those of it who can, or else the next who can.

    Only absence passes a turn on. Of people who cannot be reached the layer below has to answer, as
    of a turn that is nobody's.
    """
    lost = tuple(
        f"{one} is away" if one in passed_over else f"{one} cannot be reached"
        for one in turn.people
        if one in passed_over or not is_reachable(one)
    )
    if not lost:
        return Present(turn.people, ())

    def able(people: Names) -> Names:
        return tuple([one for one in people if one not in passed_over and is_reachable(one)])

    if (found := able(turn.people)) or passed_over.isdisjoint(turn.people):
        return Present(found, lost)
    later = (people for group in turn.later() if (people := able(group)))
    return Present(next(later, ()), lost, instead=True)


def _covers(spans: tuple[Span, ...], at: datetime) -> bool:
    place = bisect_right(spans, at, key=_begins) - 1
    return place >= 0 and at < spans[place][1]


def _begins(span: Span) -> datetime:
    return span[0]
