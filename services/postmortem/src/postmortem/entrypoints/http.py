"""Routes: timelines and postmortems. The console has its own, in a folder beside this."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from postmortem.domain.timeline import TimelineEntry
from postmortem.entrypoints.desk import Counter
from postmortem.entrypoints.shapes import FullPostmortem, PostmortemItem
from postmortem.handlers import Handlers
from postmortem.ports import Summary
from tocsin.events import Actor
from tocsin.web import Page, Problem, Reader, after_cursor, cursor_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
PAGE_SIZE = 100
WRONG_CURSOR = "cursor: is not one that this list gave"
Limit = Annotated[int, Query(ge=1, le=500)]


class EntryItem(BaseModel):
    """One entry of a timeline, with every clock that it carries."""

    at: datetime
    kind: str
    text: str
    event_id: str
    occurred_at: datetime
    observed_at: datetime
    recorded_at: datetime
    version: int | None
    causation_id: str | None
    by: Actor | None
    detail: str
    clock_note: str
    moved: bool


def router(handlers: Handlers, counter: Counter) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()
    store = counter.store

    @routes.get("/v1/timelines/{incident}", tags=["timelines"])
    async def read_timeline(
        who: Reader, incident: str, limit: Limit = 500, cursor: str | None = None
    ) -> Page[EntryItem]:
        """The story of an incident, in order."""
        del who
        async with store.read() as uow:
            entries = await handlers.story(uow, incident)
        if entries is None:
            raise _unknown("incident", incident)
        return _entries_page(entries, limit, after_cursor(cursor))

    @routes.get("/v1/postmortems", tags=["postmortems"])
    async def list_postmortems(
        who: Reader, limit: Limit = PAGE_SIZE, cursor: str | None = None
    ) -> Page[PostmortemItem]:
        """The drafts, the latest resolve first."""
        del who
        async with store.read() as uow:
            found = await uow.drafts.page(_place(after_cursor(cursor)), limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        return Page(
            items=[PostmortemItem.of(one) for one in found[:limit]],
            next=_cursor(last) if last else None,
        )

    @routes.get("/v1/postmortems/{identity}", tags=["postmortems"])
    async def read_postmortem(who: Reader, identity: str) -> FullPostmortem:
        """One postmortem, by its id or its incident's: as published where it is, else the draft."""
        del who
        return await counter.full(identity)

    return routes


def _unknown(what: str, identity: str) -> Problem:
    return Problem(404, f"unknown-{what}", f"Nothing is recorded of the {what} {identity!r}.")


def _entries_page(
    entries: Sequence[TimelineEntry], limit: int, after: str | None
) -> Page[EntryItem]:
    start = 0
    if after is not None:
        places = {entry.event_id: place for place, entry in enumerate(entries)}
        if after not in places:
            raise Problem(422, "bad-cursor", WRONG_CURSOR, field="cursor")
        start = places[after] + 1
    shown = entries[start : start + limit]
    more = start + limit < len(entries)
    return Page(
        items=[_entry(entry) for entry in shown],
        next=cursor_of(shown[-1].event_id) if more else None,
    )


def _entry(entry: TimelineEntry) -> EntryItem:
    return EntryItem(
        at=entry.at,
        kind=entry.kind,
        text=entry.text,
        event_id=entry.event_id,
        occurred_at=entry.occurred_at,
        observed_at=entry.observed_at,
        recorded_at=entry.recorded_at,
        version=entry.version,
        causation_id=entry.causation_id,
        by=entry.by,
        detail=entry.detail,
        clock_note=entry.clock_note,
        moved=entry.moved,
    )


def _cursor(one: Summary) -> str:
    assert one.resolved_at is not None
    return cursor_of(f"{(one.resolved_at - EPOCH) // MICROSECOND} {one.postmortem_id}")


def _place(after: str | None) -> tuple[datetime, str] | None:
    if after is None:
        return None
    instant, _, identity = after.partition(" ")
    try:
        return EPOCH + int(instant) * MICROSECOND, identity
    except (ValueError, OverflowError) as error:
        raise Problem(422, "bad-cursor", WRONG_CURSOR, field="cursor") from error
