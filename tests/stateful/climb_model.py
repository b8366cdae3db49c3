"""What a climb is to do, written from the charter of escalation and not from its code.

The model knows one incident. Every method returns what must be published because of it, as words:
`page 1.2 bob` is a page of loop 1, level 2 for bob; the last resort is level 0.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tocsin import ids

LAST_RESORT = timedelta(minutes=5)
OUTAGE = timedelta(seconds=30)
NONE = timedelta(0)
Level = tuple[tuple[str, ...], timedelta, bool]  # True: for what is urgent alone.
Place = tuple[int, int]
Asked = tuple[int, int, int]  # Together: the cycle and the place; negative: by name.


@dataclass
class Directory:
    """The catalog as people mean it: who has a phone, the policy, and who comes last."""

    alive: frozenset[str]
    levels: tuple[Level, ...]
    repeat: int
    resort: str | None


def asked_id(incident: str, version: int, who: str) -> str:
    return ids.derived("page", incident, "asked", str(version), who)


@dataclass
class Climb:
    """`place` is the loop and the level reached; `due` is when the next step is to be taken."""

    incident: str
    catalog: Directory
    seen: int = 0
    cycle: int = 0
    levels: tuple[Level, ...] = ()
    repeat: int = 0
    has_policy: bool = False
    is_urgent: bool = True
    answer: str = "nothing was heard"
    spent: bool = False
    rounds: int = 0
    place: Place = (0, 0)
    due: datetime | None = None
    open: dict[str, tuple[Asked, bool]] = field(default_factory=dict)  # True: hopeless.
    named: dict[str, str] = field(default_factory=dict)  # Asked for by name, by page.
    whose: dict[str, str] = field(default_factory=dict)  # Whoever is paged, by page.
    spared: set[str] = field(default_factory=set)  # Somebody asked with them has answered.

    def start(self, now: datetime, *, known: bool) -> list[str]:
        """Freeze the policy, page from the top. Of what is not known the worst is assumed."""
        self.has_policy = known
        self.levels = self.catalog.levels if known else ()
        self.repeat = self.catalog.repeat if known else 0
        return [f"started {len(self.levels)}", *self.again(now)]

    def again(self, now: datetime) -> list[str]:
        self.cycle, self.rounds, self.spent, self.answer = self.seen, 0, False, ""
        return self.climb((1, 1), now)

    def climb(self, start: Place, now: datetime, pause: timedelta = NONE) -> list[str]:
        """Page the first place from here that has somebody, each level looked at once at most."""
        told: list[str] = []
        for looked, (loop, level) in enumerate(self.places(start)):
            if looked == len(self.levels):
                break
            people, wait, is_for_urgent = self.levels[level - 1]
            if is_for_urgent and not self.is_urgent:
                told.append(f"passed over {loop}.{level}")
                continue
            if found := [one for one in dict.fromkeys(people) if one in self.catalog.alive]:
                self.place, self.spent = (loop, level), False
                self.due = now + max(wait, pause)
                return [*told, *self.page(loop, level, found)]
            told.append(f"skipped {loop}.{level}")
        return [*told, *self.last(now, pause)]

    def places(self, start: Place) -> Iterator[Place]:
        for loop in range(1, self.repeat + 2):
            for level in range(1, len(self.levels) + 1):
                if (loop, level) >= start:
                    yield loop, level

    def last(self, now: datetime, pause: timedelta = NONE) -> list[str]:
        self.rounds += 1
        self.place = (self.repeat + 1, len(self.levels))
        self.spent, self.due = True, now + max(LAST_RESORT, pause)
        one = self.catalog.resort
        found = [one] if one in self.catalog.alive else []
        told = ["exhausted"] if self.rounds == 1 else []
        return [*told, *self.page(self.rounds, 0, [str(each) for each in found])]

    def page(self, loop: int, level: int, people: list[str]) -> list[str]:
        told = []
        for one in people:
            place = (str(self.cycle), str(loop), str(level))
            page_id = ids.derived("page", self.incident, *place, one)
            self.open[page_id], self.whose[page_id] = ((self.cycle, loop, level), False), one
            told.append(f"page {loop}.{level} {one} {page_id}")
        return told

    def step(self, now: datetime, pause: timedelta = NONE) -> list[str]:
        if self.spent:
            return self.last(now, pause)
        return self.climb((self.place[0], self.place[1] + 1), now, pause)

    def withdrawn(self) -> list[str]:
        told = [f"withdrawn {page_id}" for page_id in self.open]
        self.open = {}
        return told

    # ------------------------------------------------------------- what happens to it
    def is_news(self, version: int) -> bool:
        if version <= self.seen:
            return False
        self.seen = version
        return True

    def answered(self, by: str) -> list[str]:
        self.answer, self.due, self.spent = by, None, False
        return self.withdrawn()

    def rises(self, now: datetime) -> list[str]:
        """It can wait no longer: who was told in the way of what can wait is paged anew."""
        was_urgent, self.is_urgent = self.is_urgent, True
        if was_urgent:
            return []
        if self.answer:  # Somebody has it: only who was asked for since.
            asked = dict.fromkeys(self.whose[page] for page in self.open)
            return [*self.withdrawn(), *self.by_name(asked)]
        self.cycle = self.seen
        asked = dict.fromkeys(one for page, one in self.named.items() if page in self.open)
        told = self.withdrawn()
        loop, reached = self.place
        for_urgent = (at for at in range(1, reached + 1) if self.levels[at - 1][2])
        if (first := next(for_urgent, None)) is not None:
            self.rounds = 0
            told += self.climb((1 if self.spent else loop, first), now)
        else:
            told += self.last(now) if self.spent else self.climb(self.place, now)
        paged = {line.split()[2] for line in told if line.startswith("page ")}
        return [*told, *self.by_name([one for one in asked if one not in paged])]

    def answered_as_well(self, who: str) -> list[str]:
        """Somebody answers what another person has: they are asked no more, and nobody else."""
        theirs = [page for page in self.open if self.whose[page] == who]
        together = {self.open.pop(page)[0] for page in theirs}
        self.spared |= {page for page, (asked, _) in self.open.items() if asked in together}
        return [f"withdrawn {page}" for page in theirs]

    def reassigned(self, people: tuple[str, ...], now: datetime) -> list[str]:
        """These people have it now, instead of the levels."""
        self.levels, self.has_policy = ((people, LAST_RESORT, False),), True
        return [*self.withdrawn(), *self.again(now)]

    def asked(self, people: tuple[str, ...], now: datetime) -> list[str]:
        """These are wanted as well, at once; where none of them is there, whoever is next."""
        if told := self.by_name(people):
            return told
        return self.helped(now) if self.answer else self.step(now)

    def by_name(self, people: Iterable[str]) -> list[str]:
        told = []
        for one in dict.fromkeys(people):
            if one in self.catalog.alive:
                page_id = asked_id(self.incident, self.seen, one)
                self.open[page_id], self.named[page_id] = ((0, -self.seen, -1), False), one
                self.whose[page_id] = one
                told.append(f"asked {one} {page_id}")
        return told

    def late(self, now: datetime) -> list[str]:
        """The clock: a step if it is time; after an outage the next one waits half a minute."""
        if self.due is None or now < self.due:
            return []
        return self.step(now, OUTAGE if now - self.due > OUTAGE else NONE)

    def helped(self, now: datetime) -> list[str]:
        """Somebody who has it asks for more: the next level once, and it stays theirs."""
        answer = self.answer
        told = self.step(now)
        self.answer, self.due, self.spent = answer, None, False
        return told

    def wished(self, now: datetime) -> list[str]:
        if self.answer == "nothing was heard":
            return self.start(now, known=False)
        if self.answer in {"resolved", "merged"}:
            return []
        return self.helped(now) if self.answer else self.step(now)

    def hopeless(self, page_id: str, now: datetime) -> list[str]:
        """Notifier cannot reach whom this page is for: on, once nobody of the level can be."""
        if self.answer == "nothing was heard":
            return self.start(now, known=False)
        if page_id not in self.open or self.open[page_id][1]:
            return []
        mine = self.open[page_id][0]
        self.open[page_id] = (mine, True)
        is_asked, is_last = mine[1] < 0, mine[2] == 0
        here = [lost for place, lost in self.open.values() if place == mine]
        if is_last or self.spent or not all(here) or (self.answer and page_id in self.spared):
            return []  # Nobody is behind the last resort: there is only one.
        if not is_asked and mine != (self.cycle, *self.place):
            return []
        return self.helped(now) if self.answer else self.step(now)
