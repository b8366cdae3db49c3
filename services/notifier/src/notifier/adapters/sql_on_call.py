"""Who is on call, in SQL: a row for each schedule."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.adapters.tables import ON_CALL
from notifier.domain.on_call import OnCall
from tocsin.sql import upsert


class SqlOnCall:
    """Who is on call."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def save(self, known: Sequence[OnCall]) -> None:
        """Write what is known of these schedules now."""
        rows = [asdict(one) for one in known]
        await upsert(self._connection, ON_CALL, rows, key=["schedule"])

    async def remove(self, schedules: Sequence[str]) -> None:
        """Forget schedules that are no more."""
        if schedules:
            gone = delete(ON_CALL).where(ON_CALL.c.schedule.in_(schedules))
            await self._connection.execute(gone)

    async def listed(self) -> list[OnCall]:
        """Return what is known of all schedules, by name."""
        rows = (
            await self._connection.execute(select(ON_CALL).order_by(ON_CALL.c.schedule))
        ).mappings()
        return [
            OnCall(
                row["schedule"],
                tuple(row["responders"]),
                row["since"],
                row["until"],
                tuple(row["then"]),
            )
            for row in rows
        ]
