"""Silences over HTTP: list, add, read, expire."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request

from incident_intake.domain.suppression import Silence
from incident_intake.entrypoints.http import Limit, next_page, place
from incident_intake.entrypoints.orders import VIA, actor, command_id
from incident_intake.entrypoints.shapes import NewSilence, SilenceItem
from incident_intake.handlers import Handlers
from incident_intake.handlers.silences import Who
from incident_intake.ports import IntakeUnitOfWork
from tocsin import ids
from tocsin.clock import Clock
from tocsin.problems import Problem
from tocsin.unit_of_work import Store
from tocsin.web import Page, Reader, Writer


def router(handlers: Handlers, store: Store[IntakeUnitOfWork], clock: Clock) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["silences"])

    @routes.get("/v1/silences")
    async def silences(
        _who: Reader, limit: Limit = 50, cursor: Annotated[str | None, Query()] = None
    ) -> Page[SilenceItem]:
        """All silences, newest first, those that are over included."""
        after = place(cursor)
        async with store.read() as uow:
            found = await uow.silences.listed(after, limit)
        now = clock.now()
        return Page(
            items=[SilenceItem.of(silence, now) for silence in found],
            next=next_page(found, limit, lambda each: (each.created_at, each.silence_id)),
        )

    @routes.post("/v1/silences", status_code=201)
    async def add(who: Writer, request: Request, body: NewSilence) -> SilenceItem:
        """Keep alerts that satisfy every matcher from notifying anybody, for a while."""
        now = clock.now()
        silence = _silence(body, who.name, command_id(who, request, "silence"), now)
        async with store.begin() as uow:
            kept = await handlers.on_silence_added(
                uow, silence, Who(actor(who, body.created_by), VIA), now
            )
        return SilenceItem.of(kept, now)

    @routes.get("/v1/silences/{silence_id}")
    async def silence(_who: Reader, silence_id: str) -> SilenceItem:
        """One silence."""
        async with store.read() as uow:
            found = await uow.silences.get(_known_shape(silence_id))
        return SilenceItem.of(_existing(found), clock.now())

    @routes.delete("/v1/silences/{silence_id}")
    @routes.post("/v1/silences/{silence_id}/expire")
    async def expire(who: Writer, silence_id: str) -> SilenceItem:
        """End a silence now: what still fires behind it opens incidents. Again changes nothing."""
        now = clock.now()
        async with store.begin() as uow:
            ended = await handlers.on_silence_expired(
                uow, _known_shape(silence_id), Who(actor(who, None), VIA), now
            )
        return SilenceItem.of(_existing(ended), now)

    return routes


def _silence(body: NewSilence, who: str, identity: str, now: datetime) -> Silence:
    starts_at = body.starts_at or now
    ends_at = body.ends_at or starts_at + (body.duration or now - now)
    if ends_at <= max(starts_at, now):
        raise Problem(
            422, "invalid", "ends_at: must be after starts_at and in the future", field="ends_at"
        )
    return Silence(
        silence_id=ids.prefixed("sil", identity),
        matchers=tuple(body.matchers),
        starts_at=starts_at,
        ends_at=ends_at,
        created_by=body.created_by or who,
        created_at=now,
        comment=body.comment,
    )


def _known_shape(silence_id: str) -> str:
    if not silence_id.isascii() or not silence_id.isprintable():
        raise _missing()
    return silence_id


def _existing(found: Silence | None) -> Silence:
    if found is None:
        raise _missing()
    return found


def _missing() -> Problem:
    return Problem(404, "not-found", "No silence has this id.")
