"""Round robin: those of a level take turns, a page each; who cannot be paged keeps their turn.

A ring is one level of a policy, for all incidents together. Where it stands is state, and moves in
the transaction of the page: a kill before the commit leaves neither, one after it leaves both.
A climb keeps whose turn it was at each of its places, so that paging again pages the same person.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from escalation.domain.policy import Policy
from escalation.domain.resolution import Found, Resolution, Schedules, resolve
from tocsin.catalog import Catalog, Level, Target


@dataclass(frozen=True, slots=True)
class Ring:
    """`last` had the latest turn, and stood at `position`; `owed` could not be paged in theirs."""

    last: str = ""
    position: int = 0
    owed: tuple[str, ...] = ()

    def order(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return in which order these are asked to take the next turn."""
        # Whoever stood behind one who is gone has moved up to that position.
        first = names.index(self.last) + 1 if self.last in names else self.position
        first %= max(len(names), 1)
        waiting = (one for one in self.owed if one in names)
        return tuple(dict.fromkeys([*waiting, *names[first:], *names[:first]]))

    def after(self, taker: str, names: Sequence[str], unable: Sequence[str]) -> "Ring":
        """Return the ring after a turn; `unable` were asked before and could not be paged."""
        waiting = [one for one in (*self.owed, *unable) if one in names and one != taker]
        owed = tuple(dict.fromkeys(waiting))
        if taker in self.owed:
            return replace(self, owed=owed)
        return Ring(taker, names.index(taker), owed)


@dataclass(frozen=True, slots=True)
class Place:
    """A level of a policy that is reached in one of the loops of a climb."""

    policy: str
    loop: int
    level: int

    @property
    def ring(self) -> str:
        """The ring of the level."""
        return ring_of(self.policy, self.level)

    def __str__(self) -> str:
        """Return loop and level: `2.1`."""
        return f"{self.loop}.{self.level}"


@dataclass(frozen=True, slots=True)
class Turns:
    """Whose turn it was at each place of a climb; and the rings as they are by now.

    The rings belong to all climbs: a climb has them while it is decided, and is kept without.
    """

    had: Mapping[str, str] = field(default_factory=dict)
    rings: Mapping[str, Ring] = field(default_factory=dict)

    def anew(self) -> "Turns":
        """Return them for a climb that begins: nobody had a turn in it."""
        return replace(self, had={})

    def knowing(self, rings: Mapping[str, Ring]) -> "Turns":
        """Return them with the rings as they are by now."""
        return replace(self, rings=rings)

    def find(
        self,
        level: Level,
        place: Place,
        catalog: Catalog,
        now: datetime,
        schedules: Schedules | None = None,
    ) -> tuple["Turns", Resolution]:
        """Return whom to page at a place: all of the level's targets, or whoever has the turn."""
        if not level.round_robin:
            return self, resolve(level.targets, catalog, now, schedules)
        takers = _takers(level.targets, catalog)
        names = list(takers)
        ring = self.rings.get(place.ring, Ring())
        had = self.had.get(str(place), "")
        missed: list[str] = []
        unable: list[str] = []
        for name in dict.fromkeys([*([had] if had in takers else []), *ring.order(names)]):
            people = resolve((takers[name],), catalog, now, schedules)
            missed.extend(people.missed)
            if people.found:
                moved = ring if name == had else ring.after(name, names, unable)
                turns = Turns({**self.had, str(place): name}, {**self.rings, place.ring: moved})
                return turns, Resolution(_because(name, people.found), tuple(missed))
            if name != had:
                unable.append(name)
        return self, Resolution((), tuple(dict.fromkeys(missed)))


NO_TURNS = Turns()


def whose_turn(
    level: Level, catalog: Catalog, now: datetime, schedules: Schedules | None = None
) -> Iterator[tuple[Found, ...]]:
    """Yield whom a level that takes turns pages, for each whose turn it may be."""
    for taker in _takers(level.targets, catalog).values():
        if found := resolve((taker,), catalog, now, schedules).found:
            yield found


def ring_of(policy: str, level: int) -> str:
    """Return the name of the ring of a policy's level."""
    return f"{policy}/{level}"


def rings_of(policies: Iterable[Policy]) -> set[str]:
    """Return the rings of all levels of these policies that take turns."""
    return {
        ring_of(policy.name, number)
        for policy in policies
        for number, level in enumerate(policy.levels, start=1)
        if level.round_robin
    }


def _takers(targets: Iterable[Target], catalog: Catalog) -> dict[str, Target]:
    """Return who takes turns: people, each of a team, and whoever is on call for a schedule."""
    found: dict[str, Target] = {}
    for target in targets:
        team = catalog.team(target.team) if target.team else None
        each = [Target(user=member) for member in team.members] if team else [target]
        found.update({str(one): one for one in each})
    return found


def _because(name: str, people: Iterable[Found]) -> tuple[Found, ...]:
    turn = f"round robin: the turn of {name}"
    return tuple(replace(one, reason=(turn, *one.reason)) for one in people)
