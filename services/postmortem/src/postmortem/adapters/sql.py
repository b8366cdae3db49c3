"""The ports in SQL: one code for SQLite and PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property

from sqlalchemy import and_, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from postmortem.adapters.action_items import SqlActionItems
from postmortem.adapters.console_sql import SqlBoards, SqlOrders, SqlSessions, SqlStandings
from postmortem.adapters.handoff_note_sql import SqlHandoffNotes
from postmortem.adapters.outlook_sql import SqlOutlooks
from postmortem.adapters.reviews import SqlReviews
from postmortem.adapters.tables import DRAFTS, EVENTS, INCIDENTS, METADATA, REVIEWS
from postmortem.adapters.watch_sql import SqlSilences, SqlWatches
from postmortem.domain.postmortem import Postmortem, postmortem_id
from postmortem.ports import Summary
from tocsin.events import Envelope, Event, decode, encode
from tocsin.prepared import Among, Prepared
from tocsin.sql import SqlUnitOfWork, insert_new, upsert

__all__ = ["METADATA", "SqlPostmortemUnitOfWork"]

_LOCK = Prepared(
    select(INCIDENTS.c.incident_id, INCIDENTS.c.was_resolved)
    .where(Among(INCIDENTS.c.incident_id, "ids"))
    .order_by(INCIDENTS.c.incident_id)
    .with_for_update()
)
_EVENTS_OF = Prepared(
    select(EVENTS.c.incident_id, EVENTS.c.body).where(Among(EVENTS.c.incident_id, "ids"))
)
_RESOLVE = Prepared(
    update(INCIDENTS).where(INCIDENTS.c.incident_id == bindparam("id")).values(was_resolved=True)
)
_DIGESTS = Prepared(
    select(DRAFTS.c.incident_id, DRAFTS.c.digest).where(Among(DRAFTS.c.incident_id, "ids"))
)


class SqlEventLog:
    """Events as the CloudEvents JSON they arrived in."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def add(self, events: Sequence[tuple[str, Envelope[Event]]], now: datetime) -> None:
        """Keep these events; one that is kept already stays as it is."""
        rows = [
            {
                "event_id": envelope.event_id,
                "incident_id": incident_id,
                "type": envelope.type,
                "body": encode(envelope).decode(),
                "recorded_at": envelope.time,
                "stored_at": now,
            }
            for incident_id, envelope in events
        ]
        await insert_new(self._connection, EVENTS, rows, key=["event_id"])

    async def of(self, incident_ids: Sequence[str]) -> Mapping[str, Sequence[Envelope[Event]]]:
        """Return all events of these incidents."""
        found: dict[str, list[Envelope[Event]]] = {}
        for row in await _EVENTS_OF.rows(self._connection, {"ids": incident_ids}):
            found.setdefault(row.incident_id, []).append(decode(row.body.encode()))
        return found

    async def latest(
        self, incident_id: str, limit: int, types: Sequence[str] = ()
    ) -> Sequence[Envelope[Event]]:
        """Return the latest events of an incident, latest first."""
        query = select(EVENTS.c.body).where(EVENTS.c.incident_id == incident_id)
        if types:
            query = query.where(EVENTS.c.type.in_(types))
        latest = query.order_by(EVENTS.c.recorded_at.desc(), EVENTS.c.event_id.desc())
        found = await self._connection.execute(latest.limit(limit))
        return [decode(body.encode()) for body in found.scalars()]


class SqlIncidents:
    """A row per incident; its lock orders everything that is done for it."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def lock(self, incident_ids: Sequence[str], now: datetime) -> Mapping[str, bool]:
        """Take these incidents, always in the order of their ids; make those that are new."""
        ordered = sorted(set(incident_ids))
        rows = [
            {
                "incident_id": incident_id,
                "postmortem_id": postmortem_id(incident_id),
                "was_resolved": False,
                "first_seen_at": now,
            }
            for incident_id in ordered
        ]
        # Both ids are unique, and the second follows from the first.
        await insert_new(self._connection, INCIDENTS, rows, key=[])
        found = await _LOCK.rows(self._connection, {"ids": ordered})
        return {row.incident_id: row.was_resolved for row in found}

    async def mark_resolved(self, incident_ids: Sequence[str]) -> None:
        """Remember that these were resolved."""
        await _RESOLVE.many(self._connection, [{"id": one} for one in incident_ids])

    async def find(self, identity: str) -> str | None:
        """Return the incident that this id, or its postmortem's id, names."""
        found = await self._connection.execute(
            select(INCIDENTS.c.incident_id).where(
                or_(INCIDENTS.c.incident_id == identity, INCIDENTS.c.postmortem_id == identity)
            )
        )
        return found.scalars().first()


