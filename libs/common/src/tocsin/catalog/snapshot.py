"""The catalog as one immutable value: everything that is in force at one version."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from tocsin import matching
from tocsin.catalog.absences import Absence, instants_of
from tocsin.catalog.documents import (
    KINDS,
    EscalationPolicy,
    Route,
    Service,
    Settings,
    Team,
    User,
    Webhook,
    settings_in_force,
)
from tocsin.catalog.integrations import Integration
from tocsin.catalog.overrides import Override
from tocsin.catalog.schedules import Schedule
from tocsin.catalog.spec import Spec
from tocsin.events.catalog import CatalogDocumentChanged
from tocsin.spans import Span, merged

UNROUTED = "unrouted"
Key = tuple[str, str]


@dataclass(frozen=True)
class Catalog:
    """Documents by (kind, name), and the version they make together. Version 0 holds nothing.

    `sets` are those that they belong to.
    """

    version: int = 0
    specs: Mapping[Key, Spec] = field(default_factory=dict)
    versions: Mapping[Key, int] = field(default_factory=dict)
    sets: Mapping[Key, str] = field(default_factory=dict)

    def with_changes(self, version: int, changes: Iterable[CatalogDocumentChanged]) -> "Catalog":
        """Return the catalog after these changes, at this version.

        A change older than what is known of its document is passed over: a relay that was stopped
        may publish it once more. One that does not fit its kind leaves the document as it was.
        """
        specs, versions, sets = dict(self.specs), dict(self.versions), dict(self.sets)
        for change in changes:
            key = (change.kind, change.name)
            if change.catalog_version < versions.get(key, 0) or change.kind not in KINDS:
                continue  # A kind of a later release is not ours to judge.
            versions[key] = change.catalog_version
            sets[key] = change.set
            if change.spec is None:
                specs.pop(key, None)
                sets.pop(key)
            elif (spec := _read(change)) is not None:
                specs[key] = spec
        return Catalog(max(version, self.version), specs, versions, sets)

    def merged(self, other: "Catalog") -> "Catalog":
        """Return the later of each document of both, at the later version."""
        specs: dict[Key, Spec] = {}
        versions: dict[Key, int] = {}
        sets: dict[Key, str] = {}
        for key in {**self.versions, **other.versions}:
            later = self if self.versions.get(key, 0) >= other.versions.get(key, 0) else other
            versions[key] = later.versions[key]
            if (spec := later.specs.get(key)) is not None:  # None: it is deleted.
                specs[key] = spec
            if key in later.sets:
                sets[key] = later.sets[key]
        return Catalog(max(self.version, other.version), specs, versions, sets)

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

    def webhook(self, name: str) -> Webhook | None:
        """Return the webhook of this name."""
        found = self.specs.get(("Webhook", name))
        return found if isinstance(found, Webhook) else None

    def overrides(self, schedule: str) -> tuple[tuple[str, Override], ...]:
        """Return a schedule's overrides with their names, what was changed last at the end."""
        return self._overrides.get(schedule, ())

    @cached_property
    def _overrides(self) -> dict[str, tuple[tuple[str, Override], ...]]:
        found: dict[str, tuple[tuple[str, Override], ...]] = {}
        kept = [
            (name, spec) for (_, name), spec in self.specs.items() if isinstance(spec, Override)
        ]
        kept.sort(key=lambda one: (self.versions.get(("Override", one[0]), 0), one[0]))
        for name, spec in kept:
            found[spec.schedule] = (*found.get(spec.schedule, ()), (name, spec))
        return found

    @cached_property
    def absences(self) -> dict[str, tuple[Span, ...]]:
        """When people are away, by name: spans that do not touch each other, in order."""
        found: dict[str, list[Span]] = {}
        for spec in self.specs.values():
            user = self.user(spec.user) if isinstance(spec, Absence) else None
            if isinstance(spec, Absence) and user is not None:
                zone = ZoneInfo(user.time_zone)
                found.setdefault(spec.user, []).extend(instants_of(spec.spans, zone))
        return {name: merged(spans) for name, spans in sorted(found.items()) if spans}

    @cached_property
    def settings(self) -> Settings:
        """The installation's settings: those in force."""
        spec = self.specs.get(("Settings", settings_in_force(self.specs)))
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


def _read(change: CatalogDocumentChanged) -> Spec | None:
    try:
        # Leniently: tomorrow's release may write fields that we do not know yet.
        return KINDS[change.kind].model_validate(change.spec, extra="ignore")
    except ValidationError:
        return None
