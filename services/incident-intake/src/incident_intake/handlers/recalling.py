"""A restored database hears what intake told since: facts are taken over, and none is told."""

from collections.abc import Sequence
from datetime import datetime

from incident_intake.domain import recalling
from incident_intake.handlers import silences
from incident_intake.handlers.desk import Desk
from incident_intake.ports import IntakeUnitOfWork
from tocsin.catalog import Catalog
from tocsin.events import (
    AlertAdded,
    AlertResolved,
    Envelope,
    Event,
    IncidentEvent,
    IncidentResolved,
    IncidentTriggered,
    SilenceChanged,
)


async def recall(
    uow: IntakeUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
) -> None:
    """Take a batch of facts over, in order."""
    told = [each.data for each in envelopes if isinstance(each.data, SilenceChanged)]
    await silences.recall(uow, told)
    desk = Desk(uow, Catalog(), now)  # No rule is asked: everything has been decided.
    facts = [(each.data, each.time) for each in envelopes if isinstance(each.data, IncidentEvent)]
    await _load(desk, [fact for fact, _ in facts])
    for fact, at in facts:
        _take(desk, fact, at)
    await desk.save()


async def _load(desk: Desk, facts: Sequence[IncidentEvent]) -> None:
    named = [name for fact in facts if (name := _alert_of(fact)) is not None]
    await desk.load_alerts(dict.fromkeys(named))
    resolved = [one.incident_id for one in facts if isinstance(one, IncidentResolved)]
    desk.take_alerts(await desk.uow.alerts.firing_in(dict.fromkeys(resolved)))
    await desk.prepare_to_open()
    await desk.load_incidents(dict.fromkeys(fact.incident_id for fact in facts))


def _alert_of(fact: IncidentEvent) -> str | None:
    match fact:
        case IncidentTriggered(alert=alert) | AlertAdded(alert=alert):
            return alert.alert_id if alert else None
        case AlertResolved(alert_id=alert_id):
            return alert_id
        case _:
            return None


def _take(desk: Desk, fact: IncidentEvent, at: datetime) -> None:
    before = desk.incidents.get(fact.incident_id)
    alert = desk.alerts.get(_alert_of(fact) or "")
    incident = recalling.recalled(before, fact, alert, at)
    if incident is None or incident == before:
        return
    desk.recall(incident, fact)
    if isinstance(fact, IncidentTriggered | AlertAdded) and fact.alert is not None:
        joined = recalling.firing(alert, fact.alert, incident, at)
        desk.keep(joined)
        desk.enrol(joined)
    elif isinstance(fact, AlertResolved) and alert is not None:
        over = recalling.ended(alert, fact, at)
        desk.keep(over)
        desk.enrol(over)
    elif isinstance(fact, IncidentResolved) and fact.reason == "command":
        for one in list(desk.alerts.values()):
            if one.incident_id == fact.incident_id and one.status == "firing":
                dismissed = one.dismissed(at)
                desk.keep(dismissed)
                desk.enrol(dismissed)
