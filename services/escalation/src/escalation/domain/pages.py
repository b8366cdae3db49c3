"""Pages: what is asked of notifier."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from escalation.domain.conditions import needed
from escalation.domain.incident import Incident
from escalation.domain.policy import Policy
from escalation.domain.resolution import Found, Resolution, Schedules, resolve
from tocsin import ids
from tocsin.catalog import Catalog, Condition
from tocsin.events import (
    AnnouncementRequested,
    EscalationExhausted,
    EscalationStarted,
    LevelSkipped,
    PageEvent,
    PageRequested,
)

PROMISE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Request:
    """What the pages of one level have in common; `catalog_version` is where people are found."""

    incident: Incident
    policy: Policy
    version: int
    cycle: int
    level: int
    loop: int
    catalog_version: int
    asked: int = 0

    @property
    def is_by_name(self) -> bool:
        """Whether somebody named the people: for this page, or instead of the levels."""
        return bool(self.asked or (self.level and self.policy.given))

    def page(
        self, found: Found, now: datetime, because: str, missed: Sequence[str]
    ) -> PageRequested:
        """Return the page for one person. The same place of the climb always gives the same id."""
        incident = self.incident
        asked = ("asked", str(self.asked))
        place = asked if self.asked else (str(self.cycle), str(self.loop), str(self.level))
        return PageRequested(
            incident_id=incident.incident_id,
            page_id=ids.derived("page", incident.incident_id, *place, found.responder),
            incident_version=self.version,
            number=incident.number,
            title=incident.title,
            service=incident.service or "unknown",
            severity=incident.severity,
            urgency=incident.urgency,
            responder=found.responder,
            level=self.level,
            loop=self.loop,
            policy=self.policy.name,
            catalog_version=self.catalog_version,
            reason=(because, *found.reason, *(f"not paged: {one}" for one in missed)),
            alerts=incident.alerts,
            more=incident.more,
            runbook=incident.runbook,
            must_page_by=now + PROMISE,
            named=self.is_by_name,
            instead=found.instead,
        )

    def announcements(self) -> Iterator[AnnouncementRequested]:
        """Yield what its channels and webhooks are told: once at each place, as a person is."""
        incident = self.incident
        place = (str(self.cycle), str(self.loop), str(self.level))
        for target in map(str, self.policy.told_at(self.level)):
            yield AnnouncementRequested(
                incident_id=incident.incident_id,
                announcement_id=ids.derived("announcement", incident.incident_id, *place, target),
                incident_version=self.version,
                number=incident.number,
                title=incident.title,
                service=incident.service or "unknown",
                severity=incident.severity,
                urgency=incident.urgency,
                target=target,
                level=self.level,
                loop=self.loop,
                policy=self.policy.name,
                catalog_version=self.catalog_version,
                alerts=incident.alerts,
                more=incident.more,
                runbook=incident.runbook,
            )

    def skipped(self, missed: Sequence[str]) -> LevelSkipped:
        """Return that this level had nobody to page."""
        return LevelSkipped(
            incident_id=self.incident.incident_id,
            policy=self.policy.name,
            level=self.level,
            loop=self.loop,
            reason="; ".join(missed) or self._empty,
        )

    @property
    def _empty(self) -> str:
        told = ", ".join(map(str, self.policy.told_at(self.level)))
        return f"it names nobody, and only tells {told}" if told else "the level has no targets"

    def passed_over(
        self, reasons: Sequence[str], condition: Condition | None, now: datetime
    ) -> LevelSkipped:
        """Return that this level takes no part now, because its condition does not hold."""
        wanted = " and ".join(needed(condition, self.incident, self.policy.labels, now))
        instead = f"With {wanted}, level {self.level} would have taken part."
        return self.skipped(reasons).model_copy(update={"passed_over": True, "instead": instead})

    def exhausted(self, people: Resolution, loops: int, reason: str) -> EscalationExhausted:
        """Return that all levels are through, and who is paged instead, or why nobody is."""
        because = (self.policy.missing or reason, *(() if people.found else people.missed))
        return EscalationExhausted(
            incident_id=self.incident.incident_id,
            policy=self.policy.name,
            loops=loops,
            last_resort=tuple(one.responder for one in people.found),
            reason="; ".join(because),
            incident_version=self.version,
        )


def why_exhausted(told: Sequence[PageEvent], levels: int) -> str:
    """Return why it came to the last resort, of what was told of the levels just now."""
    skipped = [one for one in told if isinstance(one, LevelSkipped)]
    if not skipped or len(skipped) < levels:
        return "nobody answered"
    if any(one.passed_over for one in skipped):
        return "no level that takes part now has anybody to page"
    return "no level has anybody to page"


def unanswered(told: Sequence[PageEvent], now: datetime) -> tuple[PageEvent, ...]:
    """Return what a step told that nobody's answer led to: an answer would have prevented it."""
    at = f"{now.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    answer = f"Acknowledged before {at}, it would have gone no further."
    return tuple(
        one.model_copy(update={"instead": f"{answer} {one.instead}".rstrip()})
        if isinstance(one, PageRequested | EscalationExhausted)
        else one
        for one in told
    )


def started(incident: Incident, policy: Policy) -> EscalationStarted:
    """Return that this policy was frozen into the incident's climb."""
    return EscalationStarted(
        incident_id=incident.incident_id,
        policy=policy.name,
        catalog_version=policy.catalog_version,
        levels=len(policy.levels),
        repeat=policy.repeat,
    )


def last_resort(
    policy: Policy,
    catalog: Catalog,
    now: datetime,
    schedules: Schedules | None = None,
    lost: Collection[str] = (),
) -> Resolution:
    """Return who is paged when a policy is exhausted: the policy's, else the installation's.

    Those `lost` were paged as such just now, and could not be reached.
    """
    missed: list[str] = []
    for target in (policy.last_resort, catalog.settings.last_resort):
        if target is None:
            continue
        resolution = resolve((target,), catalog, now, schedules)
        missed.extend(f"last resort: {reason}" for reason in resolution.missed)
        gone = [one.responder for one in resolution.found if one.responder in lost]
        missed.extend(f"last resort: {name} could not be reached" for name in gone)
        found = tuple(one for one in resolution.found if one.responder not in gone)
        if not all(one.is_shadow for one in found):
            return Resolution(found, tuple(missed))
    return Resolution((), tuple(missed) or ("no last resort is configured",))
