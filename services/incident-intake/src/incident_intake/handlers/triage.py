"""Triage: which incident a firing alert belongs to, and what its end means for that incident."""

from functools import lru_cache

from incident_intake.domain import grouping
from incident_intake.domain.alert import Alert
from incident_intake.domain.incident import TOCSIN, Decision, Incident
from incident_intake.domain.suppression import Silence, silence_of
from incident_intake.domain.urgency import urgency
from incident_intake.handlers.desk import SUPPRESSION, Desk
from tocsin import ids
from tocsin.events import Actor, AlertSuppressed, Envelope, Event, IncidentTriggered


@lru_cache(maxsize=8192)  # Asked several times for each message of a batch.
def incident_id(seed: str) -> str:
    """Return the id of the incident that this event opens: a replay opens the same one."""
    return ids.prefixed("inc", ids.derived("incident", seed))


def fire(desk: Desk, alert: Alert, seed: str, cause: Envelope[Event] | None) -> None:
    """Place an alert that fires: suppressed, in the open incident of its group, or in a new one."""
    if incident_id(seed) in desk.incidents:
        return  # This event opened it before: a replay.
    silence = silence_of(alert, desk.silences, desk.now)
    if silence is not None:
        suppress(desk, alert, silence, seed, cause)
    elif (incident := desk.open_in_group(alert)) is not None:
        _join(desk, alert, incident, cause)
    else:
        _open(desk, alert, seed, cause)


def fire_again(desk: Desk, alert: Alert, incident: Incident, cause: Envelope[Event]) -> None:
    """Place an alert that had ended and fires again while its incident is open."""
    silence = silence_of(alert, desk.silences, desk.now)
    if silence is not None:
        suppress(desk, alert, silence, cause.event_id, cause)
        return
    _join(desk, alert, incident, cause)


def repeat(desk: Desk, alert: Alert, before: Alert, cause: Envelope[Event]) -> None:
    """Take the latest of a firing alert over; only a change of severity is told."""
    desk.keep(alert)
    incident = desk.incident_of(alert)
    if incident is not None and alert.severity != before.severity:
        recounted = Decision(incident.recount(before.severity, alert.severity))
        desk.rate(desk.apply(recounted, cause), cause)


def suppress(
    desk: Desk, alert: Alert, silence: Silence, seed: str, cause: Envelope[Event] | None
) -> None:
    """Hold an alert back until the silence ends; tell it once per silence and episode."""
    before = desk.alerts.get(alert.alert_id)
    rule = f"silence {silence.silence_id}: {', '.join(silence.matchers)}"
    desk.keep(alert.suppressed(silence.silence_id, desk.judgement("silenced", rule)))
    timer_id = f"{SUPPRESSION}:{alert.alert_id}"
    desk.wake(timer_id, SUPPRESSION, alert.alert_id, silence.ends_at)
    if before and before.status == "suppressed" and before.silence_id == silence.silence_id:
        return
    fact = AlertSuppressed(
        alert_id=alert.alert_id,
        service=alert.service,
        dedup_key=alert.dedup_key,
        title=alert.title,
        reason="silence",
        rule=rule,
        until=silence.ends_at,
        labels=dict(alert.labels),
    )
    identity = ids.derived("alert-suppressed", alert.alert_id, silence.silence_id, seed)
    desk.tell(fact, cause, identity)


def end(desk: Desk, alert: Alert, cause: Envelope[Event] | None, by: Actor = TOCSIN) -> None:
    """Take the end of an alert over, and resolve its incident if it was the last."""
    incident = desk.incident_of(alert)
    was_suppressed = desk.alerts[alert.alert_id].status == "suppressed"
    desk.keep(alert)
    if was_suppressed or incident is None or not incident.is_open:
        return
    desk.enrol(alert)
    ended = desk.apply(incident.end(alert), cause)
    service = desk.service(ended.service)
    auto_resolve = service is None or service.auto_resolve
    settled = desk.apply(ended.settle(by, desk.now, auto_resolve=auto_resolve), cause)
    desk.rate(settled, cause)


def _join(desk: Desk, alert: Alert, incident: Incident, cause: Envelope[Event] | None) -> None:
    # Not what the alert became since: its part says how the incident counts it.
    part = desk.part_of(alert, incident)
    rule = grouping.rule(desk.service(alert.service))
    placed = desk.judgement("grouped" if part is None else "fired-again", rule)
    joined = alert.joined(incident.incident_id, placed)
    _take_in(desk, joined)
    if part is None:
        decision = incident.add(joined, rule)
    else:
        decision = incident.readd(joined, expired=part.status == "expired")
    desk.rate(desk.apply(decision, cause), cause)


def _take_in(desk: Desk, alert: Alert) -> None:
    desk.keep(alert)
    desk.enrol(alert)


def _open(desk: Desk, alert: Alert, seed: str, cause: Envelope[Event] | None) -> None:
    service = desk.service(alert.service)
    rule = grouping.rule(service)
    joined = alert.joined(incident_id(seed), desk.judgement("opened", rule))
    _take_in(desk, joined)
    fact = IncidentTriggered(
        incident_id=incident_id(seed),
        version=1,
        number=desk.next_number(),
        title=alert.title,
        service=alert.service,
        severity=alert.severity,
        urgency=urgency(service, alert.severity, desk.now),
        source=alert.source,
        alert=joined.summary(),
        description=alert.description,
        escalation_policy=service.escalation_policy if service else None,
        team=service.team if service else None,
        runbook=service.runbook if service else None,
        links=alert.links,
        group_key=desk.group_of(alert),
        by=Actor(kind="integration", name=alert.integration),
        rule=rule,
        catalog_version=desk.catalog.version,
    )
    desk.apply(Incident.triggered(fact, desk.now), cause)
