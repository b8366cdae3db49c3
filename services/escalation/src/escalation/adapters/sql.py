"""The ports in SQL: one code for SQLite and PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import (
    BigInteger,
    Column,
    MetaData,
    Table,
    Text,
    and_,
    func,
    literal,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from escalation.adapters.sql_swaps import SqlSwaps, swaps_table
from escalation.domain.escalation import Escalation
from escalation.ports import Told
from tocsin.catalog.planning import Held
from tocsin.events import CatalogDocumentChanged, OnCallChanged
from tocsin.prepared import Among, Prepared
from tocsin.sql import Instant, Json, SqlUnitOfWork, insert_new, recipe_tables, upsert

METADATA = MetaData()
recipe_tables(METADATA)
ESCALATIONS = Table(
    "escalations",
    METADATA,
    Column("incident_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("climb", Json, nullable=False),
)
CATALOG_HEAD = Table(
    "catalog_head",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
)
CATALOG_HISTORY = Table(
    "catalog_history",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("set", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("spec", Json),  # None: deleted in this version.
    Column("applied_at", Instant, nullable=False),
)
HAND_OFFS = Table(
    "hand_offs",
    METADATA,
    Column("schedule", Text, primary_key=True),
    Column("look_at", Instant),  # None: the schedule was removed.
    Column("fact", Json, nullable=False),
)
SWAPS = swaps_table(METADATA)
_HEAD = {"id": "catalog", "version": 0}
_CLIMB = TypeAdapter(Escalation)
_LOAD = Prepared(
    select(ESCALATIONS.c.incident_id, ESCALATIONS.c.climb)
    .where(Among(ESCALATIONS.c.incident_id, "ids"))
    .order_by(ESCALATIONS.c.incident_id)  # One order everywhere: no deadlock.
    .with_for_update()
)


class SqlEscalations:
    """A row per incident; the climb itself is one JSON value, read and written whole."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        """Work in the transaction of `connection`; `now` dates the rows."""
        self._connection = connection
        self._now = now

    async def load(self, incident_ids: Collection[str]) -> Mapping[str, Escalation]:
        """Return those that exist, locked until the transaction ends."""
        rows = await _LOAD.rows(self._connection, {"ids": sorted(incident_ids)})
        return {row.incident_id: _CLIMB.validate_python(row.climb) for row in rows}

    async def find(self, incident_id: str) -> Escalation | None:
        """Return one to look at, not locked."""
        query = select(ESCALATIONS.c.climb).where(ESCALATIONS.c.incident_id == incident_id)
        climb = (await self._connection.execute(query)).scalar()
        return None if climb is None else _CLIMB.validate_python(climb)

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
                "climb": _CLIMB.dump_python(climb, mode="json"),
            }
            for climb in ordered
        ]


class SqlCatalogHistory:
    """Every version of every document, and a head row whose lock orders the versions."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def lock(self) -> int:
        """Return the latest version; no other transaction applies until this one ends."""
        await insert_new(self._connection, CATALOG_HEAD, [_HEAD], key=["id"])
        query = select(CATALOG_HEAD.c.version).with_for_update()
        return int((await self._connection.execute(query)).scalar_one())

    async def version(self) -> int:
        """Return the latest version."""
        found = (await self._connection.execute(select(CATALOG_HEAD.c.version))).scalar()
        return int(found or 0)

    async def version_at(self, at: datetime) -> int:
        """Return the version that was in force at an instant; 0 before the first."""
        rows = CATALOG_HISTORY.c
        query = select(func.max(rows.version)).where(rows.applied_at <= at)
        return int((await self._connection.execute(query)).scalar() or 0)

    async def documents(self, version: int | None = None) -> Sequence[Held]:
        """Return the documents as of a version (the latest), by kind and name."""
        rows = CATALOG_HISTORY.c
        upto = rows.version <= version if version is not None else literal(value=True)
        latest = (
            select(rows.kind, rows.name, func.max(rows.version).label("version"))
            .where(upto)
            .group_by(rows.kind, rows.name)
            .subquery()
        )
        same = and_(
            rows.kind == latest.c.kind,
            rows.name == latest.c.name,
            rows.version == latest.c.version,
        )
        query = (
            select(CATALOG_HISTORY)
            .join(latest, same)
            .where(rows.spec.is_not(None))
            .order_by(rows.kind, rows.name)
        )
        found = (await self._connection.execute(query)).mappings()
        return sorted(
            (
                Held(r["kind"], r["name"], r["set"], r["spec"], r["version"], r["author"])
                for r in found
            ),
            key=lambda held: held.key,  # Not the database's collation.
        )

    async def append(
        self, version: int, changes: Sequence[CatalogDocumentChanged], now: datetime
    ) -> None:
        """Write the documents that made this version."""
        rows = [
            {
                "kind": change.kind,
                "name": change.name,
                "version": version,
                "set": change.set,
                "author": change.author,
                "spec": change.spec,
                "applied_at": now,
            }
            for change in changes
        ]
        await self._connection.execute(CATALOG_HISTORY.insert(), rows)
        await upsert(self._connection, CATALOG_HEAD, [{**_HEAD, "version": version}], key=["id"])


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
    def swaps(self) -> SqlSwaps:
        """What people proposed to each other."""
        return SqlSwaps(self.connection, SWAPS)
