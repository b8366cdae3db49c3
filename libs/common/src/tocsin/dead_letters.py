"""Dead letters over HTTP: list, show, replay. One path per service, so one proxy can serve all."""

import base64
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import Row, select, update

from tocsin import ids
from tocsin.clock import Clock
from tocsin.sql import SqlStore
from tocsin.tables import DEAD_LETTERS, OUTBOX
from tocsin.web import Admin, Page, Problem, Reader, after_cursor, cursor_of

T = DEAD_LETTERS.c


class DeadLetterItem(BaseModel):
    """A record that was given up on; `payload` is its text where it is text, else base64."""

    id: str
    consumer: str
    topic: str
    partition: int
    offset: int
    key: str
    reason: str
    error: str
    first_seen_at: datetime
    replayed_at: datetime | None
    payload: str | None = None
    payload_encoding: str | None = None


class Replayed(BaseModel):
    """The answer to a replay."""

    id: str
    topic: str


def router(service: str, store: SqlStore[Any], clock: Clock) -> APIRouter:
    """Return the endpoints for the dead letters of one service."""
    routes = APIRouter(tags=["dead letters"])
    base = f"/v1/dead-letters/{service}"

    @routes.get(base)
    async def listed(
        who: Reader,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        cursor: str | None = None,
    ) -> Page[DeadLetterItem]:
        """List dead letters, newest first."""
        del who
        most = limit
        query = select(DEAD_LETTERS).order_by(T.first_seen_at.desc(), T.dead_letter_id.desc())
        start = _start(cursor)
        async with store.database.snapshot() as connection:
            rows = (await connection.execute(query.offset(start).limit(most + 1))).all()
        more = cursor_of(str(start + most)) if len(rows) > most else None
        return Page(items=[_item(row) for row in rows[:most]], next=more)

    @routes.get(base + "/{identity}")
    async def shown(who: Reader, identity: str) -> DeadLetterItem:
        """Show one, with its bytes."""
        del who
        return _item(await _found(store, identity), whole=True)

    @routes.post(base + "/{identity}/replay", status_code=202)
    async def replayed(who: Admin, identity: str) -> Replayed:
        """Put the record on its topic again, unchanged."""
        del who
        row = await _found(store, identity)
        async with store.begin() as uow:
            await uow.connection.execute(
                OUTBOX.insert().values(
                    event_id=ids.new(),
                    topic=row.topic,
                    key=row.key,
                    payload=row.payload,
                    traceparent=None,
                    created_at=clock.now(),
                )
            )
            await uow.connection.execute(
                update(DEAD_LETTERS)
                .where(T.dead_letter_id == identity)
                .values(replayed_at=clock.now())
            )
            uow.published = True
        return Replayed(id=identity, topic=row.topic)

    return routes


def _start(cursor: str | None) -> int:
    text = after_cursor(cursor) or "0"
    if not text.isdecimal() or len(text) > 12:  # noqa: PLR2004 - more than anybody has buried.
        raise Problem(422, "bad-cursor", "cursor: is not one that this list gave", field="cursor")
    return int(text)


async def _found(store: SqlStore[Any], identity: str) -> Row[Any]:
    async with store.database.snapshot() as connection:
        query = select(DEAD_LETTERS).where(T.dead_letter_id == identity)
        row = (await connection.execute(query)).first()
    if row is None:
        raise Problem(404, "not-found", f"No dead letter {identity!r}.")
    return row


def _item(row: Row[Any], *, whole: bool = False) -> DeadLetterItem:
    payload = encoding = None
    if whole:
        try:
            payload, encoding = row.payload.decode("utf-8"), "utf-8"
        except UnicodeDecodeError:
            payload, encoding = base64.b64encode(row.payload).decode(), "base64"
    return DeadLetterItem(
        id=row.dead_letter_id,
        consumer=row.consumer,
        topic=row.topic,
        partition=row.partition,
        offset=row.offset,
        key=row.key.decode("utf-8", "replace"),
        reason=row.reason,
        error=row.error,
        first_seen_at=row.first_seen_at,
        replayed_at=row.replayed_at,
        payload=payload,
        payload_encoding=encoding,
    )
