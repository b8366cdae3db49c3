"""Why somebody was paged for an incident, or nobody: the whole chain, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from postmortem.handlers import Handlers
from postmortem.ports import PostmortemUnitOfWork
from tocsin.unit_of_work import Store
from tocsin.web import Problem, Reader, after_cursor, cursor_of
from tocsin.why import DecisionItem

MOST = 500
Limit = Annotated[int, Query(ge=1, le=MOST)]


class WhyAnswer(BaseModel):
    """The answer in a few sentences, and the decisions it rests on, in order."""

    incident: str
    answer: list[str]
    items: list[DecisionItem]
    next: str | None


def router(handlers: Handlers, store: Store[PostmortemUnitOfWork]) -> APIRouter:
    """Return the route."""
    routes = APIRouter(tags=["timelines"])

    @routes.get("/v1/timelines/{incident}/why")
    async def why(
        who: Reader, incident: str, limit: Limit = MOST, cursor: str | None = None
    ) -> WhyAnswer:
        """Each decision about an incident with its rule, its catalog and its inputs."""
        del who
        start = _start(after_cursor(cursor))
        async with store.read() as uow:
            found = await handlers.why(uow, incident)
        if found is None:
            raise Problem(
                404,
                "unknown-incident",
                f"Nothing is recorded of the incident {incident[:80]!r}."
                " GET /v1/incidents lists those there are; of an alert, ask GET /v1/why?alert=.",
            )
        shown = found.decisions[start : start + limit]
        more = start + limit < len(found.decisions)
        return WhyAnswer(
            incident=found.incident_id,
            answer=list(found.answer),
            items=[DecisionItem.of(one) for one in shown],
            next=cursor_of(str(start + limit)) if more else None,
        )

    return routes


def _start(place: str | None) -> int:
    if place is None:
        return 0
    if not place.isascii() or not place.isdigit() or len(place) > len("1000000"):
        raise Problem(422, "bad-cursor", "cursor: is not one that this list gave", field="cursor")
    return int(place)
