"""Routes: timelines, postmortems, and one honest page."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from starlette.responses import HTMLResponse, PlainTextResponse

from postmortem.domain.postmortem import Postmortem
from postmortem.domain.timeline import TimelineEntry
from postmortem.entrypoints import page
from postmortem.entrypoints.viewer import viewer
from postmortem.handlers import Handlers
from postmortem.ports import PostmortemUnitOfWork, Summary
from tocsin.events import Actor
from tocsin.unit_of_work import Store
from tocsin.web import Page, Problem, Reader, after_cursor, cursor_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
PAGE_SIZE = 100
ON_THE_PAGE = 200
WRONG_CURSOR = "cursor: is not one that this list gave"
Limit = Annotated[int, Query(ge=1, le=500)]
# Nothing may run, load or frame: what is shown are strangers' words.
SAFE = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{page.STYLE_HASH}'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


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


class PostmortemItem(BaseModel):
    """A draft in a list."""

    id: str
    incident_id: str
    title: str
    service: str
    status: str
    digest: str
    events: int
    resolved_at: datetime | None
    last_event_at: datetime


class MetricItem(BaseModel):
    """A duration and what it rests on; `value_ms` is null where an input is missing."""

    name: str
    value_ms: int | None
    event_ids: tuple[str, ...]


class FullPostmortem(PostmortemItem):
    """A draft with its text and its numbers."""

    markdown: str
    metrics: list[MetricItem]


def router(handlers: Handlers, store: Store[PostmortemUnitOfWork]) -> APIRouter:  # noqa: C901 - one small function per route.
    """Return the routes."""
    routes = APIRouter()

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
            items=[_item(one) for one in found[:limit]], next=_cursor(last) if last else None
        )

    @routes.get(
        "/v1/postmortems/{identity}.md", tags=["postmortems"], dependencies=[Depends(viewer)]
    )
    async def read_markdown(identity: str) -> PlainTextResponse:
        """One draft as Markdown, by its id or its incident's."""
        found = await _postmortem(identity)
        return PlainTextResponse(found.text, media_type="text/markdown", headers=SAFE)

    @routes.get("/v1/postmortems/{identity}", tags=["postmortems"])
    async def read_postmortem(who: Reader, identity: str) -> FullPostmortem:
        """One draft, by its id or its incident's; of an open incident, as it stands."""
        del who
        return _full(await _postmortem(identity))

    @routes.get("/", include_in_schema=False, dependencies=[Depends(viewer)])
    async def home() -> HTMLResponse:
        """What this service is, and its drafts."""
        async with store.read() as uow:
            found = await uow.drafts.page(None, ON_THE_PAGE)
        return HTMLResponse(page.home(found), headers=SAFE)

    async def _postmortem(identity: str) -> Postmortem:
        async with store.read() as uow:
            found = await handlers.postmortem(uow, identity)
        if found is None:
            raise _unknown("postmortem", identity)
        return found

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


def _item(one: Summary | Postmortem) -> PostmortemItem:
    return PostmortemItem(
        id=one.postmortem_id,
        incident_id=one.incident_id,
        title=one.title,
        service=one.service,
        status=one.status,
        digest=one.digest,
        events=one.events,
        resolved_at=one.resolved_at,
        last_event_at=one.last_event_at,
    )


def _full(one: Postmortem) -> FullPostmortem:
    return FullPostmortem(
        **_item(one).model_dump(),
        markdown=one.text,
        metrics=[
            MetricItem(name=metric.name, value_ms=metric.milliseconds, event_ids=metric.rests_on)
            for metric in one.metrics
        ],
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