class SqlDrafts:
    """A row per draft, without its text: the events give that again, byte for byte."""

    def __init__(self, connection: AsyncConnection) -> None:
        """Work in the transaction of `connection`."""
        self._connection = connection

    async def digests(self, incident_ids: Sequence[str]) -> Mapping[str, str]:
        """Return the digest of each draft there is."""
        found = await _DIGESTS.rows(self._connection, {"ids": incident_ids})
        return {row.incident_id: row.digest for row in found}

    async def save(self, drafts: Sequence[Postmortem]) -> None:
        """Write these whole, over what was there."""
        rows = [
            {
                "postmortem_id": one.postmortem_id,
                "incident_id": one.incident_id,
                "title": one.title.replace("\x00", "�"),  # PostgreSQL takes no NUL.
                "service": one.service.replace("\x00", "�"),
                "status": "draft",  # Where it stands by now, `reviews` knows.
                "digest": one.digest,
                "events": one.events,
                "resolved_at": one.resolved_at,
                "last_event_at": one.last_event_at,
            }
            for one in drafts
        ]
        await upsert(self._connection, DRAFTS, rows, key=["postmortem_id"])

    async def page(self, after: tuple[datetime, str] | None, limit: int) -> Sequence[Summary]:
        """Return drafts, the latest resolve first, from behind `after`."""
        columns = [column for column in DRAFTS.c if column is not DRAFTS.c.status]
        status = func.coalesce(REVIEWS.c.status, DRAFTS.c.status).label("status")
        query = (
            select(*columns, status)
            .outerjoin(REVIEWS, REVIEWS.c.postmortem_id == DRAFTS.c.postmortem_id)
            .order_by(DRAFTS.c.resolved_at.desc(), DRAFTS.c.postmortem_id.desc())
        )
        if after is not None:
            resolved_at, identity = after
            query = query.where(
                or_(
                    DRAFTS.c.resolved_at < resolved_at,
                    and_(DRAFTS.c.resolved_at == resolved_at, DRAFTS.c.postmortem_id < identity),
                )
            )
        found = await self._connection.execute(query.limit(limit))
        return [Summary(**row) for row in found.mappings()]


class SqlPostmortemUnitOfWork(SqlUnitOfWork):
    """One transaction with this service's repositories."""

    @cached_property
    def log(self) -> SqlEventLog:
        """The events."""
        return SqlEventLog(self.connection)

    @cached_property
    def incidents(self) -> SqlIncidents:
        """The incidents."""
        return SqlIncidents(self.connection)

    @cached_property
    def drafts(self) -> SqlDrafts:
        """The drafts."""
        return SqlDrafts(self.connection)

    @cached_property
    def reviews(self) -> SqlReviews:
        """Where postmortems stand."""
        return SqlReviews(self.connection)

    @cached_property
    def action_items(self) -> SqlActionItems:
        """What was promised."""
        return SqlActionItems(self.connection)

    @cached_property
    def standings(self) -> SqlStandings:
        """Where incidents stand."""
        return SqlStandings(self.connection)

    @cached_property
    def orders(self) -> SqlOrders:
        """The commands given here."""
        return SqlOrders(self.connection)

    @cached_property
    def sessions(self) -> SqlSessions:
        """Who is logged in."""
        return SqlSessions(self.connection)

    @cached_property
    def silences(self) -> SqlSilences:
        """What is silenced."""
        return SqlSilences(self.connection)

    @cached_property
    def watches(self) -> SqlWatches:
        """Who is on call."""
        return SqlWatches(self.connection)

    @cached_property
    def outlooks(self) -> SqlOutlooks:
        """Who will be."""
        return SqlOutlooks(self.connection)

    @cached_property
    def handoff_notes(self) -> SqlHandoffNotes:
        """Words for who is on call next."""
        return SqlHandoffNotes(self.connection)

    @cached_property
    def boards(self) -> SqlBoards:
        """What moved beside incidents."""
        return SqlBoards(self.connection)
