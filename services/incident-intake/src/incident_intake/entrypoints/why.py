"""Why an alert opened an incident or told nobody, and what intake decided of an incident."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from incident_intake.domain.alert import Alert, alert_id
from incident_intake.domain.why import Known, why_alert, why_incident
from incident_intake.entrypoints.http import find
from incident_intake.entrypoints.shapes import AlertItem
from incident_intake.ports import IntakeUnitOfWork
from tocsin.catalog import UNROUTED
from tocsin.holder import CatalogHolder
from tocsin.problems import Problem
from tocsin.unit_of_work import Store
from tocsin.web import Reader
from tocsin.why import DecisionItem

MOST_OTHERS = 20
Which = Annotated[str, Query(min_length=1, max_length=1024)]


class WhyAlert(BaseModel):
    """The answer, and each decision; `others` are alerts of other services with the same key."""

    alert: AlertItem
    answer: list[str]
    items: list[DecisionItem]
    others: list[str]


class WhyIncident(BaseModel):
    """What intake decided. Whom that paged is at `more`, a path of the postmortem service."""

    incident: str
    answer: list[str]
    items: list[DecisionItem]
    more: str


def router(store: Store[IntakeUnitOfWork], catalog: CatalogHolder) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["why"])

    @routes.get("/v1/incidents/{which}/why")
    async def why_of_incident(_who: Reader, which: str) -> WhyIncident:
        """What intake decided about an incident, by id or number, and where the rest is told."""
        async with store.read() as uow:
            incident = await find(uow, which)
        answer, decisions = why_incident(incident)
        return WhyIncident(
            incident=incident.incident_id,
            answer=list(answer),
            items=[DecisionItem.of(one) for one in decisions],
            more=f"/v1/timelines/{incident.incident_id}/why",
        )

    @routes.get("/v1/why")
    async def why_of_alert(_who: Reader, alert: Which, service: str | None = None) -> WhyAlert:
        """Why an alert opened an incident, joined one, or told nobody: by its id or dedup key."""
        services = [service] if service else _services(catalog)
        identities = {alert, *(alert_id(name, alert) for name in services)}
        async with store.read() as uow:
            found = await uow.alerts.named({one.replace("\x00", "") for one in identities})
            if not found:
                raise _unknown(alert)
            chosen = max(found, key=lambda one: (one.received_at, one.alert_id))
            known = await _known(uow, chosen)
        answer, decisions = why_alert(known)
        return WhyAlert(
            alert=AlertItem.of(chosen),
            answer=list(answer),
            items=[DecisionItem.of(one) for one in decisions],
            others=[one.alert_id for one in found if one is not chosen][:MOST_OTHERS],
        )

    return routes


async def _known(uow: IntakeUnitOfWork, alert: Alert) -> Known:
    incident = await uow.incidents.get(alert.incident_id) if alert.incident_id else None
    silence = await uow.silences.get(alert.silence_id) if alert.silence_id else None
    return Known(alert, incident, silence)


def _services(catalog: CatalogHolder) -> list[str]:
    named = (name for kind, name in catalog.current.specs if kind == "Service")
    default = catalog.current.settings.default_service
    return sorted({*named, UNROUTED, *([default] if default else [])})


def _unknown(alert: str) -> Problem:
    return Problem(
        404,
        "not-found",
        f"No alert has the id or dedup key {alert[:80]!r}. GET /v1/alerts lists those there are."
        " If its sender got a 202, look for a dead letter: `tocsin dead-letters list`.",
    )
