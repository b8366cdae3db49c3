"""What a change of the catalog means in the weeks to come for schedules: whose shifts move.

Each schedule of a catalog is worked out once, and only where it is asked for.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from operator import eq
from typing import Generic, TypeVar

from escalation.domain.kept import KeptSchedule
from escalation.domain.schedule import everybody
from tocsin.catalog import Catalog
from tocsin.spans import Span

Names = tuple[str, ...]
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Difference(Generic[Answer]):
    """A span in which the answer is another one."""

    begins: datetime
    until: datetime
    before: Answer
    after: Answer


@dataclass(frozen=True, slots=True)
class Move:
    """A span in which somebody is on call that was not (`gains`), or the other way round.

    `others` are those who had it before, or who have it then.
    """

    person: str
    schedule: str
    gains: bool
    begins: datetime
    until: datetime
    others: Names


class Outlook:
    """A catalog over a span of time."""

    def __init__(self, catalog: Catalog, within: Span) -> None:
        """Work out nothing yet."""
        self.catalog = catalog
        self.within = within
        self._kept: dict[str, KeptSchedule] = {}

    def schedule(self, name: str) -> KeptSchedule | None:
        """Return a schedule, worked out over the span; None where the catalog has no such."""
        if name not in self._kept and self.catalog.schedule(name) is not None:
            self._kept[name] = KeptSchedule(self.catalog, name, *self.within)
        return self._kept.get(name)

    def edges(self, schedule: str) -> list[datetime]:
        """Return when others are on call."""
        kept = self.schedule(schedule)
        return kept.edges(self.within[1]) if kept else []

    def on_call(self, schedule: str, at: datetime) -> Names:
        """Return who is on call."""
        kept = self.schedule(schedule)
        return kept.on_call(at, everybody).responders if kept else ()


def moves(schedule: str, differing: Iterable[Difference[Names]]) -> list[Move]:
    """Return whose shifts of a schedule move, person by person, neighbouring spans as one."""
    found: dict[tuple[str, bool], list[Move]] = {}
    for one in differing:
        lost = [name for name in one.before if name not in one.after]
        gained = [name for name in one.after if name not in one.before]
        for names, gains, others in ((lost, False, gained), (gained, True, lost)):
            for name in names:
                move = Move(name, schedule, gains, one.begins, one.until, tuple(others))
                _append(found.setdefault((name, gains), []), move)
    every = (move for moved in found.values() for move in moved)
    return sorted(every, key=lambda move: (move.begins, move.person, move.gains))


def shift_differences(
    schedule: str, before: Outlook, after: Outlook
) -> Iterator[Difference[Names]]:
    """Yield when somebody else is on call for a schedule."""
    edges = {*before.edges(schedule), *after.edges(schedule)}
    answers = (lambda at: before.on_call(schedule, at)), (lambda at: after.on_call(schedule, at))
    return differences(edges, before.within, *answers, _same_people)


def differences(
    edges: Iterable[datetime],
    within: Span,
    before: Callable[[datetime], Answer],
    after: Callable[[datetime], Answer],
    same: Callable[[Answer, Answer], bool] = eq,
) -> Iterator[Difference[Answer]]:
    """Yield the spans in which two answers differ; neither changes but at an edge."""
    current: Difference[Answer] | None = None
    instants = sorted({*within, *(edge for edge in edges if within[0] < edge < within[1])})
    for begins, until in pairwise(instants):
        old, new = before(begins), after(begins)
        if current and same(current.before, old) and same(current.after, new):
            current = replace(current, until=until)
            continue
        if current:
            yield current
        current = None if same(old, new) else Difference(begins, until, old, new)
    if current:
        yield current


def _append(moved: list[Move], move: Move) -> None:
    last = moved[-1] if moved else None
    if last and last.until == move.begins:
        more = tuple(name for name in move.others if name not in last.others)
        moved[-1] = replace(last, until=move.until, others=(*last.others, *more))
    else:
        moved.append(move)


def _same_people(some: Names, others: Names) -> bool:
    return some == others or set(some) == set(others)
