"""Targets to people, at the moment of paging, each with the chain of reasons that led to them."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Protocol

from escalation.domain.nearest_change import nearest_change
from escalation.domain.schedule import AHEAD, IsReachable, OnCall, Schedule, Shift
from tocsin.catalog import Catalog, Target


@dataclass(frozen=True, slots=True)
class Found:
    """A person to page, and why them. A shadow is paged beside others, and answers for nothing.

    `instead` is the nearest change that would have led to somebody else, where there is one.
    """

    responder: str
    reason: tuple[str, ...]
    is_shadow: bool = False
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Missed:
    """A target, or a person of it, that cannot be paged: a sentence that says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """Whom a level pages now, each person once, and what it cannot."""

    found: tuple[Found, ...]
    missed: tuple[str, ...]


class Answering(Protocol):
    """What is asked of a schedule: worked out at each question, or once for many."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    def on_call(self, at: datetime, is_reachable: IsReachable) -> OnCall:
        """Return who answers at this instant."""
        ...

    def spans(self, since: datetime, until: datetime, is_reachable: IsReachable) -> Iterable[Shift]:
        """Return every span from `since` to `until`, gaps included."""
        ...


Schedules = Callable[[str], Answering | None]


def resolve(
    targets: Iterable[Target], catalog: Catalog, at: datetime, schedules: Schedules | None = None
) -> Resolution:
    """Return whom these targets mean at this instant.

    `schedules` are those of the catalog, where somebody has worked them out already.
    """
    find = schedules or partial(Schedule.in_catalog, catalog)
    found: dict[str, Found] = {}
    missed: dict[str, None] = {}
    for target in targets:
        for one in _resolve_one(target, catalog, at, find):
            match one:
                case Found(responder=responder):
                    known = found.get(responder)
                    if known is None or (known.is_shadow and not one.is_shadow):
                        found[responder] = one
                case Missed(reason=reason):
                    missed.setdefault(reason)
    return Resolution(tuple(found.values()), tuple(missed))


def unreachable_because(name: str, catalog: Catalog) -> str | None:
    """Return why this person cannot be paged at all, or None when they can."""
    user = catalog.user(name)
    if user is None:
        return f"user {name} is not in the catalog"
    if not user.contact_methods:
        return f"user {name} has no contact method"
    return None


def reachable(catalog: Catalog) -> IsReachable:
    """Return the question whether somebody can be paged, by this catalog."""
    return lambda name: unreachable_because(name, catalog) is None


def _resolve_one(
    target: Target, catalog: Catalog, at: datetime, find: Schedules
) -> Iterator[Found | Missed]:
    if target.user:
        yield _person(target.user, (str(target),), catalog)
    elif target.team:
        yield from _team(target.team, catalog)
    elif target.schedule:
        schedule = find(target.schedule)
        if schedule is None:
            yield Missed(f"schedule {target.schedule} is not in the catalog")
        else:
            yield from _schedule(schedule, catalog, at, with_next=target.with_next)


def _person(name: str, reason: tuple[str, ...], catalog: Catalog) -> Found | Missed:
    because = unreachable_because(name, catalog)
    return Missed(because) if because else Found(name, reason)


def _team(name: str, catalog: Catalog) -> Iterator[Found | Missed]:
    team = catalog.team(name)
    if team is None:
        yield Missed(f"team {name} is not in the catalog")
    elif not team.members:
        yield Missed(f"team {name} has no members")
    else:
        for member in team.members:
            yield _person(member, (f"team {name}", f"user {member}"), catalog)


def _schedule(
    schedule: Answering, catalog: Catalog, at: datetime, *, with_next: bool
) -> Iterator[Found | Missed]:
    can = reachable(catalog)
    answer = schedule.on_call(at, can)
    if not answer.responders:
        yield Missed("; ".join(answer.reason))
    for responder in answer.responders:
        instead = ""
        if isinstance(schedule, Schedule):  # What is worked out for many answers tells no reasons.
            instead = nearest_change(schedule, at, can, responder)
        yield Found(responder, (*answer.reason, f"user {responder}"), instead=instead)
    for shadow in filter(can, answer.shadows if answer.responders else ()):
        yield Found(shadow, (*answer.reason, f"user {shadow} as a shadow"), is_shadow=True)
    if with_next:
        yield from _next(schedule, at, catalog, answer.responders)


def _next(
    schedule: Answering, at: datetime, catalog: Catalog, present: Collection[str]
) -> Iterator[Found | Missed]:
    """Yield who is on call after those present."""
    shift = _next_shift(schedule, at, catalog, present)
    if shift is None:
        yield Missed(f"schedule {schedule.name}: nobody else is on call in the next month")
        return
    since = f"next on call, from {shift.begins.astimezone(UTC):%a %Y-%m-%d %H:%M} UTC"
    for responder in shift.on_call.responders:
        if responder not in present:
            reason = (*shift.on_call.reason, since, f"user {responder}")
            yield Found(responder, reason)


def _next_shift(
    schedule: Answering, at: datetime, catalog: Catalog, present: Collection[str]
) -> Shift | None:
    for since, until in pairwise((timedelta(0), *AHEAD)):
        for shift in schedule.spans(at + since, at + until, reachable(catalog)):
            if not set(shift.on_call.responders) <= set(present):
                return shift
    return None
