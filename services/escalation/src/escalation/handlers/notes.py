"""Handoff notes: words for whoever is on call next, told to those who keep and carry them.

Nothing of a note is kept here: it is told in the transaction that takes it, under an identity that
follows from its own. So a kill before the commit leaves the command, or nobody who has an answer;
after it, the event in the outbox; and what is asked twice is one event to its readers.
"""

from collections.abc import Sequence
from datetime import datetime

from escalation.handlers.announcing import SOURCE
from escalation.ports import EscalationUnitOfWork
from tocsin import ids
from tocsin.events import Envelope, Event, HandoffNoteLeft, LeaveHandoffNote, caused_by


class NoteHandlers:
    """Takes notes by the API and by command."""

    async def leave(self, uow: EscalationUnitOfWork, note: HandoffNoteLeft, now: datetime) -> None:
        """Tell a note."""
        identity = _identity(note.note_id)
        await uow.publish([Envelope(data=note, time=now, source=SOURCE, event_id=identity)])

    async def on_commands(
        self, uow: EscalationUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
    ) -> None:
        """Tell each note that somebody asks to leave, also for a schedule that is gone since."""
        await uow.publish(
            [
                caused_by(
                    one,
                    _left(one.data),
                    now=now,
                    source=SOURCE,
                    event_id=_identity(one.data.note_id),
                )
                for one in envelopes
                if isinstance(one.data, LeaveHandoffNote)
            ]
        )


def _left(command: LeaveHandoffNote) -> HandoffNoteLeft:
    return HandoffNoteLeft(
        note_id=command.note_id, schedule=command.schedule, text=command.text, by=command.by
    )


def _identity(note_id: str) -> str:
    return ids.derived("handoff-note", note_id)
