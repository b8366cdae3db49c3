"""The policy of one climb, frozen at its start: editing the catalog never disturbs a climb."""

from dataclasses import dataclass

from tocsin.catalog import Catalog, Level, Target

NO_POLICY = "none"


@dataclass(frozen=True, slots=True)
class Policy:
    """Ordered levels, how often to repeat them, and the last resort; as of `catalog_version`.

    `missing` says why there is no policy to climb, when there is none.
    """

    name: str
    catalog_version: int
    levels: tuple[Level, ...] = ()
    repeat: int = 0
    last_resort: Target | None = None
    missing: str = ""

    @property
    def loops(self) -> int:
        """How often all levels are gone through."""
        return 1 + self.repeat


def frozen(catalog: Catalog, service: str, wanted: str | None = None) -> Policy:
    """Return the policy in force: `wanted` by name, else the one that the service names."""
    known = catalog.service(service)
    named = known.escalation_policy if known else None
    for name in (wanted, named):
        spec = catalog.policy(name) if name else None
        if name and spec:
            return Policy(name, catalog.version, spec.levels, spec.repeat, spec.last_resort)
    return Policy(NO_POLICY, catalog.version, missing=_why_missing(service, wanted or named, known))


def _why_missing(service: str, name: str | None, known: object) -> str:
    if name:
        return f"escalation policy {name} is not in the catalog"
    if known is None:
        return f"service {service or 'unknown'} is not in the catalog"
    return f"service {service} has no escalation policy"
