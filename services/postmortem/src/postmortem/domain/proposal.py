"""What an override that somebody asks for would change: whose shifts, before it is asked."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from postmortem.domain.days import Piece, whole
from postmortem.domain.outlook import Outlook

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """Who is to be on call from `begins` until `ends`, as an override says it."""

    begins: datetime
    ends: datetime
    add: Names = ()
    remove: Names = ()
    cover: Names | None = None

    def after(self, people: Names) -> Names:
        """Return who is on call of these, once it is so."""
        if self.cover is not None:
            return self.cover
        if self.remove and not set(self.remove) & set(people):
            return people
        left = tuple(one for one in people if one not in self.remove)
        return (*left, *(one for one in self.add if one not in left))


@dataclass(frozen=True, slots=True)
class Moved:
    """A span in which somebody comes on call, or goes.

    `others` go where they come, and come where they go. `is_known` is whether it was told who is on
    call then.
    """

    person: str
    comes: bool
    begins: datetime
    ends: datetime
    others: Names
    is_known: bool = True


def moved(outlook: Outlook | None, wish: Wish) -> Sequence[Moved]:
    """Return whose shifts move, in the order of time; nobody's, where it changes nothing."""
    if wish.begins >= wish.ends:
        return []
    found: Iterable[Piece] = (Piece(wish.begins, wish.ends, "unknown"),)
    if outlook:
        found = whole(outlook, wish.begins, wish.ends)
    made: list[Moved] = []
    # A shift that is told in parts, day by day, is one to whoever has it.
    for (before, is_known), parts in groupby(
        found, lambda one: (one.people, one.kind != "unknown")
    ):
        span = list(parts)
        made += _changes(wish, before, (span[0].begins, span[-1].ends), is_known=is_known)
    return made


def _changes(
    wish: Wish, before: Names, span: tuple[datetime, datetime], *, is_known: bool
) -> Iterator[Moved]:
    after = wish.after(before) if is_known else wish.cover or wish.add
    come = tuple(one for one in after if one not in before)
    go = tuple(one for one in before if one not in after)
    for person in come:
        yield Moved(person, True, *span, go, is_known)
    for person in go:
        yield Moved(person, False, *span, come, is_known)
