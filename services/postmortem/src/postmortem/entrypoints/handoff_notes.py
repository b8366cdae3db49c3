"""Handoff notes as they are kept: read over HTTP."""

from contextlib import suppress
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from postmortem.domain.handoff_note import HandoffNote
from postmortem.ports import PostmortemUnitOfWork
from tocsin.unit_of_work import Store
from tocsin.web import Page, Problem, Reader, after_cursor, cursor_of

WRONG_CURSOR = "cursor: is not one that this list gave"


class HandoffNoteItem(BaseModel):
    """A note that was left for whoever was on call next."""

    id: str
    schedule: str
    text: str
    by: str
    left_at: datetime


def router(store: Store[PostmortemUnitOfWork]) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["handoff notes"])

    @routes.get("/v1/handoff-notes")
    async def listed(
        who: Reader,
        schedule: str,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        cursor: str | None = None,
    ) -> Page[HandoffNoteItem]:
        """The notes of a schedule, the newest first."""
        del who
        async with store.read() as uow:
            found = await uow.handoff_notes.latest(
                schedule, limit + 1, _place(after_cursor(cursor))
            )
        more = len(found) > limit
        items = [_item(one) for one in found[:limit]]
        last = items[-1] if more else None
        place = f"{last.left_at.isoformat()} {last.id}" if last else None
        return Page(items=items, next=cursor_of(place) if place else None)

    return routes


def _item(one: HandoffNote) -> HandoffNoteItem:
    return HandoffNoteItem(
        id=one.note_id, schedule=one.schedule, text=one.text, by=one.by, left_at=one.left_at
    )


def _place(after: str | None) -> tuple[datetime, str] | None:
    if after is None:
        return None
    at, _, note_id = after.partition(" ")
    with suppress(ValueError):
        left_at = datetime.fromisoformat(at)
        if left_at.tzinfo:
            return left_at, note_id
    raise Problem(422, "bad-cursor", WRONG_CURSOR, field="cursor")
