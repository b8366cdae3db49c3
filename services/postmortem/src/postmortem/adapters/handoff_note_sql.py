"""Handoff notes in SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from postmortem.adapters.tables import HANDOFF_NOTES
from postmortem.domain.handoff_note import HandoffNote
from tocsin.sql import insert_new


class SqlHandoffNotes:
    """A row per note."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def add(self, notes: Sequence[HandoffNote]) -> None:
        """Write new notes; those that exist stay as they are."""
        rows = [
            {
                "note_id": one.note_id,
                "schedule": one.schedule,
                "left_at": one.left_at,
                "data": {"text": one.text, "by": one.by},
            }
            for one in notes
        ]
        await insert_new(self._connection, HANDOFF_NOTES, rows, key=["note_id"])

    async def latest(
        self, schedule: str, limit: int, before: tuple[datetime, str] | None = None
    ) -> list[HandoffNote]:
        """Return the notes of a schedule, the newest first; those before one where it is given."""
        columns = HANDOFF_NOTES.c
        query = select(HANDOFF_NOTES).where(columns.schedule == schedule)
        if before is not None:
            at, note_id = before
            same = and_(columns.left_at == at, columns.note_id < note_id)
            query = query.where(or_(columns.left_at < at, same))
        newest = query.order_by(columns.left_at.desc(), columns.note_id.desc()).limit(limit)
        return [
            HandoffNote(row.note_id, row.schedule, row.data["text"], row.data["by"], row.left_at)
            for row in await self._connection.execute(newest)
        ]
