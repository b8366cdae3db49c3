"""Absences over HTTP, to be read: who is away when, and how reading their calendars goes."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from escalation.domain.calendars import named, shown
from escalation.entrypoints.unknown import unknown
from escalation.ports import EscalationUnitOfWork
from tocsin.clock import Clock
from tocsin.holder import CatalogHolder
from tocsin.unit_of_work import Store
from tocsin.web import Page, Reader, after_cursor, cursor_of

Limit = Annotated[int, Query(ge=1, le=500)]


class AbsenceItem(BaseModel):
    """A span in which somebody is away; `until` is no longer part of it."""

    person: str
    begins: datetime = Field(serialization_alias="from")
    until: datetime


class OwnerItem(BaseModel):
    """Who names a calendar."""

    kind: str
    name: str


class CalendarItem(BaseModel):
    """A calendar of absences: where it is, as far as that may be shown, and how reading it goes."""

    calendar: str
    owners: list[OwnerItem]
    read_at: datetime | None
    failing_since: datetime | None
    error: str | None
    next_at: datetime


def router(store: Store[EscalationUnitOfWork], holder: CatalogHolder, clock: Clock) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["absences"])

    @routes.get("/v1/absences")
    async def absences(
        who: Reader,
        person: str | None = None,
        since: Annotated[AwareDatetime | None, Query(alias="from")] = None,
        until: Annotated[AwareDatetime | None, Query(alias="to")] = None,
        limit: Limit = 50,
        cursor: str | None = None,
    ) -> Page[AbsenceItem]:
        """Return who is away when, by when it begins: from now on, or from and to."""
        del who
        known = holder.current.absences
        if person is not None and holder.current.user(person) is None:
            raise unknown("User", person, holder.current, field="person")
        begin, after = since or clock.now(), after_cursor(cursor)
        items = [
            AbsenceItem(person=name, begins=begins, until=ends)
            for name, spans in known.items()
            for begins, ends in spans
            if person in {None, name} and ends > begin and (until is None or begins < until)
        ]
        items.sort(key=_place)
        left = [one for one in items if after is None or _place(one) > after]
        more = len(left) > limit
        return Page(items=left[:limit], next=cursor_of(_place(left[limit - 1])) if more else None)

    @routes.get("/v1/absences/calendars")
    async def calendars(who: Reader) -> Page[CalendarItem]:
        """Return the calendars that the catalog names, and how reading each goes."""
        del who
        owners = named(holder.current)
        async with store.read() as uow:
            states = await uow.calendars.states()
        return Page(
            items=[
                CalendarItem(
                    calendar=shown(one.key),
                    owners=[
                        OwnerItem(kind=kind, name=name) for kind, name in owners.get(one.key, ())
                    ],
                    read_at=one.read_at,
                    failing_since=one.failing_since,
                    error=one.error or None,
                    next_at=one.next_at,
                )
                for one in states
            ]
        )

    return routes


def _place(one: AbsenceItem) -> str:
    # Sorted as the list is: an instant in UTC, always as long.
    return f"{one.begins:%Y%m%d%H%M%S%f} {one.person}"
