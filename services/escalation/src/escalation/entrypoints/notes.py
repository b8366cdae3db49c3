"""Handoff notes over HTTP: leave one. They are read where they are kept, in postmortem."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, StringConstraints

from escalation.entrypoints.swaps import speaks_for
from escalation.entrypoints.unknown import unknown
from escalation.handlers.notes import NoteHandlers
from escalation.ports import EscalationUnitOfWork
from tocsin import ids
from tocsin.catalog.spec import Name
from tocsin.clock import Clock
from tocsin.events import Actor, HandoffNoteLeft
from tocsin.holder import CatalogHolder
from tocsin.unit_of_work import Store
from tocsin.web import Problem, Writer, idempotency_key

Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=HandoffNoteLeft.LONGEST)
]


class NewHandoffNote(BaseModel):
    """Words for whoever is on call next; `by` is who leaves them, else whose token it is."""

    model_config = ConfigDict(extra="forbid")

    text: Text
    by: Name | None = None


class HandoffNoteItem(BaseModel):
    """A note that was left."""

    id: str
    schedule: str
    text: str
    by: str
    left_at: datetime


def router(
    handlers: NoteHandlers,
    store: Store[EscalationUnitOfWork],
    clock: Clock,
    holder: CatalogHolder,
) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["schedules"])

    @routes.post("/v1/schedules/{name}/notes", status_code=201)
    async def leave(
        who: Writer, request: Request, name: str, body: NewHandoffNote
    ) -> HandoffNoteItem:
        """Leave a note for whoever is on call next; their notice carries it."""
        if not holder.loaded:
            raise Problem(503, "not-ready", "The catalog is not here yet: try again in a moment.")
        if holder.current.schedule(name) is None:
            raise unknown("Schedule", name, holder.current)
        if body.by is not None:
            speaks_for(who, body.by, holder)
        key = idempotency_key(request)
        identity = ids.derived("note", who.name, name, key) if key else ids.new()
        note = HandoffNoteLeft(
            note_id=ids.prefixed("hnt", identity),
            schedule=name,
            text=body.text,
            by=Actor(kind="user" if body.by else "token", name=body.by or who.name),
        )
        now = clock.now()
        async with store.begin() as uow:
            await handlers.leave(uow, note, now)
        return HandoffNoteItem(
            id=note.note_id, schedule=name, text=note.text, by=note.by.name, left_at=now
        )

    return routes
