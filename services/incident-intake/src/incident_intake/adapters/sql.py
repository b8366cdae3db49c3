"""The ports in SQL: one code for SQLite and PostgreSQL, a statement for each kind and batch."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from incident_intake.adapters.rows import (
    ALERTS,
    COUNTERS,
    INCIDENTS,
    MEMBERSHIPS,
    METADATA,
    alert_of,
    alert_row,
    incident_of,
    incident_row,
)
from incident_intake.adapters.silences import SqlSilences, newest
from incident_intake.domain.alert import Alert
from incident_intake.domain.incident import Incident
from incident_intake.ports import AlertFilter, IncidentFilter, Membership
from tocsin.prepared import Among, Prepared
from tocsin.sql import SqlUnitOfWork, insert_new, upsert

__all__ = ["METADATA", "SqlIntakeUnitOfWork"]
OPEN = ("triggered", "acknowledged")
LAST_NUMBER = "incident"
_BY_ID = Among(ALERTS.c.alert_id, "ids")
_FIRING = and_(Among(ALERTS.c.incident_id, "incidents"), ALERTS.c.status == "firing")
_HELD = and_(ALERTS.c.silence_id == bindparam("silence"), ALERTS.c.status == "suppressed")
_ALERTS, _FIRING_ALERTS, _HELD_ALERTS = (
    Prepared(select(ALERTS).where(where).order_by(ALERTS.c.alert_id).with_for_update())
    for where in (_BY_ID, _FIRING, _HELD)
)
_SHOWN = Prepared(select(ALERTS).where(_BY_ID).order_by(ALERTS.c.alert_id))
_PARTS = Prepared(
    select(MEMBERSHIPS).where(
        Among(MEMBERSHIPS.c.incident_id, "incidents"), Among(MEMBERSHIPS.c.alert_id, "alerts")
    )
)
_INCIDENTS = Prepared(
    select(INCIDENTS)
    .where(
        or_(
            Among(INCIDENTS.c.incident_id, "ids"),
            and_(Among(INCIDENTS.c.group_key, "groups"), Among(INCIDENTS.c.status, "open")),
        )
    )
    .order_by(INCIDENTS.c.incident_id)
    .with_for_update()
)
_LAST_NUMBER = Prepared(
    update(COUNTERS)
    .where(COUNTERS.c.name == LAST_NUMBER)
    .values(value=COUNTERS.c.value)
    .returning(COUNTERS.c.value)
)
_SAVE_NUMBER = Prepared(
    update(COUNTERS).where(COUNTERS.c.name == LAST_NUMBER).values(value=bindparam("number"))
)


class SqlAlerts:
    """Alerts and their parts in incidents, in SQL."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def load(self, alert_ids: Iterable[str]) -> dict[str, Alert]:
        """Return these alerts, those that exist, locked."""
        found = await self._locked(_ALERTS, ids=sorted(alert_ids))
        return {alert.alert_id: alert for alert in found}

    async def named(self, alert_ids: Iterable[str]) -> list[Alert]:
        """Return these alerts, those that exist, unlocked: to show them."""
        rows = await _SHOWN.rows(self._connection, {"ids": list(alert_ids)})
        return [alert_of(row) for row in rows]

    async def firing_in(self, incident_ids: Iterable[str]) -> list[Alert]:
        """Return the firing alerts of these incidents, locked."""
        return await self._locked(_FIRING_ALERTS, incidents=list(incident_ids))

    async def suppressed_by(self, silence_id: str) -> list[Alert]:
        """Return the alerts that this silence holds back, locked."""
        return await self._locked(_HELD_ALERTS, silence=silence_id)

    async def _locked(self, statement: Prepared, **values: object) -> list[Alert]:
        return [alert_of(row) for row in await statement.rows(self._connection, values)]

    async def save(self, alerts: Sequence[Alert]) -> None:
        """Write these alerts."""
        await upsert(self._connection, ALERTS, list(map(alert_row, alerts)), key=["alert_id"])

    async def save_memberships(self, memberships: Sequence[Membership]) -> None:
        """Write these parts in incidents."""
        rows = [
            {
                "incident_id": each.incident_id,
                "alert_id": each.alert_id,
                "status": each.status,
                "started_at": each.started_at,
                "ended_at": each.ended_at,
            }
            for each in memberships
        ]
        await upsert(self._connection, MEMBERSHIPS, rows, key=["incident_id", "alert_id"])

    async def parts(
        self, alert_ids: Iterable[str], incident_ids: Iterable[str]
    ) -> list[Membership]:
        """Return the parts that any of these alerts have in any of these incidents."""
        given = {"alerts": list(alert_ids), "incidents": list(incident_ids)}
        return [
            Membership(row.incident_id, row.alert_id, row.status, row.started_at, row.ended_at)
            for row in await _PARTS.rows(self._connection, given)
        ]

    async def members(self, incident_id: str, limit: int) -> list[tuple[Membership, Alert]]:
        """Return the alerts of an incident with their part in it, oldest first."""
        part = MEMBERSHIPS.c
        statement = (
            select(
                ALERTS,
                part.status.label("part_status"),
                part.started_at.label("part_started_at"),
                part.ended_at.label("part_ended_at"),
            )
            .join(MEMBERSHIPS, part.alert_id == ALERTS.c.alert_id)
            .where(part.incident_id == incident_id)
            .order_by(ALERTS.c.first_received_at, ALERTS.c.alert_id)
            .limit(limit)
        )
        return [
            (
                Membership(
                    incident_id,
                    row.alert_id,
                    row.part_status,
                    row.part_started_at,
                    row.part_ended_at,
                ),
                alert_of(row),
            )
            for row in await self._connection.execute(statement)
        ]

    async def listed(self, wanted: AlertFilter, after: str | None, limit: int) -> list[Alert]:
        """Return alerts, newest episode first, from after a cursor."""
        statement = newest(ALERTS, "first_received_at", "alert_id", after, limit)
        if wanted.statuses:
            statement = statement.where(ALERTS.c.status.in_(wanted.statuses))
        if wanted.services:
            statement = statement.where(ALERTS.c.service.in_(wanted.services))
        if wanted.integration:
            statement = statement.where(ALERTS.c.integration == wanted.integration)
        return [alert_of(row) for row in await self._connection.execute(statement)]


