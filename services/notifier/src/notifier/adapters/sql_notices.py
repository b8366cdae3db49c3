"""Notices of handoffs in SQL: a row for each schedule's coming shifts, and one for each notice."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.adapters.tables import HANDOFF_NOTES, NOTICES, OUTLOOKS
from notifier.domain.contact import ContactMethod
from notifier.domain.handoff_note import HandoffNote
from notifier.domain.notice import Notice
from notifier.domain.outlook import Outlook, Shift
from tocsin.sql import insert_new, upsert

_COLUMNS = tuple(column.name for column in NOTICES.columns if column.name != "data")


class SqlOutlooks:
    """The coming shifts of each schedule."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def of(self, schedules: Collection[str], *, lock: bool = True) -> dict[str, Outlook]:
        """Return those that are known, locked unless they are only looked at."""
        if not schedules:
            return {}
        wanted = select(OUTLOOKS).where(OUTLOOKS.c.schedule.in_(sorted(schedules)))
        return {one.schedule: one for one in await self._found(wanted, lock=lock)}

    async def due(self, now: datetime) -> list[Outlook]:
        """Return all that are to be looked at by `now`, by name, locked."""
        return await self._found(select(OUTLOOKS).where(OUTLOOKS.c.look_at <= now), lock=True)

    async def save(self, outlooks: Sequence[Outlook]) -> None:
        """Write these whole."""
        ordered = sorted(outlooks, key=lambda one: one.schedule)  # One order everywhere.
        await upsert(self._connection, OUTLOOKS, list(map(_outlook_row, ordered)), key=["schedule"])

    async def look_again(self, at: datetime, needs: int) -> bool:
        """Let each be looked at by `at` at the latest, by a catalog of this version or later."""
        # One order everywhere: no deadlock.
        in_order = select(OUTLOOKS.c.schedule).order_by(OUTLOOKS.c.schedule).with_for_update()
        if not (await self._connection.execute(in_order)).all():
            return False
        later = OUTLOOKS.c.look_at.is_(None) | (OUTLOOKS.c.look_at > at)
        await self._connection.execute(update(OUTLOOKS).where(later).values(look_at=at))
        older = OUTLOOKS.c.needs < needs
        await self._connection.execute(update(OUTLOOKS).where(older).values(needs=needs))
        return True

    async def remove(self, schedules: Sequence[str]) -> None:
        """Forget schedules that are no more."""
        if schedules:
            gone = delete(OUTLOOKS).where(OUTLOOKS.c.schedule.in_(schedules))
            await self._connection.execute(gone)

    async def _found(self, statement: Select[Any], *, lock: bool) -> list[Outlook]:
        ordered = statement.order_by(OUTLOOKS.c.schedule)
        rows = await self._connection.execute(ordered.with_for_update() if lock else ordered)
        return [_outlook(row) for row in rows.mappings()]


class SqlNotices:
    """Notices, and what was told already."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def of(self, notice_ids: Collection[str]) -> dict[str, Notice]:
        """Return those that are known, locked."""
        if not notice_ids:
            return {}
        wanted = select(NOTICES).where(NOTICES.c.notice_id.in_(sorted(notice_ids)))
        locked = wanted.order_by(NOTICES.c.notice_id).with_for_update()
        return {one.notice_id: one for one in await self._found(locked)}

    async def of_occasions(self, occasions: Collection[str]) -> list[Notice]:
        """Return all of these occasions; locks nothing."""
        if not occasions:
            return []
        wanted = select(NOTICES).where(NOTICES.c.occasion.in_(sorted(occasions)))
        return await self._found(wanted.order_by(NOTICES.c.notice_id))

    async def due(self, now: datetime, limit: int) -> list[Notice]:
        """Return those that want something done by `now`, longest due first; locked."""
        wanted = select(NOTICES).where(NOTICES.c.wakes_at <= now)
        first = wanted.order_by(NOTICES.c.wakes_at, NOTICES.c.notice_id).limit(limit)
        return await self._found(first.with_for_update(skip_locked=True))

    async def add(self, notices: Sequence[Notice]) -> None:
        """Write new notices; those that exist stay as they are."""
        await insert_new(self._connection, NOTICES, list(map(_row, notices)), key=["notice_id"])

    async def save(self, notices: Sequence[Notice]) -> None:
        """Write whole notices that exist."""
        await upsert(self._connection, NOTICES, list(map(_row, notices)), key=["notice_id"])

    async def forget(self, before: datetime) -> None:
        """Forget those of handoffs before this instant."""
        await self._connection.execute(delete(NOTICES).where(NOTICES.c.handoff_at < before))

    async def _found(self, statement: Select[Any]) -> list[Notice]:
        return [_notice(row) for row in (await self._connection.execute(statement)).mappings()]


class SqlHandoffNotes:
    """The last note of each schedule."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def of(self, schedules: Collection[str]) -> dict[str, HandoffNote]:
        """Return those that are known."""
        if not schedules:
            return {}
        wanted = select(HANDOFF_NOTES).where(HANDOFF_NOTES.c.schedule.in_(sorted(schedules)))
        return {
            row.schedule: HandoffNote(row.schedule, row.note_id, **row.data, left_at=row.left_at)
            for row in await self._connection.execute(wanted)
        }

    async def save(self, notes: Sequence[HandoffNote]) -> None:
        """Write these in the places of those before them."""
        rows = [
            {
                "schedule": one.schedule,
                "note_id": one.note_id,
                "left_at": one.left_at,
                "data": {"text": one.text, "by": one.by},
            }
            for one in notes
        ]
        await upsert(self._connection, HANDOFF_NOTES, rows, key=["schedule"])


def _outlook_row(one: Outlook) -> dict[str, Any]:
    row = {column.name: getattr(one, column.name) for column in OUTLOOKS.columns}
    shifts = [[s.begins.isoformat(), s.ends.isoformat(), list(s.people)] for s in one.shifts]
    return row | {"shifts": shifts}


def _outlook(row: RowMapping) -> Outlook:
    shifts = tuple(
        Shift(datetime.fromisoformat(begins), datetime.fromisoformat(ends), tuple(people))
        for begins, ends, people in row["shifts"]
    )
    return Outlook(**{**row, "shifts": shifts})


def _row(one: Notice) -> dict[str, Any]:
    fields = asdict(one)
    contact = fields.pop("contact")
    row = {name: fields.pop(name) for name in _COLUMNS}
    return row | {"data": fields | {"contact": list(contact.values())}}


def _notice(row: RowMapping) -> Notice:
    data = {**row["data"]}
    contact = ContactMethod(*data.pop("contact"))
    schedules = tuple(data.pop("schedules"))
    own = {name: row[name] for name in _COLUMNS}
    return Notice(**own, **data, contact=contact, schedules=schedules)
