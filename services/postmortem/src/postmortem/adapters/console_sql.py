"""The console's rows in SQL: where incidents stand, commands given here, who is logged in."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from postmortem.adapters.tables import BOARDS, INCIDENTS, ORDERS, SESSIONS, STANDINGS
from postmortem.domain.order import Order
from postmortem.domain.standings import Standing
from postmortem.ports.console import Moved, Place, Session
from tocsin.sql import insert_new, upsert

_COLUMNS = [STANDINGS.c[field.name] for field in fields(Standing)]


class SqlStandings:
    """A row per incident, read by its status and number."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def load(self, incident_ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return those that are kept of these incidents."""
        found = await self._those(STANDINGS.c.incident_id.in_(incident_ids))
        return {one.incident_id: one for one in found}

    async def save(self, standings: Sequence[Standing], now: datetime) -> None:
        """Write these whole; they have moved `now`."""
        rows = [without_nul(asdict(one)) | {"moved_at": now} for one in standings]
        await upsert(self._connection, STANDINGS, rows, key=["incident_id"])

    async def find(self, identity: str) -> Standing | None:
        """Return the incident of this id, or of this number."""
        is_number = identity.isascii() and identity.isdigit() and len(identity) < 16  # noqa: PLR2004 - no number of ours is longer.
        wanted = (
            STANDINGS.c.number == int(identity)
            if is_number
            else STANDINGS.c.incident_id == identity
        )
        found = await self._those(wanted)
        return found[0] if found else None

    async def page(
        self, statuses: Sequence[str], after: Place | None, limit: int
    ) -> Sequence[Standing]:
        """Return those of these statuses: triggered before acknowledged, then newest first."""
        place = tuple_(STANDINGS.c.status, STANDINGS.c.number)
        query = (
            select(*_COLUMNS)
            .where(STANDINGS.c.status.in_(statuses), STANDINGS.c.number.is_not(None))
            # By the alphabet: triggered, resolved, merged, acknowledged.
            .order_by(STANDINGS.c.status.desc(), STANDINGS.c.number.desc())
            .limit(limit)
        )
        if after is not None:
            query = query.where(place < tuple_(*after))
        found = await self._connection.execute(query)
        return [Standing(**row) for row in found.mappings()]

    async def counts(self, statuses: Sequence[str]) -> Mapping[str, int]:
        """Return how many there are of each of these statuses."""
        query = (
            select(STANDINGS.c.status, func.count())
            .where(STANDINGS.c.status.in_(statuses), STANDINGS.c.number.is_not(None))
            .group_by(STANDINGS.c.status)
        )
        found = await self._connection.execute(query)
        return {status: number for status, number in found.all()}  # noqa: C416 - rows are no pairs to mypy.

    async def moved(self, since: datetime, limit: int) -> Sequence[Moved]:
        """Return what has moved since then, the latest first."""
        query = (
            select(STANDINGS.c.incident_id, STANDINGS.c.moved_at, STANDINGS.c.version)
            .where(STANDINGS.c.moved_at >= since)
            .order_by(STANDINGS.c.moved_at.desc(), STANDINGS.c.incident_id)
            .limit(limit)
        )
        return [Moved(**row) for row in (await self._connection.execute(query)).mappings()]

    async def missing(self, limit: int) -> Sequence[str]:
        """Return incidents that are known and not kept here."""
        joined = INCIDENTS.outerjoin(STANDINGS, INCIDENTS.c.incident_id == STANDINGS.c.incident_id)
        query = (
            select(INCIDENTS.c.incident_id)
            .select_from(joined)
            .where(STANDINGS.c.incident_id.is_(None))
            .limit(limit)
        )
        return list((await self._connection.execute(query)).scalars())

    async def _those(self, wanted: ColumnElement[bool]) -> Sequence[Standing]:
        found = await self._connection.execute(select(*_COLUMNS).where(wanted))
        return [Standing(**row) for row in found.mappings()]


