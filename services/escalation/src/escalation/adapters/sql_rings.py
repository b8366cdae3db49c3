"""Whose turn it is, in SQL: a row per ring, whose lock deals the turns one after another."""

from collections.abc import Collection, Mapping

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.adapters.tables import RINGS
from escalation.domain.turns import Ring
from tocsin.sql import insert_new, upsert

_RING = TypeAdapter(Ring)
_NEW = Ring()


class SqlRings:
    """Rows are made before they are read: what is not there cannot be locked."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def load(self, names: Collection[str]) -> dict[str, Ring]:
        """Return each of these, locked until the transaction ends; a new one has not begun."""
        wanted = sorted(names)  # One order everywhere: no deadlock.
        if not wanted:
            return {}
        rows = [_row(name, _NEW) for name in wanted]
        await insert_new(self._connection, RINGS, rows, key=["ring"])
        query = (
            select(RINGS).where(RINGS.c.ring.in_(wanted)).order_by(RINGS.c.ring).with_for_update()
        )
        found = await self._connection.execute(query)
        return {row.ring: _RING.validate_python(row.turns) for row in found}

    async def save(self, rings: Mapping[str, Ring]) -> None:
        """Write these whole."""
        rows = [_row(name, ring) for name, ring in sorted(rings.items())]
        await upsert(self._connection, RINGS, rows, key=["ring"])


def _row(name: str, ring: Ring) -> dict[str, object]:
    return {"ring": name, "turns": _RING.dump_python(ring, mode="json")}
