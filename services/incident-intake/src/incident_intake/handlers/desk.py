"""What one transaction works on: loaded once, changed in memory in order, written once."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from incident_intake.domain import grouping, owing
from incident_intake.domain import severity as severities
from incident_intake.domain.alert import Alert
from incident_intake.domain.incident import Decision, Incident
from incident_intake.domain.judgement import Code, Judgement
from incident_intake.domain.suppression import Silence
from incident_intake.domain.urgency import rises_at, urgency
from incident_intake.ports import IntakeUnitOfWork, Membership
from tocsin import ids
from tocsin.catalog import Catalog, Service
from tocsin.events import Envelope, Event, IncidentEvent, caused_by
from tocsin.obligations import Obligation
from tocsin.unit_of_work import Timer

SOURCE = "incident-intake"
ACKNOWLEDGEMENT = "acknowledgement-end"
EXPIRY = "alert-expiry"
SUPPRESSION = "suppression-end"
SILENCE = "silence-end"
RISE = "urgency-rise"
NO_LONGER_HELD = "support hours no longer hold it back"


class Desk:
    """Everything is locked in one order - alerts, the counter, incidents - so nobody deadlocks."""

    def __init__(
        self,
        uow: IntakeUnitOfWork,
        catalog: Catalog,
        now: datetime,
        paged_within: timedelta = owing.PAGED_WITHIN,
    ) -> None:
        """Begin with nothing loaded; who triggers an incident owes a page `paged_within` this."""
        self.uow = uow
        self.catalog = catalog
        self.now = now
        self.alerts: dict[str, Alert] = {}
        self.incidents: dict[str, Incident] = {}
        self.silences: list[Silence] = []
        self.number: int | None = None
        self._groups: dict[str, set[str]] = {}
        self._loaded_number: int | None = None
        self._changed_alerts: dict[str, None] = {}
        self._changed_incidents: dict[str, None] = {}
        self._parts: dict[tuple[str, str], Membership] = {}
        self._memberships: dict[tuple[str, str], Membership] = {}
        self._timers: dict[str, Timer] = {}
        self._cancelled: set[str] = set()
        self._facts: list[Envelope[Event]] = []
        self._paged_within = paged_within
        self._owed: dict[str, Obligation] = {}
        self._discharged: dict[str, int] = {}

    async def load_alerts(self, alert_ids: Iterable[str]) -> None:
        """Load alerts, before anything else."""
        self.alerts.update(await self.uow.alerts.load(alert_ids))

    async def load_suppressed_by(self, silence_id: str) -> list[Alert]:
        """Load the alerts that a silence holds back, and return them."""
        held = await self.uow.alerts.suppressed_by(silence_id)
        self.take_alerts(held)
        return held

    def take_alerts(self, alerts: Iterable[Alert]) -> None:
        """Take in alerts that were loaded by another way than their id."""
        self.alerts.update({alert.alert_id: alert for alert in alerts})

    async def prepare_to_open(self) -> None:
        """Make ready for new incidents: their numbers, and the silences that prevent them."""
        if self.number is None:
            self.number = self._loaded_number = await self.uow.incidents.last_number()
            self.silences = await self.uow.silences.active(self.now)

    async def load_incidents(
        self, incident_ids: Iterable[str], group_keys: Iterable[str] = ()
    ) -> None:
        """Load incidents by id, and the open ones of groups."""
        found = await self.uow.incidents.load(incident_ids, group_keys)
        for identity, incident in found.items():
            self.incidents.setdefault(identity, incident)
            self._groups.setdefault(incident.group_key, set()).add(identity)
        # Only what does not fire can fire again where it was before.
        ended = [one.alert_id for one in self.alerts.values() if one.status != "firing"]
        still_open = [identity for identity, incident in found.items() if incident.is_open]
        if ended and still_open:
            parts = await self.uow.alerts.parts(ended, still_open)
            self._parts.update({(each.incident_id, each.alert_id): each for each in parts})

    def service(self, name: str) -> Service | None:
        """Return a service of the catalog in force."""
        return self.catalog.service(name)

    def incident_of(self, alert: Alert | None) -> Incident | None:
        """Return the incident that the alert is or was in last."""
        if alert is None or alert.incident_id is None:
            return None
        return self.incidents.get(alert.incident_id)

    def part_of(self, alert: Alert, incident: Incident) -> Membership | None:
        """Return the part that the alert had in an incident, if it ever was in it."""
        pair = (incident.incident_id, alert.alert_id)
        return self._memberships.get(pair) or self._parts.get(pair)

    def judgement(self, code: Code, rule: str) -> Judgement:
        """Return a decision of now, by the catalog in force."""
        return Judgement(code, self.now, rule, self.catalog.version)

    def group_of(self, alert: Alert) -> str:
        """Return the alert's group key."""
        service = self.service(alert.service)
        return grouping.group_key(alert.service, service, alert.labels, alert.dedup_key)

    def open_in_group(self, alert: Alert) -> Incident | None:
        """Return the open incident that this alert joins: the latest that its group has."""
        found = (
            self.incidents[identity] for identity in self._groups.get(self.group_of(alert), ())
        )
        accepting = (
            incident
            for incident in found
            if incident.is_open
            and grouping.accepts(
                self.service(alert.service), incident.triggered_at, alert.received_at
            )
        )
        return max(accepting, key=lambda incident: incident.number, default=None)

    def next_number(self) -> int:
        """Return the number of the next incident."""
        assert self.number is not None, "prepare_to_open comes first"
        self.number += 1
        return self.number

    def keep(self, alert: Alert) -> None:
        """Take an alert's new value over, with the timer of its expiry."""
        before = self.alerts.get(alert.alert_id)
        self.alerts[alert.alert_id] = alert
        self._changed_alerts[alert.alert_id] = None
        timer_id = f"{EXPIRY}:{alert.alert_id}"
        if alert.is_ongoing and alert.expires_at is not None:
            self.wake(timer_id, EXPIRY, alert.alert_id, alert.expires_at)
        elif before is not None and before.expires_at is not None:
            self.forget(timer_id)

    def enrol(self, alert: Alert) -> None:
        """Record the alert's part in its incident."""
        if alert.incident_id is not None:
            status = "firing" if alert.is_ongoing else alert.status
            self._memberships[alert.incident_id, alert.alert_id] = Membership(
                alert.incident_id, alert.alert_id, status, alert.started_at, alert.ended_at
            )

    def apply(self, decision: Decision, cause: Envelope[Event] | None) -> Incident:
        """Take a decision over: the incident's new value, its facts and its timers."""
        incident = decision.incident
        self._put(incident)
        for fact in decision.facts:
            self.tell(fact, cause, ids.derived(fact.incident_id, str(fact.version)))
            self._account(incident, fact)
        return incident

    def recall(self, incident: Incident, fact: IncidentEvent) -> None:
        """Take over what was told before: the incident after `fact`, which is not told again."""
        assert self.number is not None, "prepare_to_open comes first"
        self.number = max(self.number, incident.number)
        self._put(incident)
        self._account(incident, fact)

    def _put(self, incident: Incident) -> None:
        """Take an incident's new value over, with the timer that wakes it."""
        before = self.incidents.get(incident.incident_id)
        self.incidents[incident.incident_id] = incident
        self._groups.setdefault(incident.group_key, set()).add(incident.incident_id)
        self._changed_incidents[incident.incident_id] = None
        until, was_until = incident.wakes_at, before.wakes_at if before else None
        timer_id = f"{ACKNOWLEDGEMENT}:{incident.incident_id}"
        if until is not None and until != was_until:
            self.wake(timer_id, ACKNOWLEDGEMENT, incident.incident_id, until)
        elif until is None and was_until is not None:
            self.forget(timer_id)
        if before is None or before.severity != incident.severity:
            self._look_at_hours(incident)

    def _account(self, incident: Incident, fact: IncidentEvent) -> None:
        """Owe a page for what is triggered; what somebody answered needs none any more."""
        identity = owing.identity(incident.incident_id)
        if (promise := owing.owed(incident, fact, self.now, self._paged_within)) is not None:
            self._owed[identity] = promise
        elif owing.is_answered(incident, fact):
            self._owed.pop(identity, None)
            self._discharged[identity] = fact.version

    def rate(self, incident: Incident, cause: Envelope[Event] | None) -> None:
        """Let the incident be as severe as the worst of its alerts."""
        severity = severities.worst(incident.alerts.firing)
        if severity is not None and incident.is_open:
            service = self.service(incident.service)
            self.apply(incident.rate(severity, urgency(service, severity, self.now)), cause)

    def rise(self, incident: Incident) -> None:
        """Let the incident be urgent if only the hour kept it from that; else look again later."""
        service = self.service(incident.service)
        if urgency(service, incident.severity, self.now) == "low":
            self._look_at_hours(incident)
        elif incident.is_open:
            self.apply(incident.rate(incident.severity, "high", NO_LONGER_HELD), None)

    def _look_at_hours(self, incident: Incident) -> None:
        if not incident.is_open or incident.urgency == "high":
            return
        at = rises_at(self.service(incident.service), incident.severity, self.now)
        if at is not None:
            self.wake(f"{RISE}:{incident.incident_id}", RISE, incident.incident_id, at)

    def tell(self, fact: Event, cause: Envelope[Event] | None, event_id: str) -> None:
        """Publish a fact with the rest."""
        if cause is not None and "accepted_at" in type(fact).model_fields:
            fact = fact.model_copy(update={"accepted_at": cause.time})
        self._facts.append(caused_by(cause, fact, now=self.now, source=SOURCE, event_id=event_id))

    def wake(self, timer_id: str, kind: str, subject: str, due_at: datetime) -> None:
        """Set or move a timer."""
        self._timers[timer_id] = Timer(timer_id, kind, subject, due_at)
        self._cancelled.discard(timer_id)

    def forget(self, timer_id: str) -> None:
        """Cancel a timer."""
        self._timers.pop(timer_id, None)
        self._cancelled.add(timer_id)

    async def save(self) -> None:
        """Write everything that changed, a statement for each kind."""
        alerts: Sequence[Alert] = [self.alerts[identity] for identity in self._changed_alerts]
        await self.uow.alerts.save(alerts)
        await self.uow.alerts.save_memberships(list(self._memberships.values()))
        await self.uow.incidents.save([self.incidents[each] for each in self._changed_incidents])
        if self.number is not None and self.number != self._loaded_number:
            await self.uow.incidents.save_last_number(self.number)
        await self.uow.set_timers(list(self._timers.values()))
        await self.uow.cancel_timers(list(self._cancelled))
        await self.uow.ledger.discharge(self._discharged)
        await self.uow.ledger.owe(list(self._owed.values()))
        await self.uow.publish(self._facts)