class SqlIncidents:
    """Incidents and the counter that numbers them, in SQL."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def load(
        self, incident_ids: Iterable[str], group_keys: Iterable[str] = ()
    ) -> dict[str, Incident]:
        """Return these incidents and the open ones of these groups, by id, locked."""
        given = {"ids": list(incident_ids), "groups": list(group_keys), "open": OPEN}
        rows = await _INCIDENTS.rows(self._connection, given)
        return {row.incident_id: incident_of(row) for row in rows}

    async def last_number(self) -> int:
        """Return the number of the latest incident, with the counter locked."""
        number = await _LAST_NUMBER.scalars(self._connection)
        if not number:
            first = [{"name": LAST_NUMBER, "value": 0}]
            await insert_new(self._connection, COUNTERS, first, key=["name"])
            number = await _LAST_NUMBER.scalars(self._connection)
        return int(number[0])

    async def save_last_number(self, number: int) -> None:
        """Remember the number of the latest incident."""
        await _SAVE_NUMBER.many(self._connection, [{"number": number}])

    async def save(self, incidents: Sequence[Incident]) -> None:
        """Write these incidents."""
        rows = list(map(incident_row, incidents))
        await upsert(self._connection, INCIDENTS, rows, key=["incident_id"])

    async def get(self, incident_id: str) -> Incident | None:
        """Return the incident with this id, unlocked."""
        return await self._shown(INCIDENTS.c.incident_id == incident_id)

    async def numbered(self, number: int) -> Incident | None:
        """Return the incident with this number, unlocked."""
        return await self._shown(INCIDENTS.c.number == number)

    async def _shown(self, where: ColumnElement[bool]) -> Incident | None:
        row = (await self._connection.execute(select(INCIDENTS).where(where))).one_or_none()
        return None if row is None else incident_of(row)

    async def listed(self, wanted: IncidentFilter, below: int | None, limit: int) -> list[Incident]:
        """Return incidents, newest first, with numbers below this one."""
        statement = select(INCIDENTS).order_by(INCIDENTS.c.number.desc()).limit(limit)
        if below is not None:
            statement = statement.where(INCIDENTS.c.number < below)
        if wanted.statuses:
            statement = statement.where(INCIDENTS.c.status.in_(wanted.statuses))
        if wanted.services:
            statement = statement.where(INCIDENTS.c.service.in_(wanted.services))
        if wanted.since is not None:
            statement = statement.where(INCIDENTS.c.triggered_at >= wanted.since)
        return [incident_of(row) for row in await self._connection.execute(statement)]


class SqlIntakeUnitOfWork(SqlUnitOfWork):
    """One transaction of incident-intake in SQL."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        """Work on `connection`."""
        super().__init__(connection, now)
        self.alerts = SqlAlerts(connection)
        self.incidents = SqlIncidents(connection)
        self.silences = SqlSilences(connection)
