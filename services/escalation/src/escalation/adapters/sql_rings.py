"""Whose turn it is, in SQL: a row per ring, whose lock deals the turns one after another."""

from collections.abc import Collection, Mapping

from pydantic import TypeAdapter
from sqlalchemy import Column, MetaData, Table, Text, select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.domain.turns import Ring
from tocsin.sql import Json, insert_new, upsert

_RING = TypeAdapter(Ring)
_NEW = Ring()


def ring_table(metadata: MetaData) -> Table:
    """Return the table of the rings."""
    return Table(
        "rings",
        metadata,
        Column("ring", Text, primary_key=True),
        Column("turns", Json, nullable=False),
    )


class SqlRings:
    """Rows are made before they are read: what is not there cannot be locked."""

    def __init__(self, connection: AsyncConnection, table: Table) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection
        self._table = table

    async def load(self, names: Collection[str]) -> dict[str, Ring]:
        """Return each of these, locked until the transaction ends; a new one has not begun."""
        wanted = sorted(names)  # One order everywhere: no deadlock.
        if not wanted:
            return {}
        rows = [_row(name, _NEW) for name in wanted]
        await insert_new(self._connection, self._table, rows, key=["ring"])
        query = (
            select(self._table)
            .where(self._table.c.ring.in_(wanted))
            .order_by(self._table.c.ring)
            .with_for_update()
        )
        found = await self._connection.execute(query)
        return {row.ring: _RING.validate_python(row.turns) for row in found}

    async def save(self, rings: Mapping[str, Ring]) -> None:
        """Write these whole."""
        rows = [_row(name, ring) for name, ring in sorted(rings.items())]
        await upsert(self._connection, self._table, rows, key=["ring"])


def _row(name: str, ring: Ring) -> dict[str, object]:
    return {"ring": name, "turns": _RING.dump_python(ring, mode="json")}
