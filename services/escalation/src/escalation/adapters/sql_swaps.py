"""Swaps in SQL: a row each, the swap itself one JSON value."""

from pydantic import TypeAdapter
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.adapters.tables import SWAPS
from escalation.domain.swap import Swap
from tocsin.sql import upsert

_SWAP = TypeAdapter(Swap)


class SqlSwaps:
    """A row per swap."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def load(self, swap_id: str) -> Swap | None:
        """Return one that exists, locked until the transaction ends."""
        rows = SWAPS.c
        query = select(rows.swap).where(rows.swap_id == swap_id).with_for_update()
        found = (await self._connection.execute(query)).scalar()
        return None if found is None else _SWAP.validate_python(found)

    async def listed(
        self, schedule: str | None, person: str | None, after: str | None, limit: int
    ) -> list[Swap]:
        """Return swaps by their ids, after one of them."""
        rows = SWAPS.c
        query = select(rows.swap).order_by(rows.swap_id).limit(limit)
        if schedule is not None:
            query = query.where(rows.schedule == schedule)
        if person is not None:
            query = query.where(or_(rows.proposer == person, rows.other == person))
        if after is not None:
            query = query.where(rows.swap_id > after)
        found = (await self._connection.execute(query)).scalars()
        return [_SWAP.validate_python(one) for one in found]

    async def save(self, swap: Swap) -> None:
        """Write it whole."""
        row = {
            "swap_id": swap.swap_id,
            "schedule": swap.schedule,
            "proposer": swap.proposer,
            "other": swap.other,
            "swap": _SWAP.dump_python(swap, mode="json"),
        }
        await upsert(self._connection, SWAPS, [row], key=["swap_id"])
