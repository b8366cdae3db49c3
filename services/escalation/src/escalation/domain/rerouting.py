"""When a service would page others first: as the climb of an incident that opens then would.

What nobody can know of that incident is not guessed. Where levels look at its urgency or severity,
each is asked about; where they take turns, the answer is all those whose turn it may be.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from typing import NamedTuple
from zoneinfo import ZoneInfo

from escalation.domain.affected import targets_of
from escalation.domain.incident import Incident
from escalation.domain.outlook import Difference, Names, Outlook, differences
from escalation.domain.pages import last_resort
from escalation.domain.policy import Policy, frozen
from escalation.domain.reaching import looks
from escalation.domain.resolution import Found
from escalation.domain.schedule import SIGHT, everybody
from escalation.domain.turns import NO_TURNS, whose_turn
from tocsin import hours
from tocsin.catalog import Condition, Target
from tocsin.events import Severity, Urgency

START = (1, 1)
URGENCIES: tuple[Urgency, ...] = ("high", "low")
SEVERITIES: tuple[Severity, ...] = ("critical", "error", "warning", "info")
Kind = tuple[Urgency, Severity]


class Person(NamedTuple):
    """Somebody who is paged."""

    name: str
    is_shadow: bool = False


Group = tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Paged:
    """Who is paged first: everybody of a group; of several groups, the one whose turn it is."""

    groups: tuple[Group, ...] = field(default=(), compare=False)
    _who: frozenset[frozenset[Person]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Keep whom it means in any order: to compare by."""
        object.__setattr__(self, "_who", frozenset(map(frozenset, self.groups)))

    @classmethod
    def of(cls, found: Iterable[Iterable[Found]]) -> "Paged":
        """Return who was found, each group once."""
        groups = [tuple(Person(one.responder, one.is_shadow) for one in some) for some in found]
        return cls(tuple({frozenset(group): group for group in groups if group}.values()))

    @property
    def names(self) -> Names:
        """Everybody who may be paged."""
        return tuple(dict.fromkeys(one.name for group in self.groups for one in group))


@dataclass(frozen=True, slots=True)
class Incidents:
    """Incidents of these urgencies and severities; where none are named, of any."""

    urgencies: tuple[Urgency, ...] = ()
    severities: tuple[Severity, ...] = ()


@dataclass(frozen=True, slots=True)
class Rerouted:
    """A span in which these incidents of a service page others first."""

    of: Incidents
    spans: Difference[Paged]


def policy_of(service: str, outlook: Outlook) -> Policy | None:
    """Return the policy of a service; None where the catalog has no such service."""
    known = outlook.catalog.service(service) is not None
    return frozen(outlook.catalog, service) if known else None


def first_paged(outlook: Outlook, policy: Policy | None, incident: Incident, at: datetime) -> Paged:
    """Return whom an incident pages that opens at this instant."""
    if policy is None:
        return Paged()
    house = (outlook.catalog, at, outlook.schedule)
    every = looks(policy, START, incident, NO_TURNS, *house)
    reached = next((one for one in every if one.people.found), None)
    if reached is None:
        return Paged.of([last_resort(policy, *house).found])
    if reached.spec.round_robin:
        return Paged.of(whose_turn(reached.spec, *house))
    return Paged.of([reached.people.found])


def rerouted(service: str, before: Outlook, after: Outlook) -> list[Rerouted]:
    """Return when a service would page others first, and for which incidents."""
    policies = policy_of(service, before), policy_of(service, after)
    both = list(zip((before, after), policies, strict=True))
    edges = {edge for outlook, policy in both for edge in _edges(outlook, policy)}
    kinds = _kinds([one for policy in policies for one in _conditions(policy)])
    found: dict[Difference[Paged], list[Kind]] = {}
    for urgency, severity in kinds:
        incident = Incident("", service=service, urgency=urgency, severity=severity)
        then, soon = (_answer(outlook, policy, incident) for outlook, policy in both)
        for one in differences(edges, before.within, then, soon):
            found.setdefault(one, []).append((urgency, severity))
    every = (Rerouted(of, one) for one, told in found.items() for of in _of(told, kinds))
    return sorted(every, key=lambda one: one.spans.begins)


def _kinds(conditions: Sequence[Condition]) -> list[Kind]:
    """Return the incidents that these conditions may tell apart."""
    urgencies = URGENCIES if any(one.urgency for one in conditions) else URGENCIES[:1]
    severities = SEVERITIES if any(one.severity for one in conditions) else SEVERITIES[:1]
    return list(product(urgencies, severities))


def _of(told: Sequence[Kind], kinds: Sequence[Kind]) -> Iterator[Incidents]:
    """Yield these incidents, in as few words as they can be told of all there are."""
    every = [tuple(dict.fromkeys(column)) for column in zip(*kinds, strict=True)]
    by_urgency: dict[Urgency, tuple[Severity, ...]] = {}
    for urgency, severity in told:
        by_urgency[urgency] = (*by_urgency.get(urgency, ()), severity)
    by_severities: dict[tuple[Severity, ...], tuple[Urgency, ...]] = {}
    for urgency, severities in by_urgency.items():
        by_severities[severities] = (*by_severities.get(severities, ()), urgency)
    for severities, urgencies in by_severities.items():
        yield Incidents(
            () if urgencies == every[0] else urgencies,
            () if severities == every[1] else severities,
        )


def _answer(
    outlook: Outlook, policy: Policy | None, incident: Incident
) -> Callable[[datetime], Paged]:
    """Return the question whom it pages first, answered once for each of who is on call."""
    targets = _targets(outlook, policy)
    named = [outlook.schedule(one.schedule) for one in targets if one.schedule]
    known: dict[object, Paged] = {}
    by_the_clock = any(one.with_next for one in targets) or any(
        one.hours for one in _conditions(policy)
    )

    def answer(at: datetime) -> Paged:
        on_call = tuple([one and one.on_call(at, everybody) for one in named])
        key = (on_call, at) if by_the_clock else on_call
        if key not in known:
            known[key] = first_paged(outlook, policy, incident, at)
        return known[key]

    return answer


def _edges(outlook: Outlook, policy: Policy | None) -> Iterator[datetime]:
    """Yield when the answer may become another one."""
    for target in _targets(outlook, policy):
        if target.schedule:
            yield from outlook.edges(target.schedule)
        if target.with_next and (kept := outlook.schedule(str(target.schedule))):
            # Somebody is next on call once they come into sight.
            yield from (edge - SIGHT for edge in kept.edges(outlook.within[1] + SIGHT))
    for condition in _conditions(policy):
        if at := condition.hours:
            yield from hours.edges(at.windows, ZoneInfo(at.time_zone), *outlook.within)


def _targets(outlook: Outlook, policy: Policy | None) -> list[Target]:
    own = [*targets_of(policy)] if policy else []
    last = outlook.catalog.settings.last_resort
    return [*own, last] if policy and last else own


def _conditions(policy: Policy | None) -> list[Condition]:
    return [level.when for level in policy.levels if level.when] if policy else []
