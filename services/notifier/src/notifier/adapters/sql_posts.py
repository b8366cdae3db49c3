"""Posts in SQL, and the incidents that each tells of."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.adapters.tables import POST_INCIDENTS, POSTS
from notifier.domain.post import Post
from tocsin.sql import Instant, insert_new

_COLUMNS = tuple(column.name for column in POSTS.columns if column.name != "data")
_CHANGING = ("reference", "state", "wakes_at", "fence", "data")
_SAVE = (
    update(POSTS)
    .where(POSTS.c.post_id == bindparam("of"))
    .values({name: bindparam(name) for name in _CHANGING})
)
_DUE = (
    select(POSTS)
    .where(POSTS.c.wakes_at <= bindparam("now", type_=Instant))
    .order_by(POSTS.c.wakes_at, POSTS.c.post_id)
    .limit(bindparam("most"))
)


class SqlPosts:
    """Messages that are kept up to date."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def of(self, post_ids: Collection[str]) -> dict[str, Post]:
        """Return those that are known, locked."""
        if not post_ids:
            return {}
        found = await self._locked(select(POSTS).where(POSTS.c.post_id.in_(post_ids)))
        return {one.post_id: one for one in found}

    async def of_incidents(self, incident_ids: Collection[str]) -> list[Post]:
        """Return all that tell of these incidents, locked."""
        if not incident_ids:
            return []
        telling = select(POST_INCIDENTS.c.post_id).where(
            POST_INCIDENTS.c.incident_id.in_(incident_ids)
        )
        return await self._locked(select(POSTS).where(POSTS.c.post_id.in_(telling)))

    async def by_token(self, token_hash: str) -> Post | None:
        """Return the post whose buttons have this token."""
        found = await self._found(select(POSTS).where(POSTS.c.token_hash == token_hash).limit(1))
        return found[0] if found else None

    async def by_reference(self, channel: str, reference: str) -> Post | None:
        """Return the post that is this message."""
        wanted = select(POSTS).where(POSTS.c.channel == channel, POSTS.c.reference == reference)
        found = await self._found(wanted.limit(1))
        return found[0] if found else None

    async def recent(self, channel: str, address: str, since: datetime) -> list[Post]:
        """Return what was opened in a conversation since then, the oldest first; locked."""
        wanted = select(POSTS).where(
            POSTS.c.channel == channel, POSTS.c.address == address, POSTS.c.opened_at > since
        )
        return sorted(await self._locked(wanted), key=lambda one: (one.opened_at, one.post_id))

    async def due(self, now: datetime, limit: int) -> list[Post]:
        """Return those that want something done by `now`, longest due first; locks nothing."""
        rows = await self._connection.execute(_DUE, {"now": now, "most": limit})
        return [_post(row) for row in rows.mappings()]

    async def add(self, posts: Sequence[Post]) -> None:
        """Write new posts; those that exist stay as they are."""
        await insert_new(self._connection, POSTS, [_row(one) for one in posts], key=["post_id"])
        await self.tell([(one.post_id, about) for one in posts for about in one.incidents])

    async def save(self, posts: Sequence[Post]) -> None:
        """Write whole posts that exist."""
        if not posts:
            return
        rows = [_row(one) for one in posts]
        await self._connection.execute(
            _SAVE,
            [{"of": row["post_id"]} | {name: row[name] for name in _CHANGING} for row in rows],
        )

    async def tell(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Note that a post tells of an incident, for each such pair."""
        rows = [{"incident_id": about, "post_id": post_id} for post_id, about in pairs]
        await insert_new(self._connection, POST_INCIDENTS, rows, key=["incident_id", "post_id"])

    async def _locked(self, statement: Select[Any]) -> list[Post]:
        return await self._found(statement.order_by(POSTS.c.post_id).with_for_update())

    async def _found(self, statement: Select[Any]) -> list[Post]:
        rows = (await self._connection.execute(statement)).mappings()
        return [_post(row) for row in rows]


def _row(one: Post) -> dict[str, Any]:
    fields = asdict(one)
    row = {name: fields.pop(name) for name in _COLUMNS}
    shown_at = fields.pop("shown_at")
    return row | {"data": fields | {"shown_at": shown_at.isoformat() if shown_at else None}}


def _post(row: RowMapping) -> Post:
    data: Mapping[str, Any] = row["data"]
    shown_at = data["shown_at"]
    return Post(
        **{name: row[name] for name in _COLUMNS},
        **{
            **data,
            "incidents": tuple(data["incidents"]),
            "shown_at": datetime.fromisoformat(shown_at) if shown_at else None,
        },
    )
