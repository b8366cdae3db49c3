"""The ledger of obligations in SQL: one statement for each thing asked, whatever the batch."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, case, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.obligations import ACT_EVERY, TELL_EVERY, Debts, Obligation, at_once
from tocsin.prepared import Prepared
from tocsin.tables import OBLIGATIONS, Instant, upsert

T = OBLIGATIONS.c
RENEWED = ("version", "text")
_DISCHARGE = Prepared(
    delete(OBLIGATIONS).where(T.obligation_id == bindparam("of"), T.version <= bindparam("up_to"))
)
_DEFER = Prepared(
    update(OBLIGATIONS)
    .where(T.obligation_id == bindparam("of"))
    .values(
        due_at=bindparam("until", type_=Instant),
        act_at=bindparam("until", type_=Instant),
        alarmed_at=None,
    )
)
_OVERDUE = T.due_at <= bindparam("now", type_=Instant)
_UNTOLD = and_(
    _OVERDUE, or_(T.alarmed_at.is_(None), T.alarmed_at <= bindparam("told_before", type_=Instant))
)
_DEBTS = select(
    func.count(),
    func.coalesce(func.sum(case((_OVERDUE, 1), else_=0)), 0),
    func.coalesce(func.sum(case((_UNTOLD, 1), else_=0)), 0),
    func.min(T.due_at),
)
_TO_ACT = (
    select(OBLIGATIONS)
    .where(T.act_at <= bindparam("now", type_=Instant), _OVERDUE)
    .order_by(T.act_at, T.obligation_id)
    .limit(bindparam("most"))
)
_ACTED = (
    update(OBLIGATIONS)
    .where(T.obligation_id == bindparam("of"), T.version == bindparam("known"))
    .values(act_at=bindparam("again_at", type_=Instant), attempts=T.attempts + 1)
)
_TOLD = update(OBLIGATIONS).where(_OVERDUE).values(alarmed_at=bindparam("now", type_=Instant))


class SqlLedger:
    """The obligations of one service, in SQL."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def owe(self, obligations: Sequence[Obligation]) -> None:
        """Take these on; one that is owed already keeps its time, and who was told of it."""
        rows = [_row(one) for one in at_once(obligations)]
        await upsert(self._connection, OBLIGATIONS, rows, key=["obligation_id"], only=RENEWED)

    async def discharge(self, done: Mapping[str, int]) -> None:
        """Strike off these ids, each up to this version; those that are not owed are ignored."""
        if done:
            # In one order, so that two transactions never wait for each other.
            rows = [{"of": name, "up_to": version} for name, version in sorted(done.items())]
            await _DISCHARGE.many(self._connection, rows)

    async def defer(self, due: Mapping[str, datetime]) -> None:
        """Give these until then; those that are not owed any more stay struck off."""
        if due:
            rows = [{"of": name, "until": until} for name, until in sorted(due.items())]
            await _DEFER.many(self._connection, rows)

    async def overdue(self, now: datetime, limit: int) -> list[Obligation]:
        """Return what is overdue and to be acted on, longest overdue first, not locked."""
        found = await self._connection.execute(_TO_ACT, {"now": now, "most": limit})
        return [_obligation(row) for row in found]

    async def acted(self, obligations: Sequence[Obligation], now: datetime) -> None:
        """Count an attempt for each; their turn comes again after `ACT_EVERY`."""
        if obligations:
            ordered = sorted(obligations, key=lambda one: one.obligation_id)
            rows = [
                {"of": one.obligation_id, "known": one.version, "again_at": now + ACT_EVERY}
                for one in ordered
            ]
            await self._connection.execute(_ACTED, rows)

    async def debts(self, now: datetime) -> Debts:
        """Return how the ledger stands."""
        parameters = {"now": now, "told_before": now - TELL_EVERY}
        row = (await self._connection.execute(_DEBTS, parameters)).one()
        return Debts(int(row[0]), int(row[1]), int(row[2]), row[3])

    async def told(self, now: datetime) -> None:
        """Note that people were told of all that is overdue by `now`."""
        await self._connection.execute(_TOLD, {"now": now})

    async def listed(
        self,
        limit: int,
        *,
        overdue_at: datetime | None = None,
        after: tuple[datetime, str] | None = None,
    ) -> list[Obligation]:
        """Return open obligations by their deadline, from after a place in that order."""
        statement = select(OBLIGATIONS).order_by(T.due_at, T.obligation_id).limit(limit)
        if overdue_at is not None:
            statement = statement.where(T.due_at <= overdue_at)
        if after is not None:
            due_at, identity = after
            later = and_(T.due_at == due_at, T.obligation_id > identity)
            statement = statement.where(or_(T.due_at > due_at, later))
        return [_obligation(row) for row in await self._connection.execute(statement)]


def _row(one: Obligation) -> dict[str, Any]:
    return {
        "obligation_id": one.obligation_id,
        "kind": one.kind,
        "subject": one.subject,
        "text": one.text,
        "version": one.version,
        "owed_at": one.owed_at,
        "due_at": one.due_at,
        "act_at": one.due_at,
        "attempts": one.attempts,
        "alarmed_at": one.alarmed_at,
    }


def _obligation(row: Row[Any]) -> Obligation:
    return Obligation(
        obligation_id=row.obligation_id,
        kind=row.kind,
        subject=row.subject,
        text=row.text,
        owed_at=row.owed_at,
        due_at=row.due_at,
        version=row.version,
        attempts=row.attempts,
        alarmed_at=row.alarmed_at,
    )
