"""Who is on call, whose shifts come, and where an incident's climb stands."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, assert_never

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from escalation.domain.escalation import Escalation
from escalation.domain.resolution import reachable
from escalation.domain.schedule import Schedule, Shift
from escalation.domain.status import Exhausted, Halted, Waiting
from escalation.entrypoints.unknown import unknown
from escalation.handlers.knowing import catalog_known_at
from escalation.ports import EscalationUnitOfWork
from tocsin.catalog import Catalog
from tocsin.clock import Clock
from tocsin.holder import CatalogHolder
from tocsin.unit_of_work import Store
from tocsin.web import Page, Problem, Reader

SHOWN = timedelta(days=14)
LONGEST = timedelta(days=366)
FIRST, LAST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class OnCallItem(BaseModel):
    """Who answers for a schedule at an instant, and why them. No responders: a gap.

    `catalog_version` is what the answer was worked out from.
    """

    schedule: str
    at: datetime
    catalog_version: int
    responders: list[str]
    shadows: list[str]
    reason: list[str]


class ShiftItem(BaseModel):
    """A span in which the same turn answers; `until` is no longer part of it."""

    schedule: str
    begins: datetime = Field(serialization_alias="from")
    until: datetime
    responders: list[str]
    shadows: list[str]
    reason: list[str]


class PageItem(BaseModel):
    """A page that is still wanted; level 0 is the last resort. `named`: asked for by name."""

    page_id: str
    responder: str
    level: int
    loop: int
    unreachable: bool
    named: bool = False


class EscalationItem(BaseModel):
    """Where an incident's climb stands."""

    incident: str
    number: int
    title: str
    service: str
    urgency: str
    policy: str
    catalog_version: int
    levels: int
    loops: int
    status: str
    level: int
    loop: int
    reason: str | None
    next_at: datetime | None
    incident_version: int
    pages: list[PageItem]


def router(store: Store[EscalationUnitOfWork], holder: CatalogHolder, clock: Clock) -> APIRouter:
    """Return the routes that read."""
    routes = APIRouter(tags=["escalation"])

    async def known(as_known_at: datetime | None) -> Catalog:
        if as_known_at is None:
            return holder.current
        async with store.read() as uow:
            return await _known_at(uow, as_known_at, clock.now())

    @routes.get("/v1/on-call")
    async def on_call(
        who: Reader,
        schedule: str | None = None,
        at: AwareDatetime | None = None,
        as_known_at: AwareDatetime | None = None,
    ) -> Page[OnCallItem]:
        """Return who is on call: for one schedule, or for every one; now, or at an instant.

        By the catalog of now, or by the one that was in force at `as_known_at`.
        """
        del who
        catalog = await known(as_known_at)
        instant = _instant(at or clock.now(), "at")
        names = [schedule] if schedule is not None else _schedules(catalog)
        return Page(items=[_on_call(catalog, name, instant) for name in names])

    @routes.get("/v1/schedules/{name}/shifts")
    async def shifts(
        name: str,
        who: Reader,
        since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
        until: Annotated[AwareDatetime | None, Query(alias="to")] = None,
        as_known_at: AwareDatetime | None = None,
    ) -> Page[ShiftItem]:
        """Return a schedule's shifts, gaps left out: from now for 14 days, or from and to."""
        del who
        begins = _instant(since or clock.now(), "from")
        ends = _instant(until or begins + SHOWN, "to")
        if not begins < ends <= begins + LONGEST:
            raise Problem(
                422, "bad-span", "to: must be after from, by at most 366 days", field="to"
            )
        catalog = await known(as_known_at)
        found = _schedule(catalog, name).shifts(begins, ends, reachable(catalog))
        return Page(items=[_shift(name, one) for one in found])

    @routes.get("/v1/escalations/{incident}")
    async def escalation(incident: str, who: Reader) -> EscalationItem:
        """Return where an incident's climb stands."""
        del who
        async with store.read() as uow:
            found = await uow.escalations.find(incident)
        if found is None:
            raise Problem(404, "no-such-escalation", f"No escalation is known for {incident!r}.")
        return _escalation(found)

    return routes


async def _known_at(uow: EscalationUnitOfWork, written: datetime, now: datetime) -> Catalog:
    at = _instant(written, "as_known_at")
    if at > now:
        detail = "as_known_at: is in the future; what will be known then is not known yet"
        raise Problem(422, "bad-instant", detail, field="as_known_at")
    found = await catalog_known_at(uow, at)
    if found is None:
        detail = f"There was no catalog at {at.isoformat()}; its history begins later."
        raise Problem(404, "nothing-known", detail, field="as_known_at")
    return found


def _schedules(catalog: Catalog) -> list[str]:
    return sorted(name for kind, name in catalog.specs if kind == "Schedule")


def _schedule(catalog: Catalog, name: str) -> Schedule:
    found = Schedule.in_catalog(catalog, name)
    if found is None:
        raise unknown("Schedule", name, catalog)
    return found


def _instant(at: datetime, field: str) -> datetime:
    # Compared before it is converted: at the ends of the calendar there is no UTC to convert to.
    if not FIRST <= at <= LAST:
        raise Problem(422, "bad-instant", f"{field}: must be from 1980 to 2200", field=field)
    return at.astimezone(UTC)


def _on_call(catalog: Catalog, name: str, at: datetime) -> OnCallItem:
    answer = _schedule(catalog, name).on_call(at, reachable(catalog))
    return OnCallItem(
        schedule=name,
        at=at,
        catalog_version=catalog.version,
        responders=list(answer.responders),
        shadows=list(answer.shadows),
        reason=list(answer.reason),
    )


def _shift(name: str, shift: Shift) -> ShiftItem:
    return ShiftItem(
        schedule=name,
        begins=shift.begins,
        until=shift.until,
        responders=list(shift.on_call.responders),
        shadows=list(shift.on_call.shadows),
        reason=list(shift.on_call.reason),
    )


def _status(climb: Escalation) -> tuple[str, str | None]:
    match climb.status:
        case Waiting():
            return "waiting", None
        case Halted(reason=reason):
            return "halted", reason
        case Exhausted():
            return "exhausted", None
        case never:
            assert_never(never)


def _escalation(climb: Escalation) -> EscalationItem:
    loop, level = climb.place
    status, reason = _status(climb)
    return EscalationItem(
        incident=climb.incident.incident_id,
        number=climb.incident.number,
        title=climb.incident.title,
        service=climb.incident.service,
        urgency=climb.incident.urgency,
        policy=climb.policy.name,
        catalog_version=climb.policy.catalog_version,
        levels=len(climb.policy.levels),
        loops=climb.policy.loops,
        status=status,
        level=level,
        loop=loop,
        reason=reason,
        next_at=climb.deadline,
        incident_version=climb.version,
        pages=[
            PageItem(
                page_id=page.page_id,
                responder=page.responder,
                level=page.level,
                loop=page.loop,
                unreachable=page.is_unreachable,
                named=bool(page.asked or (page.level and climb.policy.given)),
            )
            for page in climb.pages
        ],
    )
