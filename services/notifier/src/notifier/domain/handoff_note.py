"""A note that somebody left for whoever is on call next, and whose notice carries it."""

from dataclasses import dataclass
from datetime import datetime

from notifier.domain.outlook import Handoff, Outlook


@dataclass(frozen=True, slots=True)
class HandoffNote:
    """The last note of a schedule: whose words, left when."""

    schedule: str
    note_id: str
    text: str
    by: str
    left_at: datetime


def carries(handoff: Handoff, note: HandoffNote | None, outlook: Outlook) -> bool:
    """Return whether a notice carries the note: nobody has gone on call since it was left."""
    if note is None or handoff.kind != "on_call":
        return False
    if not outlook.shifts[0].begins <= note.left_at < handoff.at:
        return False
    between = (one.at for one in outlook.handoffs() if one.kind == "on_call")
    return not any(note.left_at < at < handoff.at for at in between)
