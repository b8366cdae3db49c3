"""What a change of the catalog may have another answer for: what differs, or depends on it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from escalation.domain.policy import Policy
from escalation.domain.resolution import unreachable_because
from tocsin.catalog import Catalog, EscalationPolicy, Override, Spec, Target
from tocsin.catalog.references import references

Key = tuple[str, str]
Kind = Literal["EscalationPolicy", "Service", "Schedule"]


@dataclass(frozen=True, slots=True)
class Affected:
    """What a change of the catalog may have another answer for, by name."""

    schedules: tuple[str, ...]
    policies: tuple[str, ...]
    services: tuple[str, ...]

    @property
    def all(self) -> list[tuple[Kind, str]]:
        """All of them with their kind: policies, services, then schedules."""
        found: list[tuple[Kind, str]] = [("EscalationPolicy", name) for name in self.policies]
        found += [("Service", name) for name in self.services]
        return [*found, *(("Schedule", name) for name in self.schedules)]


def affected(before: Catalog, after: Catalog) -> Affected:
    """Return what may have another answer."""
    keys = {*before.specs, *after.specs}
    differing = {key for key in keys if before.specs.get(key) != after.specs.get(key)}
    both = (before, after)
    people = {
        name
        for kind, name in differing
        if kind == "User"
        and bool(unreachable_because(name, before)) != bool(unreachable_because(name, after))
    }
    moved_away = {
        name
        for name in {*before.absences, *after.absences}
        if before.absences.get(name) != after.absences.get(name)
    }
    schedules = _schedules(both, differing, people | moved_away)
    teams = {
        name
        for kind, name in keys
        if kind == "Team"
        and ((kind, name) in differing or any(people & _members(one, name) for one in both))
    }
    moved = {("schedule", one) for one in schedules} | {("team", one) for one in teams}
    moved |= {("user", one) for one in people}
    everywhere = before.settings.last_resort != after.settings.last_resort or any(
        _names_one(one.settings.last_resort, moved) for one in both
    )
    policies = {
        name
        for kind, name in keys
        if kind == "EscalationPolicy"
        and (everywhere or (kind, name) in differing or _pages(both, name, moved))
    }
    services = {
        name
        for kind, name in keys
        if kind == "Service"
        and (everywhere or (kind, name) in differing or policies & _policies_of(both, name))
    }
    return Affected(tuple(sorted(schedules)), tuple(sorted(policies)), tuple(sorted(services)))


def _schedules(both: Sequence[Catalog], differing: set[Key], people: set[str]) -> set[str]:
    found = {name for kind, name in differing if kind == "Schedule"}
    for catalog in both:
        for kind, name in differing:
            spec = catalog.specs.get((kind, name))
            if isinstance(spec, Override):
                found.add(spec.schedule)
        if people:
            found |= {name for name in _named(catalog, "Schedule") if people & _asks(catalog, name)}
    return {name for name in found if any(one.schedule(name) for one in both)}


def _asks(catalog: Catalog, schedule: str) -> set[str]:
    """Return the people whom a schedule or one of its overrides names."""
    specs: list[tuple[str, Spec | None]] = [("Schedule", catalog.schedule(schedule))]
    specs += [("Override", spec) for _, spec in catalog.overrides(schedule)]
    return {
        reference.name
        for kind, spec in specs
        if spec
        for reference in references(kind, spec.model_dump(mode="json", by_alias=True))
        if reference.kind == "User"
    }


def _named(catalog: Catalog, wanted: str) -> Iterator[str]:
    return (name for kind, name in catalog.specs if kind == wanted)


def _members(catalog: Catalog, team: str) -> set[str]:
    found = catalog.team(team)
    return set(found.members) if found else set()


def _policies_of(both: Iterable[Catalog], service: str) -> set[str]:
    found = (catalog.service(service) for catalog in both)
    return {one.escalation_policy for one in found if one and one.escalation_policy}


def _pages(both: Iterable[Catalog], policy: str, moved: set[Key]) -> bool:
    found = (catalog.policy(policy) for catalog in both)
    return any(_names_one(target, moved) for one in found if one for target in targets_of(one))


def targets_of(policy: EscalationPolicy | Policy) -> Iterator[Target]:
    """Yield whom a policy names, the last resort included."""
    for level in policy.levels:
        yield from level.targets
    if policy.last_resort:
        yield policy.last_resort


def _names_one(target: Target | None, moved: set[Key]) -> bool:
    return target is not None and tuple(str(target).split(" ", 1)) in moved
