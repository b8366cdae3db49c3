"""Incidents and alerts over HTTP: lists and single ones. Who only reads needs no more."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query

from incident_intake.domain.alert import STATUSES as ALERT_STATUSES
from incident_intake.domain.incident import STATUSES, Incident
from incident_intake.entrypoints.shapes import (
    AlertItem,
    IncidentDetail,
    IncidentItem,
)
from incident_intake.entrypoints.sources.reading import instant
from incident_intake.ports import (
    AlertFilter,
    IncidentFilter,
    IntakeUnitOfWork,
    cursor,
    cursor_parts,
)
from tocsin.errors import InputError
from tocsin.problems import Problem
from tocsin.unit_of_work import Store
from tocsin.web import Page, Reader, after_cursor, cursor_of

MAX_MEMBERS = 500
IDENTITY = re.compile(r"inc_[0-9a-f]{32}")
NUMBER = re.compile(r"[0-9]{1,15}")
T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=500)]


def words(given: Sequence[str], field: str, allowed: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a filter, given repeatedly or with commas; 422 for one that is none."""
    found = tuple(word.strip() for text in given for word in text.split(",") if word.strip())
    for word in found:
        if allowed and word not in allowed:
            raise Problem(
                422, "invalid", f"{field}: must be one of {', '.join(allowed)}", field=field
            )
    return tuple(word.replace("\x00", "") for word in found)


def place(text: str | None) -> str | None:
    """Return the place a cursor stands for; 422 where it is none of ours."""
    found = after_cursor(text)
    try:
        if found is not None:
            cursor_parts(found)
    except ValueError as error:
        problem = Problem(422, "bad-cursor", "cursor: is not one that a list gave", field="cursor")
        raise problem from error
    return found


def _number(text: str | None) -> int | None:
    found = after_cursor(text)
    if found is None:
        return None
    if NUMBER.fullmatch(found) is None:
        raise Problem(422, "bad-cursor", "cursor: is not one that a list gave", field="cursor")
    return int(found)


def next_page(
    found: Sequence[T], limit: int, where: Callable[[T], tuple[datetime, str]]
) -> str | None:
    """Return the cursor of the next page: there may be one where this one is full."""
    return cursor_of(cursor(*where(found[-1]))) if len(found) == limit else None


async def find(uow: IntakeUnitOfWork, which: str) -> Incident:
    """Return the incident with this id or number; 404 where there is none."""
    found: Incident | None = None
    if NUMBER.fullmatch(which):
        found = await uow.incidents.numbered(int(which))
    elif IDENTITY.fullmatch(which):
        found = await uow.incidents.get(which)
    if found is None:
        raise Problem(404, "not-found", f"No incident has the id or number {which[:80]!r}.")
    return found


def router(store: Store[IntakeUnitOfWork]) -> APIRouter:
    """Return the routes that read."""
    routes = APIRouter(tags=["incidents"])

    @routes.get("/v1/incidents")
    async def incidents(
        _who: Reader,
        status: Annotated[list[str], Query()] = [],  # noqa: B006 - FastAPI copies it.
        service: Annotated[list[str], Query()] = [],  # noqa: B006
        since: str | None = None,
        limit: Limit = 50,
        cursor: str | None = None,
    ) -> Page[IncidentItem]:
        """All incidents, newest first, unless narrowed."""
        try:
            since_at = instant(since, "since")
        except InputError as error:
            raise Problem(422, "invalid", str(error), field="since") from error
        wanted = IncidentFilter(
            words(status, "status", STATUSES), words(service, "service", ()), since_at
        )
        below = _number(cursor)
        async with store.read() as uow:
            found = await uow.incidents.listed(wanted, below, limit)
        return Page(
            items=[IncidentItem.of(incident) for incident in found],
            next=cursor_of(str(found[-1].number)) if len(found) == limit else None,
        )

    @routes.get("/v1/incidents/{which}")
    async def incident(_who: Reader, which: str) -> IncidentDetail:
        """One incident by id or number, with its alerts in `alert_list`."""
        async with store.read() as uow:
            found = await find(uow, which)
            members = await uow.alerts.members(found.incident_id, MAX_MEMBERS)
        alerts = [AlertItem.of(alert, part) for part, alert in members]
        detail = IncidentDetail.of(found, alert_list=alerts)
        assert isinstance(detail, IncidentDetail)
        return detail

    @routes.get("/v1/alerts")
    async def alerts(
        _who: Reader,
        status: Annotated[list[str], Query()] = [],  # noqa: B006
        service: Annotated[list[str], Query()] = [],  # noqa: B006
        limit: Limit = 50,
        cursor: str | None = None,
    ) -> Page[AlertItem]:
        """One item per identity, resolved ones included, newest episode first."""
        wanted = AlertFilter(words(status, "status", ALERT_STATUSES), words(service, "service", ()))
        after = place(cursor)
        async with store.read() as uow:
            found = await uow.alerts.listed(wanted, after, limit)
        return Page(
            items=[AlertItem.of(alert) for alert in found],
            next=next_page(found, limit, lambda each: (each.first_received_at, each.alert_id)),
        )

    return routes
