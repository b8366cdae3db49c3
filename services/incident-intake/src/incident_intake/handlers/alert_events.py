"""Alert events become incidents: deduplicated, suppressed, grouped, opened and ended."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from incident_intake.domain import grouping, owing, routing
from incident_intake.domain.alert import Alert, alert_id
from incident_intake.domain.deduplication import (
    Acknowledged,
    Opened,
    Reopened,
    Repeated,
    Resolved,
    Stale,
    verdict,
)
from incident_intake.domain.incident import Incident
from incident_intake.handlers import triage
from incident_intake.handlers.desk import Desk
from incident_intake.handlers.own_alerts import (
    UNREADABLE,
    about_dead_letter,
    about_unreadable,
    tells_something_new,
)
from incident_intake.ports import IntakeUnitOfWork
from tocsin import ids
from tocsin.catalog import Catalog
from tocsin.events import (
    Actor,
    AlertEvent,
    DeadLettered,
    Envelope,
    Event,
    UnreadableAlert,
    encode,
)
from tocsin.unit_of_work import DeadLetter


async def decide(
    uow: IntakeUnitOfWork,
    catalog: Catalog,
    envelopes: Sequence[Envelope[Event]],
    now: datetime,
    paged_within: timedelta = owing.PAGED_WITHIN,
) -> None:
    """Handle a batch of alert events, in order."""
    desk = Desk(uow, catalog, now, paged_within)
    events = list(_readable(envelopes, routing.fallback(catalog).service))
    await _load(desk, events)
    for event, cause in events:
        _decide(desk, event, cause)
    await desk.save()
    if letters := [
        _letter(each, each.data, now)
        for each in envelopes
        if isinstance(each.data, UnreadableAlert)
    ]:
        await uow.bury(letters)


def _decide(desk: Desk, event: AlertEvent, cause: Envelope[Event]) -> None:
    before = desk.alerts.get(alert_id(event.service, event.dedup_key))
    incident = desk.incident_of(before)
    match verdict(before, event, incident_is_open=_is_open(incident)):
        case Opened(alert):
            triage.fire(desk, alert, cause.event_id, cause)
        case Repeated(alert):
            assert before is not None
            triage.repeat(desk, alert, before, cause)
        case Reopened(alert):
            assert incident is not None
            triage.fire_again(desk, alert, incident, cause)
        case Acknowledged(alert):
            assert incident is not None
            by = Actor(kind="integration", name=event.integration)
            until = acknowledged_until(desk, incident.service)
            desk.apply(incident.acknowledge(by, desk.now, until, event.source), cause)
        case Resolved(alert):
            triage.end(desk, alert, cause, Actor(kind="integration", name=event.integration))
        case Stale(reason=reason, alert=remembered):
            if remembered is not None:
                desk.keep(replace(remembered, passed_over=desk.judgement("passed-over", reason)))
        case never:
            assert_never(never)


def acknowledged_until(desk: Desk, service_name: str) -> datetime | None:
    """Return when an acknowledgement of now runs out, by the service's timeout."""
    service = desk.service(service_name)
    if service is None or service.acknowledgement_timeout is None:
        return None
    return desk.now + service.acknowledgement_timeout


async def _load(desk: Desk, events: Sequence[tuple[AlertEvent, Envelope[Event]]]) -> None:
    identities = [alert_id(event.service, event.dedup_key) for event, _ in events]
    await desk.load_alerts(dict.fromkeys(identities))
    ended_here = {
        identity
        for identity, (event, _) in zip(identities, events, strict=True)
        if event.action == "resolve"
    }
    openers = [
        (event, cause)
        for identity, (event, cause) in zip(identities, events, strict=True)
        if event.action == "trigger"
        and (identity in ended_here or not _fires(desk.alerts.get(identity)))
    ]
    if openers:
        await desk.prepare_to_open()
    known = [alert.incident_id for alert in desk.alerts.values() if alert.incident_id]
    await _load_incidents(desk, known, openers)
    # An incident can be resolved between two repeats of its alert: then the repeat opens anew.
    opening = {id(event) for event, _ in openers}
    orphaned = [
        (event, cause)
        for identity, (event, cause) in zip(identities, events, strict=True)
        if event.action == "trigger"
        and id(event) not in opening
        and not _is_open(desk.incident_of(desk.alerts.get(identity)))
    ]
    if orphaned:
        await desk.prepare_to_open()
        await _load_incidents(desk, [], orphaned)


async def _load_incidents(
    desk: Desk, known: Sequence[str], openers: Sequence[tuple[AlertEvent, Envelope[Event]]]
) -> None:
    wanted = [*known, *(triage.incident_id(cause.event_id) for _, cause in openers)]
    groups = {
        grouping.group_key(
            event.service, desk.service(event.service), event.labels, event.dedup_key
        )
        for event, _ in openers
    }
    if wanted:
        await desk.load_incidents(dict.fromkeys(wanted), sorted(groups))


def _is_open(incident: Incident | None) -> bool:
    return incident is not None and incident.is_open


def _fires(alert: Alert | None) -> bool:
    return alert is not None and alert.status == "firing"


def _readable(
    envelopes: Sequence[Envelope[Event]], service: str
) -> Iterator[tuple[AlertEvent, Envelope[Event]]]:
    for envelope in envelopes:
        if isinstance(envelope.data, AlertEvent):
            yield envelope.data, envelope
        elif isinstance(envelope.data, UnreadableAlert):
            yield about_unreadable(envelope.data), envelope
        elif isinstance(envelope.data, DeadLettered) and tells_something_new(envelope.data):
            yield about_dead_letter(envelope.data, service), envelope


def _letter(envelope: Envelope[Event], data: UnreadableAlert, now: datetime) -> DeadLetter:
    return DeadLetter(
        dead_letter_id=ids.derived("unreadable", envelope.event_id),
        consumer="incident-intake.alert-events",
        topic=data.TOPIC,
        partition=-1,  # The envelope does not say; its id finds it in the log.
        offset=-1,
        key=data.key.encode(),
        payload=encode(envelope),
        reason=data.reason,
        error=UNREADABLE,
        first_seen_at=now,
    )
