"""Swaps in SQL: a row each, the swap itself one JSON value."""

from pydantic import TypeAdapter
from sqlalchemy import Column, MetaData, Table, Text, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.swap import Swap
from tocsin.sql import Json, upsert

_SWAP = TypeAdapter(Swap)


def swaps_table(metadata: MetaData) -> Table:
    """Return the table among the service's others."""
    return Table(
        "swaps",
        metadata,
        Column("swap_id", Text, primary_key=True),
        Column("schedule", Text, nullable=False),
        Column("proposer", Text, nullable=False),
        Column("other", Text, nullable=False),
        Column("swap", Json, nullable=False),
    )


class SqlSwaps:
    """A row per swap."""

    def __init__(self, connection: AsyncConnection, table: Table) -> None:
        """Work on `table` in the transaction of `connection`."""
        self._connection = connection
        self._table = table

    async def load(self, swap_id: str) -> Swap | None:
        """Return one that exists, locked until the transaction ends."""
        rows = self._table.c
        query = select(rows.swap).where(rows.swap_id == swap_id).with_for_update()
        found = (await self._connection.execute(query)).scalar()
        return None if found is None else _SWAP.validate_python(found)

    async def listed(
        self, schedule: str | None, person: str | None, after: str | None, limit: int
    ) -> list[Swap]:
        """Return swaps by their ids, after one of them."""
        rows = self._table.c
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
        await upsert(self._connection, self._table, [row], key=["swap_id"])
