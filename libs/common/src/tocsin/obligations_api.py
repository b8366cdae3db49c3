"""Obligations over HTTP: what is promised and open. One path per service, as dead letters have."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from tocsin.clock import Clock
from tocsin.obligations import Obligation
from tocsin.sql import SqlStore
from tocsin.web import Page, Problem, Reader, after_cursor, cursor_of


class ObligationItem(BaseModel):
    """A promise whose outcome is not known yet; `subject` is the incident's id."""

    id: str
    kind: str
    subject: str
    text: str
    version: int
    owed_at: datetime
    due_at: datetime
    overdue: bool
    attempts: int
    alarmed_at: datetime | None


def router(service: str, store: SqlStore[Any], clock: Clock) -> APIRouter:
    """Return the endpoint for the obligations of one service."""
    routes = APIRouter(tags=["obligations"])

    @routes.get(f"/v1/obligations/{service}")
    async def listed(
        who: Reader,
        overdue: bool = False,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        cursor: str | None = None,
    ) -> Page[ObligationItem]:
        """List what is owed, the earliest deadline first; with `overdue`, only what is late."""
        del who
        now = clock.now()
        late = now if overdue else None
        async with store.read() as uow:
            found = await uow.ledger.listed(limit + 1, overdue_at=late, after=_place(cursor))
        more = None
        if len(found) > limit:
            last = found[limit - 1]
            more = cursor_of(f"{last.due_at.isoformat()}|{last.obligation_id}")
        return Page(items=[_item(one, now) for one in found[:limit]], next=more)

    return routes


def _place(cursor: str | None) -> tuple[datetime, str] | None:
    text = after_cursor(cursor)
    if text is None:
        return None
    at, bar, identity = text.partition("|")
    try:
        due_at = datetime.fromisoformat(at)
    except ValueError:
        due_at = None
    if not bar or due_at is None or due_at.tzinfo is None:
        raise Problem(422, "bad-cursor", "cursor: is not one that this list gave", field="cursor")
    return due_at, identity


def _item(one: Obligation, now: datetime) -> ObligationItem:
    return ObligationItem(
        id=one.obligation_id,
        kind=one.kind,
        subject=one.subject,
        text=one.text,
        version=one.version,
        owed_at=one.owed_at,
        due_at=one.due_at,
        overdue=one.due_at <= now,
        attempts=one.attempts,
        alarmed_at=one.alarmed_at,
    )
