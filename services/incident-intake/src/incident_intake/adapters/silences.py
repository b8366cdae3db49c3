"""Silences in SQL, and how every list that is sorted by time is paged."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Table, and_, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from incident_intake.adapters.rows import SILENCES, silence_of, silence_row
from incident_intake.domain.suppression import Silence
from incident_intake.ports import cursor_parts
from tocsin.prepared import Prepared
from tocsin.sql import Instant, upsert


def newest(table: Table, at: str, identity: str, after: str | None, limit: int) -> Select[Any]:
    """Return the statement for a page of a table that is sorted by time, newest first."""
    place = (table.c[at], table.c[identity])
    found = select(table).order_by(place[0].desc(), place[1].desc()).limit(limit)
    if after is None:
        return found
    end = cursor_parts(after)
    return found.where(or_(place[0] < end[0], and_(place[0] == end[0], place[1] < end[1])))


_NOW = bindparam("now", type_=Instant)
_ACTIVE = Prepared(select(SILENCES).where(SILENCES.c.ends_at > _NOW, SILENCES.c.starts_at <= _NOW))


class SqlSilences:
    """Silences, in SQL."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def active(self, now: datetime) -> list[Silence]:
        """Return the silences that hold now, unlocked."""
        return [silence_of(row) for row in await _ACTIVE.rows(self._connection, {"now": now})]

    async def load(self, silence_ids: Iterable[str]) -> dict[str, Silence]:
        """Return these silences, locked."""
        return await self._found(_named(silence_ids).with_for_update())

    async def named(self, silence_ids: Iterable[str]) -> dict[str, Silence]:
        """Return these silences, unlocked."""
        return await self._found(_named(silence_ids))

    async def standing(self, now: datetime) -> list[Silence]:
        """Return the silences that are not over, unlocked; some have not begun."""
        statement = select(SILENCES).where(SILENCES.c.ends_at > now)
        return list((await self._found(statement)).values())

    async def _found(self, statement: Select[Any]) -> dict[str, Silence]:
        found = await self._connection.execute(statement)
        return {row.silence_id: silence_of(row) for row in found}

    async def get(self, silence_id: str) -> Silence | None:
        """Return the silence with this id, unlocked."""
        statement = select(SILENCES).where(SILENCES.c.silence_id == silence_id)
        row = (await self._connection.execute(statement)).one_or_none()
        return None if row is None else silence_of(row)

    async def save(self, silences: Sequence[Silence]) -> None:
        """Write these silences."""
        rows = list(map(silence_row, silences))
        await upsert(self._connection, SILENCES, rows, key=["silence_id"])

    async def listed(self, after: str | None, limit: int) -> list[Silence]:
        """Return silences, newest first, from after a cursor."""
        statement = newest(SILENCES, "created_at", "silence_id", after, limit)
        return [silence_of(row) for row in await self._connection.execute(statement)]


def _named(silence_ids: Iterable[str]) -> Select[Any]:
    wanted = SILENCES.c.silence_id.in_(list(silence_ids))
    return select(SILENCES).where(wanted).order_by(SILENCES.c.silence_id)