class SqlOrders:
    """A row per command that was given here."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def add(self, order: Order) -> bool:
        """Keep a command; False where it was given before. Its incident is held, so none races."""
        if await self.get(order.command_id) is not None:
            return False
        await insert_new(self._connection, ORDERS, [_row(order)], key=["command_id"])
        return True

    async def get(self, command_id: str) -> Order | None:
        """Return a command, if it was given."""
        query = select(ORDERS).where(ORDERS.c.command_id == command_id)
        row = (await self._connection.execute(query)).mappings().first()
        return Order(**row) if row else None

    async def waiting(self, incident_ids: Sequence[str]) -> Sequence[Order]:
        """Return the commands of these incidents that nothing was heard of."""
        query = select(ORDERS).where(
            ORDERS.c.incident_id.in_(incident_ids), ORDERS.c.answered_at.is_(None)
        )
        return [Order(**row) for row in (await self._connection.execute(query)).mappings()]

    async def save(self, orders: Sequence[Order]) -> None:
        """Write these whole."""
        await upsert(self._connection, ORDERS, [_row(one) for one in orders], key=["command_id"])

    async def latest(self, incident_id: str, since: datetime) -> Sequence[Order]:
        """Return the commands of an incident since then, latest first."""
        return await self._since(ORDERS.c.incident_id == incident_id, since)

    async def given(self, by: str, since: datetime) -> Sequence[Order]:
        """Return the commands that somebody gave since then, latest first."""
        return await self._since(ORDERS.c.by == by.replace("\x00", "\ufffd"), since)

    async def _since(self, wanted: ColumnElement[bool], since: datetime) -> Sequence[Order]:
        query = (
            select(ORDERS)
            .where(wanted, ORDERS.c.sent_at >= since)
            .order_by(ORDERS.c.sent_at.desc(), ORDERS.c.command_id)
        )
        return [Order(**row) for row in (await self._connection.execute(query)).mappings()]


class SqlSessions:
    """A row per login."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def add(self, session: Session) -> None:
        """Keep a session."""
        await upsert(self._connection, SESSIONS, [asdict(session)], key=["key_hash"])

    async def get(self, key_hash: str) -> Session | None:
        """Return a session, whether it has expired or not."""
        query = select(SESSIONS).where(SESSIONS.c.key_hash == key_hash)
        row = (await self._connection.execute(query)).mappings().first()
        return Session(**row) if row else None

    async def remove(self, key_hash: str) -> None:
        """Forget a session, if there is one."""
        await self._connection.execute(delete(SESSIONS).where(SESSIONS.c.key_hash == key_hash))

    async def forget_expired(self, now: datetime) -> None:
        """Forget the sessions that have expired."""
        await self._connection.execute(delete(SESSIONS).where(SESSIONS.c.expires_at <= now))


class SqlBoards:
    """A row per board."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def move(self, board: str, now: datetime) -> None:
        """Something of it is written in this transaction; of two at once, both count."""
        row = {"board": board, "moved_at": now, "version": 0}
        await insert_new(self._connection, BOARDS, [row], key=["board"])
        further = {"moved_at": now, "version": BOARDS.c.version + 1}
        await self._connection.execute(
            update(BOARDS).where(BOARDS.c.board == board).values(further)
        )

    async def moved(self, since: datetime) -> Sequence[Moved]:
        """Return those that have moved since then, the latest first."""
        query = (
            select(BOARDS.c.board, BOARDS.c.moved_at, BOARDS.c.version)
            .where(BOARDS.c.moved_at >= since)
            .order_by(BOARDS.c.moved_at.desc(), BOARDS.c.board)
        )
        return [Moved(*row) for row in await self._connection.execute(query)]


def _row(order: Order) -> dict[str, Any]:
    return without_nul(asdict(order))


def without_nul(row: dict[str, Any]) -> dict[str, Any]:
    """PostgreSQL takes no NUL; the events keep what was really said."""
    return {
        name: value.replace("\x00", "\ufffd") if isinstance(value, str) else value
        for name, value in row.items()
    }
