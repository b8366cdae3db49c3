"""Calendars of absences in SQL: a row each. What was read is looked at only where it is needed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.adapters.tables import CALENDARS
from escalation.domain.calendars import Spans, Watched
from tocsin.sql import insert_new

_C = CALENDARS.c
_STATE = (_C.key, _C.next_at, _C.read_at, _C.failing_since, _C.failures, _C.error, _C.digest)


class SqlCalendars:
    """A row per calendar."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def watch(self, keys: Collection[str], now: datetime) -> None:
        """Keep these: of a new one nothing is known, and all others are forgotten."""
        wanted = sorted(keys)
        await self._connection.execute(delete(CALENDARS).where(_C.key.not_in(wanted)))
        rows = [{**asdict(Watched(key, now)), "spans": []} for key in wanted]
        await insert_new(self._connection, CALENDARS, rows, key=["key"])

    async def states(self) -> Sequence[Watched]:
        """Return all, by their keys."""
        found = await self._connection.execute(select(*_STATE))
        return sorted((_state(row) for row in found), key=lambda one: one.key)

    async def claim(self, now: datetime) -> Watched | None:
        """Return one that is due, and claim it: until then nobody else gets it."""
        due = select(*_STATE).where(_C.next_at <= now).order_by(_C.next_at, _C.key).limit(1)
        found = await self._connection.execute(due.with_for_update(skip_locked=True))
        row = found.first()
        if row is None:
            return None
        state = _state(row).claimed(now)
        await self.save(state, None)
        return state

    async def save(self, state: Watched, spans: Spans | None) -> None:
        """Write how it went, and what was read (None: the same); a forgotten one stays so."""
        values: dict[str, Any] = asdict(state)
        if spans is not None:
            values["spans"] = [list(span) for span in spans]
        await self._connection.execute(
            update(CALENDARS).where(_C.key == state.key).values(**values)
        )

    async def spans(self) -> Mapping[str, Spans]:
        """Return what was read, by the keys of the calendars that ever were."""
        was_read = select(_C.key, _C.spans).where(_C.read_at.is_not(None)).order_by(_C.key)
        found = await self._connection.execute(was_read)
        return {row.key: tuple((begins, until) for begins, until in row.spans) for row in found}


def _state(row: Any) -> Watched:  # noqa: ANN401 - a row.
    return Watched(*row)
