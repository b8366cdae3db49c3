"""An incident: the thing people work on.

    triggered ⇄ acknowledged → resolved        triggered → resolved

An acknowledgement ends at its timeout, a snooze at its time, both when it is given to others. Each
change is a fact that carries the version it made; versions count from 1 without a gap.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from incident_intake.domain.alert import Alert
from incident_intake.domain.asked import NOBODY, UNANSWERED, Asked
from incident_intake.domain.counts import NO_ALERTS, AlertCounts
from incident_intake.domain.severity import rank
from tocsin.errors import Refused
from tocsin.events import (
    Actor,
    AlertAdded,
    AlertResolved,
    IncidentAcknowledged,
    IncidentEvent,
    IncidentResolved,
    IncidentSnoozed,
    IncidentTriggered,
    IncidentUnacknowledged,
    NoteAdded,
    Severity,
    SeverityChanged,
    Urgency,
)

Status = Literal["triggered", "acknowledged", "resolved"]
STATUSES: tuple[Status, ...] = ("triggered", "acknowledged", "resolved")
TOCSIN = Actor(kind="tocsin", name="tocsin")
# What an incident takes over from the fact that opens it.
OPENED = (
    *("incident_id", "number", "title", "service", "severity", "urgency", "source", "group_key"),
    *("version", "description", "rule", "catalog_version"),
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a transition decided: the new value, and the facts to tell."""

    incident: "Incident"
    facts: tuple[IncidentEvent, ...] = ()

    def then(self, later: "Decision") -> "Decision":
        """Return this decision followed by one that was taken on its result."""
        return Decision(later.incident, self.facts + later.facts)


