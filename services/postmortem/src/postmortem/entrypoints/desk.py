"""Routes for what people do with a postmortem: write, review, publish, promise."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from postmortem.domain.action_item import ActionItem
from postmortem.domain.words import OutdatedError, Words
from postmortem.entrypoints.shapes import (
    ActionItemShape,
    FullPostmortem,
    Order,
    Publish,
    Text,
    WordsShape,
)
from postmortem.handlers import desk
from postmortem.handlers import sheet as sheets
from postmortem.handlers.sheet import Act, Sheet
from postmortem.ports import PostmortemUnitOfWork
from tocsin import ids
from tocsin.clock import Clock
from tocsin.events import Actor
from tocsin.unit_of_work import Store
from tocsin.web import (
    Principal,
    Problem,
    Writer,
    idempotency_key,
)

VERSION = re.compile(r"[0-9]{1,15}")
PAGE_SIZE = 100
Limit = Annotated[int, Query(ge=1, le=500)]
IfMatch = Annotated[str | None, Header()]


@dataclass(frozen=True)
class Counter:
    """Where people's requests are taken."""

    store: Store[PostmortemUnitOfWork]
    clock: Clock

    def act(self, who: Principal, request: Request, by: str | None) -> Act:
        """Return who does it and when; the same Idempotency-Key of a caller is the same act."""
        key = idempotency_key(request)
        what = f"{request.method} {request.url.path}"
        done = ids.derived("postmortem-act", who.name, what, key) if key else ids.new()
        actor = Actor(kind="user", name=by) if by else Actor(kind="token", name=who.name)
        return Act(actor, self.clock.now(), done)

    @asynccontextmanager
    async def taken(
        self, identity: str, act: Act
    ) -> AsyncIterator[tuple[PostmortemUnitOfWork, Sheet]]:
        """Hold a postmortem for a transaction; 404 for the unknown, 412 for the outdated."""
        try:
            async with self.store.begin() as uow:
                yield uow, known(await sheets.take(uow, identity, act.now), identity)
        except OutdatedError as error:
            raise _outdated(error) from error

    async def full(self, identity: str) -> FullPostmortem:
        """Return a postmortem as it stands."""
        async with self.store.read() as uow:
            return FullPostmortem.of_sheet(known(await sheets.read(uow, identity), identity))


def known(sheet: Sheet | None, identity: str) -> Sheet:
    """Return what was found; 404 where nothing was."""
    if sheet is None:
        detail = f"Nothing is recorded of the postmortem {identity!r}."
        raise Problem(404, "unknown-postmortem", detail)
    return sheet


def router(counter: Counter) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["postmortems"])

    @routes.put("/v1/postmortems/{identity}/sections/{section}")
    async def write(
        who: Writer,
        request: Request,
        response: Response,
        identity: str,
        section: str,
        body: Text,
        if_match: IfMatch = None,
    ) -> WordsShape:
        """Write a section over the version that `If-Match` names; 0 where nobody wrote yet."""
        expected, act = expected_version(if_match), counter.act(who, request, body.by)
        async with counter.taken(identity, act) as (uow, sheet):
            words = await desk.write(uow, sheet, section, body.text, expected, act)
        response.headers["ETag"] = f'"{words.version}"'
        return WordsShape.of(words)

    @routes.post("/v1/postmortems/{identity}/review")
    async def review(
        who: Writer, request: Request, identity: str, body: Order | None = None
    ) -> FullPostmortem:
        """Ask for a review of the draft."""
        act = counter.act(who, request, body.by if body else None)
        async with counter.taken(identity, act) as (uow, sheet):
            await desk.request_review(uow, sheet, act)
        return await counter.full(identity)

    @routes.post("/v1/postmortems/{identity}/publish")
    async def publish(
        who: Writer, request: Request, identity: str, body: Publish | None = None
    ) -> FullPostmortem:
        """Publish what was reviewed: a numbered version that never changes."""
        act = counter.act(who, request, body.by if body else None)
        async with counter.taken(identity, act) as (uow, sheet):
            await desk.publish(uow, sheet, body.digest if body else None, act)
        return await counter.full(identity)

    @routes.post("/v1/postmortems/{identity}/draft")
    async def take_back(
        who: Writer, request: Request, identity: str, body: Order | None = None
    ) -> FullPostmortem:
        """Take it back to draft; versions that are published stay."""
        act = counter.act(who, request, body.by if body else None)
        async with counter.taken(identity, act) as (uow, sheet):
            await desk.take_back(uow, sheet, act)
        return await counter.full(identity)

    return routes


def expected_version(if_match: str | None) -> int:
    """Return the version that a caller changed; 428 where it is not said."""
    if if_match is None:
        detail = "If-Match: say which version you changed, 0 for none; a GET tells it"
        raise Problem(428, "if-match-required", detail, field="If-Match")
    text = if_match.strip().removeprefix("W/").strip('"')
    if not VERSION.fullmatch(text):
        detail = f"If-Match: {if_match[:80]!r} is not a version, such as 7"
        raise Problem(400, "bad-if-match", detail, field="If-Match")
    return int(text)


def _outdated(error: OutdatedError) -> Problem:
    match error.current:
        case Words() as words:
            shown: WordsShape | ActionItemShape = WordsShape.of(words)
        case ActionItem() as item:
            shown = ActionItemShape.of(item)
        case _:
            raise error
    detail = f"{error}. Put `current` and `yours` together, and send them with its version."
    return Problem(
        412,
        "changed-meanwhile",
        detail,
        {"ETag": f'"{shown.version}"'},
        field="If-Match",
        current=shown.model_dump(mode="json"),
        yours=error.yours,
    )
