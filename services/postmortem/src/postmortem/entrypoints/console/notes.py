"""Handoff notes by a form: a posted form to a command, told on by escalation."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from postmortem.entrypoints.console.commands import VIA, command_id
from postmortem.entrypoints.console.schedules import Wall
from postmortem.handlers import ordering
from tocsin import ids
from tocsin.events import HandoffNoteLeft, LeaveHandoffNote
from tocsin.events.commands import of_schedule


def router(routes: APIRouter, wall: Wall) -> None:
    """Add the routes."""
    door = wall.door

    @routes.post("/schedules/{name}/notes")
    async def leave(request: Request, name: str) -> Response:
        """Leave a note for whoever is on call next."""
        visitor, given = await door.writer(request)
        wall.spec(name)
        identity = command_id("note", of_schedule(name), visitor.actor, given)
        text = given.get("text", "").replace("\r\n", "\n").strip()
        if not 0 < len(text) <= HandoffNoteLeft.LONGEST:
            wrong = f"note: write 1 to {HandoffNoteLeft.LONGEST} characters"
            return await wall.page(request, visitor, name, wrong=wrong, kept=given)
        note = LeaveHandoffNote(
            note_id=ids.prefixed("hnt", identity),
            schedule=name,
            text=text,
            by=visitor.actor,
            via=VIA,
        )
        async with wall.store.begin() as uow:
            await ordering.give(uow, note, identity, door.clock.now())
        return RedirectResponse(f"/schedules/{name}", status_code=303)
