"""What a change of the catalog means in the weeks to come: whose shifts move, whom a service pages.

Each schedule of a catalog is worked out once, and only where it is asked for.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from escalation.domain.affected import targets_of
from escalation.domain.policy import Policy, frozen
from escalation.domain.resolution import reachable
from escalation.domain.schedule import Schedule
from tocsin.catalog import Catalog, Target

Names = tuple[str, ...]
Span = tuple[datetime, datetime]
Answer = Callable[[datetime], Names]


@dataclass(frozen=True, slots=True)
class Difference:
    """A span in which the answer is another one."""

    begins: datetime
    until: datetime
    before: Names
    after: Names


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
        self._can = reachable(catalog)
        self._known: dict[str, tuple[list[datetime], list[Names]]] = {}

    def edges(self, schedule: str) -> list[datetime]:
        """Return when others are on call; nothing where the catalog has no such schedule."""
        return self._worked_out(schedule)[0]

    def on_call(self, schedule: str, at: datetime) -> Names:
        """Return who is on call."""
        begins, people = self._worked_out(schedule)
        return people[bisect_right(begins, at) - 1] if people else ()

    def policy(self, service: str) -> Policy | None:
        """Return the policy of a service; None where the catalog has no such service."""
        known = self.catalog.service(service) is not None
        return frozen(self.catalog, service) if known else None

    def first_paged(self, policy: Policy | None, at: datetime) -> Names:
        """Return whom a policy pages first: a level with nobody is skipped at once."""
        if policy is None:
            return ()
        for level in policy.levels:
            if people := self._people(level.targets, at):
                return people
        last = (policy.last_resort, self.catalog.settings.last_resort)
        found = (self._people((target,), at) for target in last if target)
        return next((people for people in found if people), ())

    def _people(self, targets: Iterable[Target], at: datetime) -> Names:
        found: dict[str, None] = {}
        for target in targets:
            if target.schedule:
                found.update(dict.fromkeys(self.on_call(target.schedule, at)))
            elif target.team:
                team = self.catalog.team(target.team)
                found.update(dict.fromkeys(filter(self._can, team.members if team else ())))
            elif target.user and self._can(target.user):
                found[target.user] = None
        return tuple(found)

    def _worked_out(self, name: str) -> tuple[list[datetime], list[Names]]:
        # Only who and since when: the reasons of a month of shifts are most of what they weigh.
        if name not in self._known:
            schedule = Schedule.in_catalog(self.catalog, name)
            begins: list[datetime] = []
            people: list[Names] = []
            for span in schedule.spans(*self.within, self._can) if schedule else ():
                if not people or people[-1] != span.on_call.responders:
                    begins.append(span.begins)
                    people.append(span.on_call.responders)
            self._known[name] = begins, people
        return self._known[name]


def moves(schedule: str, differing: Iterable[Difference]) -> list[Move]:
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


def shift_differences(schedule: str, before: Outlook, after: Outlook) -> Iterator[Difference]:
    """Yield when somebody else is on call for a schedule."""
    edges = {*before.edges(schedule), *after.edges(schedule)}
    answers = (lambda at: before.on_call(schedule, at)), (lambda at: after.on_call(schedule, at))
    return differences(edges, before.within, *answers)


def rerouted(service: str, before: Outlook, after: Outlook) -> list[Difference]:
    """Return when a service would page somebody else first."""
    policies = before.policy(service), after.policy(service)
    named = {name for policy in policies if policy for name in _schedules_of(policy)}
    for one in (before, after):
        last = one.catalog.settings.last_resort
        named |= {last.schedule} if last and last.schedule else set()
    edges = {at for one in (before, after) for name in named for at in one.edges(name)}
    answers = (
        lambda at: before.first_paged(policies[0], at),
        lambda at: after.first_paged(policies[1], at),
    )
    return list(differences(edges, before.within, *answers))


def differences(
    edges: Iterable[datetime], within: Span, before: Answer, after: Answer
) -> Iterator[Difference]:
    """Yield the spans in which two answers differ; neither changes but at an edge."""
    current: Difference | None = None
    instants = sorted({*within, *(edge for edge in edges if within[0] < edge < within[1])})
    for begins, until in pairwise(instants):
        old, new = before(begins), after(begins)
        if current and (current.before, current.after) == (old, new):
            current = replace(current, until=until)
            continue
        if current:
            yield current
        current = Difference(begins, until, old, new) if set(old) != set(new) else None
    if current:
        yield current


def _append(moved: list[Move], move: Move) -> None:
    last = moved[-1] if moved else None
    if last and last.until == move.begins:
        more = tuple(name for name in move.others if name not in last.others)
        moved[-1] = replace(last, until=move.until, others=(*last.others, *more))
    else:
        moved.append(move)


def _schedules_of(policy: Policy) -> set[str]:
    return {target.schedule for target in targets_of(policy) if target.schedule}
