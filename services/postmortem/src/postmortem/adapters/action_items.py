"""Action items in SQL."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from postmortem.adapters.tables import ACTION_ITEMS
from postmortem.domain.action_item import ActionItem, Promise
from postmortem.ports import Wanted
from tocsin.events import Actor
from tocsin.sql import upsert

_ORDER = (ACTION_ITEMS.c.due, ACTION_ITEMS.c.action_item_id)


class SqlActionItems:
    """A row for each action item."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def of(self, postmortem_id: str) -> Sequence[ActionItem]:
        """Return the items of a postmortem, by due date."""
        return await self._found(
            select(ACTION_ITEMS)
            .where(ACTION_ITEMS.c.postmortem_id == postmortem_id)
            .order_by(*_ORDER)
        )

    async def get(self, action_item_id: str) -> ActionItem | None:
        """Return one."""
        found = await self._found(
            select(ACTION_ITEMS).where(ACTION_ITEMS.c.action_item_id == action_item_id)
        )
        return found[0] if found else None

    async def save(self, item: ActionItem) -> None:
        """Write it whole, over what was there."""
        promise = item.promise
        row = {
            "action_item_id": item.action_item_id,
            "postmortem_id": item.postmortem_id,
            "incident_id": item.incident_id,
            "title": promise.title,
            "owner": promise.owner,
            "due": promise.due.isoformat(),
            "state": promise.state,
            "version": item.version,
            "opened_by": item.opened_by.model_dump(),
            "opened_at": item.opened_at,
            "changed_by": item.changed_by.model_dump(),
            "changed_at": item.changed_at,
        }
        await upsert(self._connection, ACTION_ITEMS, [row], key=["action_item_id"])

    async def page(
        self, wanted: Wanted, after: tuple[date, str] | None, limit: int
    ) -> Sequence[ActionItem]:
        """Return items by due date, from behind `after` (due, id)."""
        table = ACTION_ITEMS.c
        query = select(ACTION_ITEMS).order_by(*_ORDER).limit(limit)
        if wanted.state is not None:
            query = query.where(table.state == wanted.state)
        if wanted.owner is not None:
            query = query.where(table.owner == wanted.owner)
        if wanted.due_before is not None:
            query = query.where(table.due < wanted.due_before.isoformat())
        if after is not None:
            due, identity = after[0].isoformat(), after[1]
            behind = and_(table.due == due, table.action_item_id > identity)
            query = query.where(or_(table.due > due, behind))
        return await self._found(query)

    async def _found(self, query: Any) -> list[ActionItem]:  # noqa: ANN401 - SQLAlchemy's own.
        return [_item(row) for row in await self._connection.execute(query)]


def _item(row: Any) -> ActionItem:  # noqa: ANN401 - a row.
    return ActionItem(
        action_item_id=row.action_item_id,
        postmortem_id=row.postmortem_id,
        incident_id=row.incident_id,
        promise=Promise(row.title, row.owner, date.fromisoformat(row.due), row.state),
        version=row.version,
        opened_by=Actor.model_validate(row.opened_by),
        opened_at=row.opened_at,
        changed_by=Actor.model_validate(row.changed_by),
        changed_at=row.changed_at,
    )
