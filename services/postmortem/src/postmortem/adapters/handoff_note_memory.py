"""Handoff notes in a dict, held to the same contract as SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from postmortem.domain.handoff_note import HandoffNote


class MemoryHandoffNotes:
    """Notes by their ids."""

    def __init__(self, table: dict[Any, Any]) -> None:
        """Keep them in `table`."""
        self._table: dict[str, HandoffNote] = table

    async def add(self, notes: Sequence[HandoffNote]) -> None:
        """Write new notes; those that exist stay as they are."""
        for one in notes:
            self._table.setdefault(one.note_id, one)

    async def latest(
        self, schedule: str, limit: int, before: tuple[datetime, str] | None = None
    ) -> list[HandoffNote]:
        """Return the notes of a schedule, the newest first; those before one where it is given."""
        own = [one for one in self._table.values() if one.schedule == schedule]
        newest = sorted(own, key=lambda one: (one.left_at, one.note_id), reverse=True)
        older = (one for one in newest if before is None or (one.left_at, one.note_id) < before)
        return list(older)[:limit]
