"""The ports in SQL: one code for SQLite and PostgreSQL."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.adapters.rows import incident_of, incident_row
from notifier.adapters.sql_contacts import SqlContacts
from notifier.adapters.sql_links import SqlChatLinks
from notifier.adapters.sql_notices import SqlHandoffNotes, SqlNotices, SqlOutlooks
from notifier.adapters.sql_notifications import SqlHolders, SqlNotifications
from notifier.adapters.sql_on_call import SqlOnCall
from notifier.adapters.sql_posts import SqlPosts
from notifier.adapters.tables import ADD_PAGE, ADD_PAGES, INCIDENTS, INTERACTIONS, METADATA, PAGES
from notifier.domain.incident import Incident
from notifier.domain.page import Page, as_request
from tocsin.events import decode, encode
from tocsin.prepared import Among, Prepared
from tocsin.sql import SqlUnitOfWork, insert_new, upsert

__all__ = ["METADATA", "SqlNotifierUnitOfWork"]
_BY_ID = (
    select(INCIDENTS).where(Among(INCIDENTS.c.incident_id, "ids")).order_by(INCIDENTS.c.incident_id)
)
_LOOKED_AT, _LOCKED = Prepared(_BY_ID), Prepared(_BY_ID.with_for_update())
_PAGES = Prepared(select(PAGES).where(Among(PAGES.c.page_id, "ids")))


class SqlIncidents:
    """What is known of incidents."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def of(self, incident_ids: Collection[str], *, lock: bool = True) -> dict[str, Incident]:
        """Return those that are known, locked unless they are only looked at."""
        if not incident_ids:
            return {}
        statement = _LOCKED if lock else _LOOKED_AT
        rows = await statement.mappings(self._connection, {"ids": list(incident_ids)})
        return {row["incident_id"]: incident_of(row) for row in rows}

    async def by_number(self, number: int) -> Incident | None:
        """Return the incident that people call by this number; the latest, if there are two."""
        statement = (
            select(INCIDENTS)
            .where(INCIDENTS.c.number == number)
            .order_by(INCIDENTS.c.incident_id.desc())
            .limit(1)
        )
        row = (await self._connection.execute(statement)).mappings().first()
        return incident_of(row) if row else None

    async def open(self, limit: int) -> list[Incident]:
        """Return those that are not over, the newest first; locks nothing."""
        statement = (
            select(INCIDENTS)
            .where(INCIDENTS.c.status.in_(["triggered", "acknowledged"]), INCIDENTS.c.number > 0)
            .order_by(INCIDENTS.c.number.desc())
            .limit(limit)
        )
        rows = (await self._connection.execute(statement)).mappings()
        return [incident_of(row) for row in rows]

    async def save(self, incidents: Sequence[Incident]) -> None:
        """Write whole incidents."""
        rows = [incident_row(one) for one in incidents]
        await upsert(self._connection, INCIDENTS, rows, key=["incident_id"])


class SqlPages:
    """Pages, with the event each came by."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def of(self, page_ids: Collection[str]) -> dict[str, Page]:
        """Return those that are known."""
        if not page_ids:
            return {}
        rows = await _PAGES.rows(self._connection, {"ids": list(page_ids)})
        return {page.page_id: page for page in map(_page, rows)}

    async def by_token(self, token_hash: str) -> Page | None:
        """Return the page whose link has this token."""
        found = await self._pages(select(PAGES).where(PAGES.c.token_hash == token_hash).limit(1))
        return found[0] if found else None

    async def latest_of(self, responder: str) -> Page | None:
        """Return the page that this person got last."""
        statement = (
            select(PAGES)
            .where(PAGES.c.responder == responder)
            .order_by(PAGES.c.requested_at.desc())
            .limit(1)
        )
        found = await self._pages(statement)
        return found[0] if found else None

    async def add(self, pages: Sequence[Page]) -> set[str]:
        """Write pages and return which were new; those that exist stay as they are."""
        rows = [
            {
                "page_id": page.page_id,
                "responder": page.request.responder,
                "requested_at": page.envelope.time,
                "token_hash": page.token_hash,
                "link_used_at": page.link_used_at,
                "envelope": encode(page.envelope).decode(),
            }
            for page in pages
        ]
        if not rows:
            return set()
        if len(rows) == 1:
            return set(await ADD_PAGE.scalars(self._connection, rows[0]))
        statement = ADD_PAGES[self._connection.dialect.name]
        return set((await self._connection.execute(statement, rows)).scalars())

    async def save(self, page: Page) -> None:
        """Write a page that changed: only whether its link was used can."""
        await self._connection.execute(
            update(PAGES)
            .where(PAGES.c.page_id == page.page_id)
            .values(link_used_at=page.link_used_at)
        )

    async def _pages(self, statement: Select[Any]) -> list[Page]:
        rows = (await self._connection.execute(statement)).all()
        return list(map(_page, rows))


def _page(row: Any) -> Page:  # noqa: ANN401 - a row of either kind.
    return Page(as_request(decode(row.envelope.encode())), row.token_hash, row.link_used_at)


class SqlInteractions:
    """What providers told us already."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def unseen(self, channel: str, external_ids: Sequence[str], now: datetime) -> set[str]:
        """Return those that were not heard before, and remember them."""
        statement = select(INTERACTIONS.c.external_id).where(
            INTERACTIONS.c.channel == channel, INTERACTIONS.c.external_id.in_(external_ids)
        )
        known = set((await self._connection.execute(statement)).scalars())
        fresh = set(external_ids) - known
        rows = [{"channel": channel, "external_id": one, "heard_at": now} for one in fresh]
        await insert_new(self._connection, INTERACTIONS, rows, key=["channel", "external_id"])
        return fresh


class SqlNotifierUnitOfWork(SqlUnitOfWork):
    """The recipe, and this service's repositories."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        """Work in the transaction of `connection`."""
        super().__init__(connection, now)
        self.incidents = SqlIncidents(connection)
        self.pages = SqlPages(connection)
        self.notifications = SqlNotifications(connection)
        self.interactions = SqlInteractions(connection)
        self.holders = SqlHolders(connection)
        self.posts = SqlPosts(connection)
        self.chat_links = SqlChatLinks(connection)
        self.contacts = SqlContacts(connection)
        self.on_call = SqlOnCall(connection)
        self.outlooks = SqlOutlooks(connection)
        self.notices = SqlNotices(connection)
        self.handoff_notes = SqlHandoffNotes(connection)
