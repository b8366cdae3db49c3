"""The policy of one climb, frozen at its start: editing the catalog never disturbs a climb."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tocsin.catalog import Catalog, EscalationPolicy, Level, Target

NO_POLICY = "none"


@dataclass(frozen=True, slots=True)
class Policy:
    """Ordered levels, how often to repeat them, and the last resort; as of `catalog_version`.

    `missing` says why there is no policy to climb, when there is none. `labels` are those of the
    service, which conditions of levels look at. `levels` name people alone: the channels and
    webhooks that each tells are in `told`, by level, where there are any at all.
    `given` says who named people instead of levels.
    """

    name: str
    catalog_version: int
    levels: tuple[Level, ...] = ()
    repeat: int = 0
    last_resort: Target | None = None
    missing: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    # Beside the levels: the previous release reads a climb without them, and pages the same people.
    told: tuple[tuple[Target, ...], ...] = ()
    given: str = ""

    @property
    def loops(self) -> int:
        """How often all levels are gone through."""
        return 1 + self.repeat

    def places(self, loop: int, level: int) -> Iterator[tuple[int, int]]:
        """Yield each loop and level from this one on, in the order of the climb."""
        for at_loop in range(max(loop, 1), self.loops + 1):
            for at_level in range(max(level, 1) if at_loop == loop else 1, len(self.levels) + 1):
                yield at_loop, at_level

    def told_at(self, level: int) -> tuple[Target, ...]:
        """Return the channels and webhooks that a level tells; the last resort, 0, tells none."""
        return self.told[level - 1] if 0 < level <= len(self.told) else ()

    def because(self, level: int, loop: int) -> str:
        """Return why a level is paged: the beginning of the reasons of its pages."""
        if self.given:
            return self.given if loop == 1 else f"{self.given}, loop {loop}"
        return f"level {level} of policy {self.name}, loop {loop}"

    def for_targets(self, targets: Sequence[Target], given: str) -> "Policy":
        """Return the policy with these people and teams instead of its levels."""
        return replace(
            self, levels=(Level(targets=tuple(targets)),), told=(), missing="", given=given
        )


def frozen(catalog: Catalog, service: str, wanted: str | None = None) -> Policy:
    """Return the policy in force: `wanted` by name, else the one that the service names."""
    known = catalog.service(service)
    named = known.escalation_policy if known else None
    for name in (wanted, named):
        spec = catalog.policy(name) if name else None
        if name and spec:
            policy = of_catalog(name, spec, catalog)
            return replace(policy, labels=known.labels) if known else policy
    return Policy(NO_POLICY, catalog.version, missing=_why_missing(service, wanted or named, known))


def of_catalog(name: str, spec: EscalationPolicy, catalog: Catalog) -> Policy:
    """Return a policy as it stands in the catalog, for no service in particular."""
    policy = Policy(name, catalog.version, spec.levels, spec.repeat, spec.last_resort)
    told = tuple(_told(level) for level in spec.levels)
    if not any(told):
        return policy
    return replace(policy, levels=tuple(map(_of_people, spec.levels)), told=told)


def _of_people(level: Level) -> Level:
    people = tuple(target for target in level.targets if target.is_somebody)
    return level.model_copy(update={"targets": people})


def _told(level: Level) -> tuple[Target, ...]:
    return tuple(dict.fromkeys(target for target in level.targets if not target.is_somebody))


def _why_missing(service: str, name: str | None, known: object) -> str:
    if name:
        return f"escalation policy {name} is not in the catalog"
    if known is None:
        return f"service {service or 'unknown'} is not in the catalog"
    return f"service {service} has no escalation policy"
