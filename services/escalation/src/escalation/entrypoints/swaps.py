"""Swaps over HTTP: propose, list, accept, decline, withdraw."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from escalation.domain.swap import Span, Swap, Verb
from escalation.entrypoints.plans import effect_item
from escalation.handlers.swaps import Done, ImpossibleSwapError, NoSuchSwapError, SwapHandlers
from escalation.ports import EscalationUnitOfWork
from tocsin import ids
from tocsin.catalog.spec import Name
from tocsin.clock import Clock
from tocsin.holder import CatalogHolder
from tocsin.unit_of_work import Store
from tocsin.web import (
    Page,
    Principal,
    Problem,
    Reader,
    Writer,
    after_cursor,
    cursor_of,
    idempotency_key,
)

Limit = Annotated[int, Query(ge=1, le=500)]


class SpanItem(BaseModel):
    """From an instant until another, which is no longer part of it."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    begins: AwareDatetime = Field(validation_alias="from", serialization_alias="from")
    until: AwareDatetime

    @classmethod
    def of(cls, span: Span) -> "SpanItem":
        """Return what is shown of a span."""
        return cls(begins=span.begins, until=span.until)

    def span(self) -> Span:
        """Return the span that is meant."""
        return Span(self.begins, self.until)


class NewSwap(SpanItem):
    """`by` gives this span to `with`, and takes `in_return`, where anything is taken.

    It can be agreed to until `expires_at`; where that is not said, until the first span begins, or
    ends if it has begun.
    """

    schedule: Name
    by: Name
    other: Name = Field(validation_alias="with", serialization_alias="with")
    in_return: SpanItem | None = None
    reason: str = Field(default="", max_length=500)
    expires_at: AwareDatetime | None = None
    dry_run: bool = False

    def proposed(self, swap_id: str, now: datetime) -> Swap:
        """Return the proposal."""
        takes = self.in_return.span() if self.in_return else None
        spans = [span for span in (self.span(), takes) if span]
        first = min(span.begins for span in spans)
        last = first if first > now else min(span.until for span in spans)
        return Swap(
            swap_id,
            self.schedule,
            self.by,
            self.other,
            self.span(),
            now,
            self.expires_at or last,
            takes,
            self.reason,
        )


class SwapAnswer(BaseModel):
    """Who answers."""

    model_config = ConfigDict(extra="forbid")

    by: Name
    dry_run: bool = False


class SwapItem(SpanItem):
    """A swap as it stands; `overrides` are in the catalog once it is accepted."""

    id: str
    schedule: str
    by: str
    other: str = Field(validation_alias="with", serialization_alias="with")
    in_return: SpanItem | None
    reason: str
    status: str
    proposed_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    overrides: list[str]


class SwapDone(SwapItem):
    """What became of it: whose shifts move once both have agreed, and the catalog's version."""

    effects: list[Any]
    catalog_version: int
    dry_run: bool


def router(
    handlers: SwapHandlers,
    store: Store[EscalationUnitOfWork],
    clock: Clock,
    holder: CatalogHolder,
) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["swaps"])

    @routes.post("/v1/swaps", status_code=201)
    async def propose(who: Writer, request: Request, body: NewSwap) -> SwapDone:
        """Propose a swap; nothing changes until the other agrees.

        The answer says whose shifts would move then; with `dry_run` nothing is proposed.
        """
        speaks_for(who, body.by, holder)
        key = idempotency_key(request)
        identity = ids.derived("swap", who.name, key) if key else ids.new()
        now = clock.now()
        swap = body.proposed(ids.prefixed("swp", identity), now)
        begin = store.read if body.dry_run else store.begin
        async with begin() as uow:
            with _Problems():
                done = await handlers.propose(uow, swap, now, dry_run=body.dry_run)
        return _answer(done, dry_run=body.dry_run)

    @routes.get("/v1/swaps")
    async def listed(
        who: Reader,
        schedule: str | None = None,
        person: str | None = None,
        limit: Limit = 50,
        cursor: str | None = None,
    ) -> Page[SwapItem]:
        """All swaps: of a schedule, or of a person, where it is said."""
        del who
        now = clock.now()
        async with store.read() as uow:
            found = await uow.swaps.listed(schedule, person, after_cursor(cursor), limit + 1)
        items = [SwapItem(**_fields(one.as_of(now))) for one in found[:limit]]
        more = len(found) > limit
        return Page(items=items, next=cursor_of(items[-1].id) if more else None)

    @routes.post("/v1/swaps/{swap}/{verb}")
    async def answer(swap: str, verb: Verb, who: Writer, body: SwapAnswer) -> SwapDone:
        """Accept or decline what was proposed to `by`, or withdraw what `by` proposed."""
        speaks_for(who, body.by, holder)
        begin = store.read if body.dry_run else store.begin
        async with begin() as uow:
            with _Problems():
                done = await handlers.answer(
                    uow, swap, verb, body.by, clock.now(), dry_run=body.dry_run
                )
        return _answer(done, dry_run=body.dry_run)

    return routes


def speaks_for(who: Principal, person: str, holder: CatalogHolder) -> None:
    """Refuse a token that is somebody's own to speak for another person."""
    if who.name != person and holder.current.user(who.name) is not None:
        detail = f"by: this token is {who.name}'s own; it cannot speak for {person}"
        raise Problem(403, "not-yours", detail, field="by")


def _answer(done: Done, *, dry_run: bool) -> SwapDone:
    return SwapDone(
        **_fields(done.swap),
        effects=[effect_item(one) for one in done.effects],
        catalog_version=done.version,
        dry_run=dry_run,
    )


def _fields(swap: Swap) -> dict[str, Any]:
    accepted = swap.status == "accepted"
    return {
        "begins": swap.gives.begins,
        "until": swap.gives.until,
        "id": swap.swap_id,
        "schedule": swap.schedule,
        "by": swap.proposer,
        "other": swap.other,
        "in_return": SpanItem.of(swap.takes) if swap.takes else None,
        "reason": swap.reason,
        "status": swap.status,
        "proposed_at": swap.proposed_at,
        "expires_at": swap.expires_at,
        "answered_at": swap.answered_at,
        "overrides": [one["name"] for one in swap.documents()] if accepted else [],
    }


class _Problems:
    """Turns what the handlers refuse into problems that name the field and the fix."""

    def __enter__(self) -> None:
        """Watch."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Translate."""
        match error:
            case ImpossibleSwapError(mistakes=found):
                errors = [{"field": field, "message": why} for field, why in found]
                raise Problem(422, "invalid", str(error), errors=errors) from error
            case NoSuchSwapError():
                raise Problem(404, "no-such-swap", str(error)) from error
            case _:
                return
