"""The shifts of the coming weeks, in SQL."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from postmortem.adapters.tables import OUTLOOKS
from postmortem.domain.outlook import Lane, Outlook, Shift, Told
from tocsin.sql import upsert

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class SqlOutlooks:
    """A row per schedule; its shifts are only ever read together, so they are one value."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def told(self, schedules: Sequence[str]) -> Mapping[str, Told]:
        """Return how new what is kept of each of these is."""
        columns = (OUTLOOKS.c.schedule, OUTLOOKS.c.catalog_version, OUTLOOKS.c.since)
        query = select(*columns).where(OUTLOOKS.c.schedule.in_(schedules))
        found = await self._connection.execute(query)
        return {row.schedule: (row.catalog_version, row.since) for row in found}

    async def save(self, outlooks: Sequence[Outlook]) -> None:
        """Write these whole."""
        rows = [
            {
                "schedule": one.schedule,
                "catalog_version": one.catalog_version,
                "since": one.since,
                "until": one.until,
                "final": _written(one.final),
                "layers": [[lane.name, _written(lane.shifts)] for lane in one.layers],
            }
            for one in outlooks
        ]
        await upsert(self._connection, OUTLOOKS, rows, key=["schedule"])

    async def remove(self, schedules: Sequence[str]) -> None:
        """Forget these schedules."""
        if schedules:
            gone = delete(OUTLOOKS).where(OUTLOOKS.c.schedule.in_(schedules))
            await self._connection.execute(gone)

    async def get(self, schedule: str) -> Outlook | None:
        """Return that of a schedule."""
        query = select(OUTLOOKS).where(OUTLOOKS.c.schedule == schedule)
        row = (await self._connection.execute(query)).first()
        if row is None:
            return None
        return Outlook(
            schedule=row.schedule,
            catalog_version=row.catalog_version,
            since=row.since,
            until=row.until,
            final=_read(row.final),
            layers=tuple(Lane(name, _read(shifts)) for name, shifts in row.layers),
        )


def _written(shifts: Iterable[Shift]) -> list[Any]:
    return [
        [(one.begins - EPOCH) // SECOND, (one.ends - EPOCH) // SECOND, *one.people]
        for one in shifts
    ]


def _read(shifts: Iterable[Any]) -> tuple[Shift, ...]:
    return tuple(
        Shift(EPOCH + begins * SECOND, EPOCH + ends * SECOND, tuple(people))
        for begins, ends, *people in shifts
    )