@dataclass(frozen=True, slots=True)
class Incident:
    """`acknowledged_until` and `snoozed_until` are when it is triggered again by itself."""

    incident_id: str
    number: int
    title: str
    service: str
    status: Status
    severity: Severity
    urgency: Urgency
    source: str
    group_key: str
    triggered_at: datetime
    version: int = 1
    description: str = ""
    rule: str = ""
    alerts: AlertCounts = NO_ALERTS
    acknowledged_by: Actor | None = None
    acknowledged_also_by: tuple[Actor, ...] = ()
    acknowledged_at: datetime | None = None
    acknowledged_until: datetime | None = None
    snoozed_until: datetime | None = None
    resolved_by: Actor | None = None
    resolved_at: datetime | None = None
    catalog_version: int = 0
    asked: Asked = NOBODY

    @classmethod
    def triggered(cls, fact: IncidentTriggered, now: datetime) -> Decision:
        """Return a new incident as `fact` describes it, with its first alert if it has one."""
        counts = NO_ALERTS.fires(fact.alert.severity) if fact.alert else NO_ALERTS
        incident = cls(
            **{name: getattr(fact, name) for name in OPENED},
            status="triggered",
            triggered_at=now,
            alerts=counts,
        )
        return Decision(incident, (fact,))

    @property
    def is_open(self) -> bool:
        """Whether people still have to do with it."""
        return self.status != "resolved"

    @property
    def wakes_at(self) -> datetime | None:
        """When it is triggered again by itself, if it is."""
        return self.snoozed_until or self.acknowledged_until

    @property
    def _next(self) -> dict[str, Any]:
        return {"incident_id": self.incident_id, "version": self.version + 1}

    def add(self, alert: Alert, rule: str) -> Decision:
        """An alert joins."""
        fact = AlertAdded(**self._next, alert=alert.summary(), rule=rule)
        return self._decide(fact, alerts=self.alerts.fires(alert.severity))

    def readd(self, alert: Alert, *, expired: bool) -> Decision:
        """One of its alerts that had ended, or expired, fires again."""
        counts = self.alerts.returns(expired=expired).fires(alert.severity)
        fact = AlertAdded(**self._next, alert=alert.summary(), reopened=True, rule="it fires again")
        return self._decide(fact, alerts=counts)

    def end(self, alert: Alert) -> Decision:
        """One of its alerts ended."""
        expired = alert.status == "expired"
        fact = AlertResolved(
            **self._next,
            alert_id=alert.alert_id,
            dedup_key=alert.dedup_key,
            title=alert.title,
            reason="expired" if expired else "resolved",
            times_received=alert.times_received,
            last_received_at=alert.received_at,
            ended_at=alert.ended_at,
        )
        return self._decide(fact, alerts=self.alerts.ends(alert.severity, expired=expired))

    def recount(self, before: Severity, after: Severity) -> "Incident":
        """Return the incident after one of its firing alerts changed its severity."""
        return replace(self, alerts=self.alerts.fires(before, -1).fires(after))

    def rate(self, severity: Severity, urgency: Urgency, reason: str = "") -> Decision:
        """It became worse or better; or, for a reason, more urgent."""
        if severity == self.severity and (not reason or urgency == self.urgency):
            return Decision(self)
        if self.urgency == "high" and rank(severity) < rank(self.severity):
            urgency = "high"  # Whatever the hour: what gets worse does not become quieter.
        rated: dict[str, Any] = {"severity": severity, "urgency": urgency}
        fact = SeverityChanged(**self._next, **rated, previous=self.severity, reason=reason)
        return self._decide(fact, **rated)

    def acknowledge(self, by: Actor, now: datetime, until: datetime | None, via: str) -> Decision:
        """Somebody has it. The first keeps it; a second person is noted.

        Another person's acknowledgement ends a snooze, and makes it theirs.
        """
        self._refuse_when_resolved()
        is_theirs = by == self.acknowledged_by
        if is_theirs or (self.status == "acknowledged" and self.snoozed_until is None):
            return self._acknowledge_as_well(by, via)
        taken = IncidentAcknowledged(**self._next, by=by, via=via, until=until)
        return self._decide(
            taken,
            status="acknowledged",
            acknowledged_by=by,
            acknowledged_also_by=(),
            acknowledged_at=now,
            acknowledged_until=until,
            snoozed_until=None,
            asked=NOBODY,
        )

    def _acknowledge_as_well(self, by: Actor, via: str) -> Decision:
        others, text = self.acknowledged_also_by, "has acknowledged it as well"
        is_known = by == self.acknowledged_by or by in others
        if is_known and not self.asked.may_want(by):
            return Decision(self)
        also, asked = others if is_known else (*others, by), self.asked.answered_by(by)
        fact = NoteAdded(**self._next, by=by, text=text, via=via, acknowledged=True)
        return self._decide(fact, acknowledged_also_by=also, asked=asked)

    def snooze(self, by: Actor, now: datetime, until: datetime, via: str) -> Decision:
        """Acknowledge until then, and be triggered again."""
        self._refuse_when_resolved()
        if until <= now:
            raise Refused(f"until: {until.isoformat()} is not in the future")
        start = Decision(self)
        if self.status == "triggered":
            start = self.acknowledge(by, now, None, via)
        fact = IncidentSnoozed(**start.incident._next, by=by, until=until, via=via)  # noqa: SLF001
        return start.then(
            start.incident._decide(  # noqa: SLF001
                fact, snoozed_until=until, acknowledged_until=None, asked=NOBODY
            )
        )

    def awake(self, now: datetime) -> Decision:
        """Be triggered again if the acknowledgement or the snooze has run out by now."""
        if self.status != "acknowledged":
            return Decision(self)
        if self.snoozed_until is not None and self.snoozed_until <= now:
            return self._unacknowledge("snooze-ended")
        if self.acknowledged_until is not None and self.acknowledged_until <= now:
            return self._unacknowledge("acknowledgement-timeout")
        return Decision(self)

    def resolve(self, by: Actor, now: datetime, via: str) -> Decision:
        """A person says that it is over, alerts and all."""
        self._refuse_when_resolved()
        fact = IncidentResolved(**self._next, by=by, reason="command", via=via)
        return self._over(fact, by, now, self.alerts.dismissed())

    def settle(self, by: Actor, now: datetime, *, auto_resolve: bool) -> Decision:
        """It is over when the last of its alerts has ended, unless its service wants a person."""
        if not (self.is_open and auto_resolve) or any(self.alerts.firing):
            return Decision(self)
        fact = IncidentResolved(**self._next, by=by, reason="alerts-resolved")
        return self._over(fact, by, now, self.alerts)

    def note(self, by: Actor, text: str, via: str) -> Decision:
        """Somebody wrote something down."""
        return self._decide(NoteAdded(**self._next, by=by, text=text, via=via))

    def _over(self, fact: IncidentEvent, by: Actor, now: datetime, left: AlertCounts) -> Decision:
        return self._decide(
            fact,
            status="resolved",
            resolved_by=by,
            resolved_at=now,
            alerts=left,
            acknowledged_until=None,
            snoozed_until=None,
            asked=NOBODY,
        )

    def _unacknowledge(
        self, reason: Literal["snooze-ended", "acknowledgement-timeout"]
    ) -> Decision:
        fact = IncidentUnacknowledged(**self._next, reason=reason, by=TOCSIN)
        return self._decide(fact, **UNANSWERED)

    def _refuse_when_resolved(self) -> None:
        if self.status == "resolved":
            at = f" at {self.resolved_at:%Y-%m-%dT%H:%M:%SZ}" if self.resolved_at else ""
            raise Refused(f"The incident is already resolved by {self.resolved_by}{at}.")

    def _decide(self, fact: IncidentEvent, **changes: object) -> Decision:
        changed = replace(self, version=fact.version, **changes)  # type: ignore[arg-type]
        return Decision(changed, (fact,))
