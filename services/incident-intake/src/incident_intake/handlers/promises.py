"""Promises: pages that were heard of, and incidents of which none was heard in time."""

from collections.abc import Sequence
from datetime import datetime

from incident_intake.domain import owing
from incident_intake.domain.incident import TOCSIN, Incident
from incident_intake.handlers.desk import SOURCE
from incident_intake.ports import IntakeUnitOfWork
from tocsin import ids
from tocsin.catalog import Catalog
from tocsin.events import Envelope, Event, IncidentEvent, IncidentTriggered
from tocsin.obligations import Obligation

AGAIN = "announced again: nothing was heard of a page for it"


async def keep(uow: IntakeUnitOfWork, envelopes: Sequence[Envelope[Event]]) -> None:
    """Strike off what these events of escalation discharge."""
    done: dict[str, int] = {}
    for envelope in envelopes:
        if (found := owing.outcome(envelope.data)) is not None:
            identity, version = found
            done[identity] = max(version, done.get(identity, 0))
    await uow.ledger.discharge(done)


async def announce_again(
    uow: IntakeUnitOfWork, catalog: Catalog, overdue: Sequence[Obligation], now: datetime
) -> None:
    """Tell escalation of these incidents once more, as they stand: it may have lost them.

    It starts the climb of one it does not know; for one it climbs already it only says so again.
    What somebody has is not announced: only who is asked for by name, and that is owed until a page
    is heard of, or somebody answers.
    """
    incidents = await uow.incidents.load({one.subject for one in overdue})
    waiting = {name: one for name, one in incidents.items() if one.is_open}
    over = {one.obligation_id: one.version for one in overdue if one.subject not in waiting}
    await uow.ledger.discharge(over)
    again: list[Envelope[Event]] = []
    for incident in waiting.values():
        if incident.status == "triggered":
            again.append(Envelope(_as_it_stands(incident, catalog), now, SOURCE))
        again += [_asked_again(fact, now) for fact in incident.asked.facts]
    await uow.publish(again)


def _asked_again(fact: IncidentEvent, now: datetime) -> Envelope[Event]:
    """Return it under the id that it has: whoever handled it passes over the repeat."""
    return Envelope(fact, now, SOURCE, ids.derived(fact.incident_id, str(fact.version)))


def _as_it_stands(incident: Incident, catalog: Catalog) -> IncidentTriggered:
    """Return its announcement. It comes before who was asked for, who would else be old news."""
    service = catalog.service(incident.service)
    asked = incident.asked.facts
    return IncidentTriggered(
        incident_id=incident.incident_id,
        version=asked[0].version - 1 if asked else incident.version,
        number=incident.number,
        title=incident.title,
        service=incident.service,
        severity=incident.severity,
        urgency=incident.urgency,
        source=incident.source,
        description=incident.description,
        escalation_policy=service.escalation_policy if service else None,
        team=service.team if service else None,
        runbook=service.runbook if service else None,
        group_key=incident.group_key,
        by=TOCSIN,
        rule=AGAIN,
        catalog_version=catalog.version,
        again=True,
    )
