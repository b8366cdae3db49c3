"""The catalog as one immutable value: everything that is in force at one version."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from tocsin import matching
from tocsin.catalog.documents import (
    KINDS,
    EscalationPolicy,
    Integration,
    Route,
    Schedule,
    Service,
    Settings,
    Spec,
    Team,
    User,
)
from tocsin.events.catalog import CatalogDocumentChanged

UNROUTED = "unrouted"
Key = tuple[str, str]


@dataclass(frozen=True)
class Catalog:
    """Documents by (kind, name), and the version they make together. Version 0 holds nothing."""

    version: int = 0
    specs: Mapping[Key, Spec] = field(default_factory=dict)

    def with_changes(self, version: int, changes: Iterable[CatalogDocumentChanged]) -> "Catalog":
        """Return the catalog after these changes, at this version."""
        specs = dict(self.specs)
        for change in changes:
            key = (change.kind, change.name)
            if change.spec is None:
                specs.pop(key, None)
            elif change.kind in KINDS:  # A kind of a later release is not ours to judge.
                # Read leniently: tomorrow's release may write fields that we do not know yet.
                specs[key] = KINDS[change.kind].model_validate(change.spec, extra="ignore")
        return Catalog(version, specs)

    def team(self, name: str) -> Team | None:
        """Return the team of this name."""
        found = self.specs.get(("Team", name))
        return found if isinstance(found, Team) else None

    def user(self, name: str) -> User | None:
        """Return the person of this name."""
        found = self.specs.get(("User", name))
        return found if isinstance(found, User) else None

    def service(self, name: str) -> Service | None:
        """Return the service of this name."""
        found = self.specs.get(("Service", name))
        return found if isinstance(found, Service) else None

    def schedule(self, name: str) -> Schedule | None:
        """Return the schedule of this name."""
        found = self.specs.get(("Schedule", name))
        return found if isinstance(found, Schedule) else None

    def policy(self, name: str) -> EscalationPolicy | None:
        """Return the escalation policy of this name."""
        found = self.specs.get(("EscalationPolicy", name))
        return found if isinstance(found, EscalationPolicy) else None

    @cached_property
    def settings(self) -> Settings:
        """The installation's settings; several documents of the kind: the first by name."""
        found = sorted(name for kind, name in self.specs if kind == "Settings")
        spec = self.specs[("Settings", found[0])] if found else Settings()
        return spec if isinstance(spec, Settings) else Settings()

    @cached_property
    def integrations_by_key(self) -> dict[str, tuple[str, Integration]]:
        """Integrations by the SHA-256 of their key, in hex."""
        return {
            spec.key_sha256: (name, spec)
            for (_, name), spec in self.specs.items()
            if isinstance(spec, Integration)
        }

    @cached_property
    def routes(self) -> tuple[tuple[str, Route, tuple[matching.Matcher, ...]], ...]:
        """Routes in the order they are tried, with their matchers parsed."""
        routes = [(name, spec) for (_, name), spec in self.specs.items() if isinstance(spec, Route)]
        return tuple(
            (name, spec, tuple(matching.parse(text) for text in spec.matchers))
            for name, spec in sorted(routes, key=lambda route: (route[1].order, route[0]))
        )
