"""A note that somebody left for whoever is on call next."""

from dataclasses import dataclass
from datetime import datetime

from tocsin.events import Envelope, Event, HandoffNoteLeft


@dataclass(frozen=True, slots=True)
class HandoffNote:
    """Whose words, for which schedule, left when."""

    note_id: str
    schedule: str
    text: str
    by: str
    left_at: datetime

    @staticmethod
    def of(envelope: Envelope[Event]) -> "HandoffNote":
        """Return what an event tells."""
        fact = envelope.data
        assert isinstance(fact, HandoffNoteLeft)
        return HandoffNote(fact.note_id, fact.schedule, fact.text, fact.by.name, envelope.time)
