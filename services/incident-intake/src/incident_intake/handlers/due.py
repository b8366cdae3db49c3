"""What is due: acknowledgements, snoozes and silences that end, alerts that expire, hours."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from incident_intake.domain import owing
from incident_intake.domain.alert import Alert
from incident_intake.handlers import silences, triage
from incident_intake.handlers.desk import ACKNOWLEDGEMENT, EXPIRY, RISE, SILENCE, SUPPRESSION, Desk
from incident_intake.ports import IntakeUnitOfWork
from tocsin.catalog import Catalog
from tocsin.topics import ALERT_EVENTS
from tocsin.unit_of_work import Timer

KINDS = (ACKNOWLEDGEMENT, RISE, EXPIRY, SUPPRESSION, SILENCE)
# Nothing could be sent again while we were away: senders get this long before silence means an end.
RETURN_GRACE = timedelta(minutes=5)


async def decide(
    uow: IntakeUnitOfWork,
    catalog: Catalog,
    timers: Sequence[Timer],
    now: datetime,
    listening_since: datetime,
    paged_within: timedelta = owing.PAGED_WITHIN,
) -> None:
    """Handle the timers that are due, in order of their kinds."""
    desk = Desk(uow, catalog, now, paged_within)
    due: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for timer in timers:
        if timer.data != silences.END:
            due[timer.kind].append(timer.subject)
    if ended := [timer.subject for timer in timers if timer.kind == SILENCE]:
        await silences.tell_ends(uow, ended, now)
    released = await _load(desk, due)
    _wake(desk, due)
    await _expire(desk, due[EXPIRY], listening_since)
    for alert in released:
        _release(desk, alert)
    await desk.save()


def _wake(desk: Desk, due: Mapping[str, Sequence[str]]) -> None:
    for identity in due[ACKNOWLEDGEMENT]:
        if (incident := desk.incidents.get(identity)) is not None:
            desk.apply(incident.awake(desk.now), None)
    for identity in due[RISE]:
        if (incident := desk.incidents.get(identity)) is not None:
            desk.rise(incident)


async def _load(desk: Desk, due: Mapping[str, Sequence[str]]) -> list[Alert]:
    """Load what the timers are about; return the alerts that a silence may hold no longer."""
    await desk.load_alerts(dict.fromkeys([*due[EXPIRY], *due[SUPPRESSION]]))
    behind = [alert for each in due[SILENCE] for alert in await desk.load_suppressed_by(each)]
    named = [desk.alerts[each] for each in due[SUPPRESSION] if each in desk.alerts]
    released = {alert.alert_id: alert for alert in (*named, *behind)}
    if released:
        await desk.prepare_to_open()
    known = [alert.incident_id for alert in desk.alerts.values() if alert.incident_id]
    groups = {desk.group_of(alert) for alert in released.values()}
    woken = [*due[ACKNOWLEDGEMENT], *due[RISE]]
    await desk.load_incidents(dict.fromkeys([*woken, *known]), sorted(groups))
    return list(released.values())


def _release(desk: Desk, alert: Alert) -> None:
    current = desk.alerts[alert.alert_id]
    if current.status == "suppressed":
        seed = f"{alert.alert_id} {alert.silence_id} {desk.now.isoformat()}"
        triage.fire(desk, current, seed, None)


async def _expire(desk: Desk, identities: Sequence[str], listening_since: datetime) -> None:
    """End the alerts that were not sent again in time."""
    over: list[Alert] = []
    for identity in identities:
        alert = desk.alerts.get(identity)
        if alert is None or not alert.is_ongoing or alert.expires_at is None:
            continue
        due = alert.expires_at
        if alert.received_at < listening_since:
            due = max(due, listening_since + RETURN_GRACE)
        if due > desk.now:
            _postpone(desk, alert, due)
        else:
            over.append(alert)
    # Kafka is away, or just back: that it was sent again may be in our own outbox.
    unheard = bool(over) and await desk.uow.pending(ALERT_EVENTS.name) > 0
    for alert in over:
        if unheard:
            _postpone(desk, alert, desk.now + RETURN_GRACE)
        else:
            triage.end(desk, alert.expired(), None)


def _postpone(desk: Desk, alert: Alert, due: datetime) -> None:
    desk.wake(f"{EXPIRY}:{alert.alert_id}", EXPIRY, alert.alert_id, due)
