"""What is silenced and who is on call, in SQL."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from postmortem.adapters.console_sql import without_nul
from postmortem.adapters.tables import SILENCES, WATCHES
from postmortem.domain.watch import Hush, Watch
from tocsin.sql import upsert


class SqlSilences:
    """A row per silence."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def save(self, silences: Sequence[Hush]) -> None:
        """Write these whole."""
        await upsert(self._connection, SILENCES, _rows(silences), key=["silence_id"])

    async def get(self, silence_id: str) -> Hush | None:
        """Return one."""
        query = select(SILENCES).where(SILENCES.c.silence_id == silence_id)
        row = (await self._connection.execute(query)).mappings().first()
        return _hush(row) if row else None

    async def latest(self, limit: int) -> Sequence[Hush]:
        """Return those that end last, or ended last, first."""
        order = (SILENCES.c.ends_at.desc(), SILENCES.c.silence_id.desc())
        found = await self._connection.execute(select(SILENCES).order_by(*order).limit(limit))
        return [_hush(row) for row in found.mappings()]


class SqlWatches:
    """A row per schedule."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def save(self, watches: Sequence[Watch]) -> None:
        """Write these whole."""
        await upsert(self._connection, WATCHES, _rows(watches), key=["schedule"])

    async def remove(self, schedules: Sequence[str]) -> None:
        """Forget these schedules."""
        if schedules:
            gone = delete(WATCHES).where(WATCHES.c.schedule.in_(schedules))
            await self._connection.execute(gone)

    async def all(self) -> Sequence[Watch]:
        """Return who is on call, by schedule."""
        found = await self._connection.execute(select(WATCHES).order_by(WATCHES.c.schedule))
        return [
            Watch(
                schedule=row.schedule,
                responders=tuple(row.responders),
                since=row.since,
                until=row.until,
                following=tuple(row.following),
            )
            for row in found
        ]


def _rows(values: Sequence[Hush] | Sequence[Watch]) -> list[dict[str, Any]]:
    return [
        {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in without_nul(asdict(one)).items()
        }
        for one in values
    ]


def _hush(row: Any) -> Hush:  # noqa: ANN401 - a row of SQLAlchemy's.
    return Hush(**{**row, "matchers": tuple(row["matchers"])})
