"""Notifications in SQL, and the signs of life of those who send them."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.adapters.rows import notification_of, row_of
from notifier.adapters.tables import (
    ANY_DUE,
    CHANGING,
    CLAIMED,
    DUE,
    HELD_BY,
    LEASES,
    NOTIFICATIONS,
    SAVE,
    WAITING_FOR,
)
from notifier.domain.notification import Notification
from notifier.domain.retrying import LEASE
from tocsin.prepared import Among, Prepared
from tocsin.sql import insert_new

SENDER = "sender:"  # In the table of leases, beside the relay's.
_BY = {
    name: select(NOTIFICATIONS)
    .where(Among(NOTIFICATIONS.c[name], "values"))
    .order_by(NOTIFICATIONS.c.notification_id)
    for name in ("notification_id", "page_id", "incident_id")
}
_LOOKED_AT = {name: Prepared(statement) for name, statement in _BY.items()}
_LOCKED = {name: Prepared(statement.with_for_update()) for name, statement in _BY.items()}


class SqlNotifications:
    """Notifications, and which of them want something done."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def of(
        self, notification_ids: Collection[str], *, lock: bool = True
    ) -> dict[str, Notification]:
        """Return those that are known, locked unless they are only looked at."""
        found = await self._where("notification_id", notification_ids, lock=lock)
        return {one.notification_id: one for one in found}

    async def of_pages(self, page_ids: Collection[str]) -> list[Notification]:
        """Return all of these pages, locked."""
        return await self._where("page_id", page_ids)

    async def of_incidents(self, incident_ids: Collection[str]) -> list[Notification]:
        """Return all of these incidents, locked."""
        return await self._where("incident_id", incident_ids)

    async def due(self, now: datetime, limit: int) -> list[Notification]:
        """Return those that want something done by `now`; other replicas skip what we hold."""
        rows = await DUE.mappings(self._connection, {"now": now, "most": limit})
        return list(map(notification_of, rows))

    async def is_any_due(self, now: datetime) -> bool:
        """Return whether any wants something done by `now`, whoever holds it; locks nothing."""
        return bool(await ANY_DUE.rows(self._connection, {"now": now}))

    async def waiting_for(
        self, responders: Collection[str], now: datetime, limit: int
    ) -> list[Notification]:
        """Return pages to these people that should have gone by `now` and wait; locked."""
        given = {"people": list(responders), "now": now, "most": limit}
        return list(map(notification_of, await WAITING_FOR.mappings(self._connection, given)))

    async def held_by(self, holder: str, limit: int) -> list[Notification]:
        """Return those that are claimed by this process; locked."""
        given = {"held_by": f'%"holder":"{holder}"%', "most": limit}
        return list(map(notification_of, await HELD_BY.mappings(self._connection, given)))

    async def claimed_before(self, instant: datetime, limit: int) -> list[Notification]:
        """Return those still held by a claim that is older than `instant`; locked."""
        given = {"until": instant + LEASE, "most": limit}
        return list(map(notification_of, await CLAIMED.mappings(self._connection, given)))

    async def listed(
        self, incident_id: str, after: tuple[datetime, str] | None, limit: int
    ) -> list[Notification]:
        """Return an incident's notifications in the order they were due."""
        columns = NOTIFICATIONS.c
        statement = select(NOTIFICATIONS).where(columns.incident_id == incident_id)
        if after is not None:
            at, identity = after
            later = and_(columns.due_since == at, columns.notification_id > identity)
            statement = statement.where(or_(columns.due_since > at, later))
        ordered = statement.order_by(columns.due_since, columns.notification_id).limit(limit)
        rows = (await self._connection.execute(ordered)).mappings()
        return [notification_of(row) for row in rows]

    async def add(self, notifications: Sequence[Notification]) -> None:
        """Write new notifications; those that exist stay as they are."""
        rows = [row_of(one) for one in notifications]
        await insert_new(self._connection, NOTIFICATIONS, rows, key=["notification_id"])

    async def save(self, notifications: Sequence[Notification]) -> None:
        """Write whole notifications that exist."""
        rows = [row_of(one) for one in notifications]
        changes = [
            {"of": row["notification_id"]} | {name: row[name] for name in (*CHANGING, "data")}
            for row in rows
        ]
        await SAVE.many(self._connection, changes)

    async def _where(
        self, column: str, values: Collection[str], *, lock: bool = True
    ) -> list[Notification]:
        if not values:
            return []
        statement = (_LOCKED if lock else _LOOKED_AT)[column]
        rows = await statement.mappings(self._connection, {"values": list(values)})
        return list(map(notification_of, rows))


class SqlHolders:
    """The processes that send, as rows of the leases."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def beat(self, holder: str, until: datetime, *, is_first: bool) -> bool:
        """Say that `holder` lives `until` then; return whether that stands."""
        if is_first:
            row = {"name": SENDER + holder, "holder": holder, "fence": 1, "held_until": until}
            await insert_new(self._connection, LEASES, [row], key=["name"])
            return True
        written = await self._connection.execute(
            update(LEASES).where(LEASES.c.name == SENDER + holder).values(held_until=until)
        )
        return written.rowcount == 1

    async def signs(self) -> dict[str, datetime]:
        """Return the last sign of life of each."""
        found = await self._connection.execute(
            select(LEASES.c.holder, LEASES.c.held_until).where(
                LEASES.c.name.startswith(SENDER, autoescape=True)
            )
        )
        return {row.holder: row.held_until for row in found}

    async def forget(self, holder: str, sign: datetime) -> bool:
        """Strike out a holder, if that is still its last sign; return whether it was."""
        struck = await self._connection.execute(
            delete(LEASES).where(LEASES.c.name == SENDER + holder, LEASES.c.held_until == sign)
        )
        return struck.rowcount == 1
