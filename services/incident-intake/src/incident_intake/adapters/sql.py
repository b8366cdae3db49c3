"""The ports in SQL: one code for SQLite and PostgreSQL, a statement for each kind and batch."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import zip_longest

from sqlalchemy import ColumnElement, and_, or_, select, update
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
from tocsin.sql import SqlUnitOfWork, insert_new, upsert

__all__ = ["METADATA", "SqlIntakeUnitOfWork"]
OPEN = ("triggered", "acknowledged")
LAST_NUMBER = "incident"
MOST_PARAMETERS = 10_000  # Of one statement; PostgreSQL and SQLite take 32,766.


def chunks(identities: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Return the identities in parts that one statement takes, each before the next in order."""
    ordered = sorted(identities)
    for start in range(0, len(ordered), MOST_PARAMETERS):
        yield tuple(ordered[start : start + MOST_PARAMETERS])


class SqlAlerts:
    """Alerts and their parts in incidents, in SQL."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def load(self, alert_ids: Iterable[str]) -> dict[str, Alert]:
        """Return these alerts, those that exist, locked."""
        return {
            alert.alert_id: alert
            for some in chunks(alert_ids)
            for alert in await self._locked(ALERTS.c.alert_id.in_(some))
        }

    async def named(self, alert_ids: Iterable[str]) -> list[Alert]:
        """Return these alerts, those that exist, unlocked: to show them."""
        return [
            alert_of(row)
            for some in chunks(alert_ids)
            for row in await self._connection.execute(
                select(ALERTS).where(ALERTS.c.alert_id.in_(some)).order_by(ALERTS.c.alert_id)
            )
        ]

    async def firing_in(self, incident_ids: Iterable[str]) -> list[Alert]:
        """Return the firing alerts of these incidents, locked."""
        firing = ALERTS.c.status == "firing"
        return [
            alert
            for some in chunks(incident_ids)
            for alert in await self._locked(and_(ALERTS.c.incident_id.in_(some), firing))
        ]

    async def suppressed_by(self, silence_id: str) -> list[Alert]:
        """Return the alerts that this silence holds back, locked."""
        held = ALERTS.c.silence_id == silence_id
        return await self._locked(and_(held, ALERTS.c.status == "suppressed"))

    async def _locked(self, where: ColumnElement[bool]) -> list[Alert]:
        statement = select(ALERTS).where(where).order_by(ALERTS.c.alert_id).with_for_update()
        return [alert_of(row) for row in await self._connection.execute(statement)]

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
        part, wanted = MEMBERSHIPS.c, list(chunks(incident_ids))
        return [
            Membership(row.incident_id, row.alert_id, row.status, row.started_at, row.ended_at)
            for alerts in chunks(alert_ids)
            for incidents in wanted
            for row in await self._connection.execute(
                select(MEMBERSHIPS).where(
                    part.incident_id.in_(incidents), part.alert_id.in_(alerts)
                )
            )
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
        found: dict[str, Incident] = {}
        parts = zip_longest(chunks(incident_ids), chunks(group_keys), fillvalue=())
        for identities, groups in parts:
            where: ColumnElement[bool] = INCIDENTS.c.incident_id.in_(identities)
            if groups:
                is_open = INCIDENTS.c.status.in_(OPEN)
                where = or_(where, and_(INCIDENTS.c.group_key.in_(groups), is_open))
            statement = (
                select(INCIDENTS).where(where).order_by(INCIDENTS.c.incident_id).with_for_update()
            )
            rows = await self._connection.execute(statement)
            found.update({row.incident_id: incident_of(row) for row in rows})
        return found

    async def last_number(self) -> int:
        """Return the number of the latest incident, with the counter locked."""
        lock = (
            update(COUNTERS)
            .where(COUNTERS.c.name == LAST_NUMBER)
            .values(value=COUNTERS.c.value)
            .returning(COUNTERS.c.value)
        )
        number = (await self._connection.execute(lock)).scalar_one_or_none()
        if number is None:
            first = [{"name": LAST_NUMBER, "value": 0}]
            await insert_new(self._connection, COUNTERS, first, key=["name"])
            number = (await self._connection.execute(lock)).scalar_one()
        return int(number)

    async def save_last_number(self, number: int) -> None:
        """Remember the number of the latest incident."""
        statement = update(COUNTERS).where(COUNTERS.c.name == LAST_NUMBER).values(value=number)
        await self._connection.execute(statement)

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
