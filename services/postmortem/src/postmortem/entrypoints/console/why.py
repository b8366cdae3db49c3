"""Why somebody was paged, or nobody, as a page: the answer that the API gives, to read at night."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import Response

from postmortem.domain.recorded import is_identity
from postmortem.domain.why import PAGES, why
from postmortem.entrypoints.console.incidents import standing_of
from postmortem.entrypoints.console.live import mark
from postmortem.entrypoints.console.schedules import Wall
from postmortem.entrypoints.console.zones import chosen, offered
from tocsin.web import Problem
from tocsin.why import Decision

PER_PAGE = 100
MOST_SENTENCES = 10
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Told:
    """A decision, and its place on the page: of several that one event tells, the first has it."""

    decision: Decision
    place: str


@dataclass(frozen=True, slots=True)
class Part:
    """A page of the decisions, the first is 1; `pages` is how many there are."""

    decisions: Sequence[Told]
    number: int
    pages: int


def router(routes: APIRouter, wall: Wall) -> None:
    """Add the route."""

    @routes.get("/incidents/{identity}/why")
    async def asked(request: Request, identity: str) -> Response:
        """Each decision about an incident, or what of them concerns one person."""
        visitor, now = await wall.door.reader(request), wall.door.clock.now()
        async with wall.store.read() as uow:
            incident = await standing_of(uow, identity)
            events = await uow.log.of([incident.incident_id])
        query = request.query_params
        person = query.get("person", "").strip()[:LONGEST_NAME]
        whole = why(incident.incident_id, events.get(incident.incident_id, ()))
        found = whole.about(person) if person else whole
        # At night this works without a catalog as well.
        catalog = wall.holder.current
        own = catalog.user(visitor.person)
        home = own.time_zone if own else "UTC"
        zone = chosen(request, home)
        answer = wall.pages.show(
            "why.html",
            422 if zone.wrong else 200,
            visitor=visitor,
            since=mark(now),
            incident=incident,
            person=person,
            people=sorted(whole.people | {person, visitor.person} - {""}),
            answer=found.answer,
            most=MOST_SENTENCES,
            part=_part(found.decisions, query.get("event", ""), query.get("page", "1")),
            count=len(found.decisions),
            total=len(whole.decisions),
            pages=PAGES,
            zone=zone,
            zones=offered(catalog, home),
            stamp=lambda at: _stamp(at, zone.zone),
        )
        zone.keep(answer)
        return answer


def _part(decisions: Sequence[Decision], event: str, page: str) -> Part:
    """Return the page of this number; that with the decision of this event, where one is named."""
    pages = max(1, -(-len(decisions) // PER_PAGE))
    at = next((n for n, one in enumerate(decisions) if event and one.event_id == event), None)
    number = _number(page, pages) if at is None else at // PER_PAGE + 1
    shown = decisions[(number - 1) * PER_PAGE : number * PER_PAGE]
    before = ["", *(one.event_id for one in shown)]
    told = [
        Told(one, _place(one.event_id or "", last or ""))
        for last, one in zip(before, shown, strict=False)
    ]
    return Part(told, number, pages)


def _place(event_id: str, before: str) -> str:
    return event_id if event_id != before and is_identity(event_id) else ""


def _number(text: str, pages: int) -> int:
    if text in {str(one + 1) for one in range(pages)}:
        return int(text)
    detail = f"page: must be a number from 1 to {pages}"
    raise Problem(422, "invalid", detail, field="page")


def _stamp(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")
