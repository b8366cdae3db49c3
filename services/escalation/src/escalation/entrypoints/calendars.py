"""Calendars to subscribe to: of a schedule, with a token; of a person, at an address of its own."""

from collections.abc import Iterable
from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel

from escalation.domain.addresses import calendar_token, is_right
from escalation.domain.feed import Entry, of_person, of_schedule
from escalation.entrypoints.calendar_text import calendar_text
from escalation.entrypoints.unknown import unknown
from tocsin.clock import Clock
from tocsin.holder import CatalogHolder
from tocsin.web import Problem, Reader, Writer, unavailable

MEDIA_TYPE = "text/calendar; charset=utf-8"


class CalendarAddress(BaseModel):
    """Where somebody's calendar is. Whoever knows it may read it."""

    url: str


def router(holder: CatalogHolder, clock: Clock, secret: str, public_url: str) -> APIRouter:
    """Return the calendars' routes; `secret` makes the addresses, which start with `public_url`."""
    routes = APIRouter(tags=["calendars"])

    def shown(name: str, entries: Iterable[Entry]) -> Response:
        return Response(calendar_text(name, entries, clock.now()), media_type=MEDIA_TYPE)

    @routes.get("/v1/schedules/{name}.ics", response_class=Response)
    async def of_a_schedule(name: str, who: Reader) -> Response:
        """Return a schedule's shifts as a calendar: five weeks back, three months ahead."""
        del who
        return shown(name, _shifts(holder, name, clock.now()))

    @routes.get("/v1/users/{name}/calendar")
    async def address(name: str, who: Writer) -> CalendarAddress:
        """Return the address of somebody's calendar; another `calendar_key` makes another."""
        del who
        token = _token(holder, name, secret)
        if token is None:
            raise unknown("User", name, holder.current)
        return CalendarAddress(url=f"{public_url.rstrip('/')}/v1/calendars/{name}/{token}.ics")

    @routes.get("/v1/calendars/{name}/{token}.ics", response_class=Response)
    async def of_a_person(name: str, token: str) -> Response:
        """Return somebody's shifts as a calendar. The address is the permission."""
        if not holder.loaded:
            raise unavailable("The catalog is not loaded yet.")
        if not is_right(token, _token(holder, name, secret)):
            raise Problem(404, "no-such-calendar", "There is no calendar at this address.")
        return shown(f"{name} on call", of_person(name, holder.current, clock.now()))

    return routes


def _shifts(holder: CatalogHolder, name: str, now: datetime) -> list[Entry]:
    entries = of_schedule(name, holder.current, now)
    if entries is None:
        raise unknown("Schedule", name, holder.current)
    return entries


def _token(holder: CatalogHolder, name: str, secret: str) -> str | None:
    user = holder.current.user(name)
    return None if user is None else calendar_token(secret, name, user.calendar_key)
