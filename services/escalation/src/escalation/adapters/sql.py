"""The ports in SQL: one code for SQLite and PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.adapters.sql_calendars import SqlCalendars
from escalation.adapters.sql_catalog import SqlCatalogHistory
from escalation.adapters.sql_rings import SqlRings
from escalation.adapters.sql_swaps import SqlSwaps
from escalation.adapters.tables import ESCALATIONS, HAND_OFFS, METADATA
from escalation.domain.escalation import Escalation
from escalation.ports import Told
from tocsin.events import OnCallChanged
from tocsin.prepared import Among, Prepared
from tocsin.sql import SqlUnitOfWork, insert_new, upsert

__all__ = ["METADATA", "SqlEscalationUnitOfWork"]

_CLIMB = TypeAdapter(Escalation)
_LOAD = Prepared(
    select(ESCALATIONS.c.incident_id, ESCALATIONS.c.climb)
    .where(Among(ESCALATIONS.c.incident_id, "ids"))
    .order_by(ESCALATIONS.c.incident_id)  # One order everywhere: no deadlock.
    .with_for_update()
)


def _read(climb: Any) -> Escalation:  # noqa: ANN401 - JSON
    # Leniently: the next release may write fields that we do not know.
    return _CLIMB.validate_python(climb, extra="ignore")


class SqlEscalations:
    """A row per incident; the climb itself is one JSON value, read and written whole."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        """Work in the transaction of `connection`; `now` dates the rows."""
        self._connection = connection
        self._now = now

    async def load(self, incident_ids: Collection[str]) -> Mapping[str, Escalation]:
        """Return those that exist, locked until the transaction ends."""
        rows = await _LOAD.rows(self._connection, {"ids": sorted(incident_ids)})
        return {row.incident_id: _read(row.climb) for row in rows}

    async def find(self, incident_id: str) -> Escalation | None:
        """Return one to look at, not locked."""
        query = select(ESCALATIONS.c.climb).where(ESCALATIONS.c.incident_id == incident_id)
        climb = (await self._connection.execute(query)).scalar()
        return None if climb is None else _read(climb)

    async def save(self, climbs: Sequence[Escalation]) -> None:
        """Write these whole."""
        await upsert(self._connection, ESCALATIONS, self._rows(climbs), key=["incident_id"])

    async def add(self, climbs: Sequence[Escalation]) -> None:
        """Write those that do not exist yet; one that another transaction wrote first stays."""
        await insert_new(self._connection, ESCALATIONS, self._rows(climbs), key=["incident_id"])

    def _rows(self, climbs: Sequence[Escalation]) -> list[dict[str, Any]]:
        ordered = sorted(climbs, key=lambda climb: climb.incident.incident_id)
        return [
            {
                "incident_id": climb.incident.incident_id,
                "version": climb.version,
                "status": type(climb.status).__name__.lower(),
                "updated_at": self._now,
                # Without what is as by default: the previous release reads it beside this one.
                "climb": _CLIMB.dump_python(climb, mode="json", exclude_defaults=True),
            }
            for climb in ordered
        ]


class SqlHandOffs:
    """A row per schedule; its lock orders what is told of it."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def load(self, schedules: Collection[str] | None) -> dict[str, Told]:
        """Return those that exist (None: all), locked until the transaction ends."""
        query = select(HAND_OFFS).order_by(HAND_OFFS.c.schedule).with_for_update()
        if schedules is not None:
            query = query.where(HAND_OFFS.c.schedule.in_(sorted(schedules)))
        rows = await self._connection.execute(query)
        return {
            row.schedule: Told(OnCallChanged.model_validate(row.fact), row.look_at) for row in rows
        }

    async def save(self, told: Sequence[Told]) -> None:
        """Write these whole."""
        rows = [
            {
                "schedule": one.fact.schedule,
                "look_at": one.look_at,
                "fact": one.fact.model_dump(mode="json"),
            }
            for one in told
        ]
        await upsert(self._connection, HAND_OFFS, rows, key=["schedule"])


class SqlEscalationUnitOfWork(SqlUnitOfWork):
    """One transaction with this service's repositories."""

    @cached_property
    def escalations(self) -> SqlEscalations:
        """The climbs."""
        return SqlEscalations(self.connection, self.now)

    @cached_property
    def catalog_history(self) -> SqlCatalogHistory:
        """The catalog's history."""
        return SqlCatalogHistory(self.connection)

    @cached_property
    def hand_offs(self) -> SqlHandOffs:
        """What was told of who is on call."""
        return SqlHandOffs(self.connection)

    @cached_property
    def rings(self) -> SqlRings:
        """Whose turn it is."""
        return SqlRings(self.connection)

    @cached_property
    def swaps(self) -> SqlSwaps:
        """What people proposed to each other."""
        return SqlSwaps(self.connection)

    @cached_property
    def calendars(self) -> SqlCalendars:
        """When people are away."""
        return SqlCalendars(self.connection)
