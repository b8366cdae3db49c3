"""Silences: listed, made and ended by command."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from postmortem.domain.order import SHOWN_FOR
from postmortem.entrypoints.console.commands import VIA, Given, command_id
from postmortem.entrypoints.console.door import Door, Visitor
from postmortem.entrypoints.console.live import mark
from postmortem.entrypoints.console.rendering import Pages
from postmortem.handlers import ordering
from postmortem.ports import PostmortemUnitOfWork
from tocsin import ids, matching
from tocsin.errors import InputError
from tocsin.events import CreateSilence, ExpireSilence
from tocsin.unit_of_work import Store
from tocsin.web import Problem

MOST_MATCHERS = 50
LONGEST_COMMENT = 1_000
SHOWN = 100
SPANS = {
    "1h": ("1 hour", timedelta(hours=1)),
    "4h": ("4 hours", timedelta(hours=4)),
    "1d": ("1 day", timedelta(days=1)),
    "1w": ("1 week", timedelta(weeks=1)),
}
VERBS = {"create", "expire"}
NEW = "new"  # Commands that make a silence are found under this, until it has an id to others.


@dataclass(frozen=True)
class Board:
    """Where it hangs what is silenced."""

    store: Store[PostmortemUnitOfWork]
    door: Door
    pages: Pages

    async def silences(
        self, visitor: Visitor, status: int = 200, wrong: str = "", kept: Given | None = None
    ) -> Response:
        """Return the page of silences."""
        now = self.door.clock.now()
        async with self.store.read() as uow:
            found = await uow.silences.latest(SHOWN)
            given = await uow.orders.given(visitor.name, now - SHOWN_FOR)
        orders = [one for one in given if one.verb in VERBS]
        return self.pages.show(
            "silences.html",
            status,
            visitor=visitor,
            silences=found,
            orders=orders,
            waits=any(one.is_waiting(now) for one in orders),
            since=mark(now),
            spans={name: said for name, (said, _) in SPANS.items()},
            key=ids.new(),
            wrong=wrong,
            kept=kept or {},
        )

    async def give(self, command: CreateSilence | ExpireSilence, identity: str) -> Response:
        """Send a command, once."""
        async with self.store.begin() as uow:
            await ordering.give_again(uow, command, identity, self.door.clock.now())
        return RedirectResponse("/silences", status_code=303)


def router(routes: APIRouter, board: Board) -> None:
    """Add the routes."""
    door, store = board.door, board.store

    @routes.get("/silences")
    async def silences(request: Request) -> Response:
        """What is silenced, and what was."""
        return await board.silences(await door.reader(request))

    @routes.post("/silences")
    async def create(request: Request) -> Response:
        """Make a silence: a command, decided elsewhere."""
        visitor, given = await door.writer(request)
        identity = command_id("silence", NEW, visitor.actor, given)
        try:
            asked = _wanted(visitor, given, ids.prefixed("sil", identity), door.clock.now())
        except (InputError, ValueError) as error:
            return await board.silences(visitor, 422, str(error), given)
        return await board.give(asked, identity)

    @routes.post("/silences/{silence_id}/expire")
    async def expire(request: Request, silence_id: str) -> Response:
        """End a silence: a command, decided elsewhere."""
        visitor, given = await door.writer(request)
        identity = command_id("expire", silence_id, visitor.actor, given)
        async with store.read() as uow:
            if await uow.silences.get(silence_id) is None:
                raise Problem(404, "unknown-silence", f"No silence {silence_id[:80]!r} is known.")
        asked = ExpireSilence(silence_id=silence_id, by=visitor.actor, via=VIA)
        return await board.give(asked, identity)


def _wanted(visitor: Visitor, given: Given, silence_id: str, now: datetime) -> CreateSilence:
    matchers = tuple(
        line.strip() for line in given.get("matchers", "").splitlines() if line.strip()
    )
    if not 0 < len(matchers) <= MOST_MATCHERS:
        raise ValueError(f"matchers: write 1 to {MOST_MATCHERS}, one a line")
    if matching.all_match([matching.parse(one) for one in matchers], {}):
        raise ValueError("matchers: these match everything; name what is to be silent")
    chosen, comment = SPANS.get(given.get("for", "")), given.get("comment", "").strip()
    if chosen is None:
        raise ValueError(f"for: must be one of {', '.join(SPANS)}")
    if len(comment) > LONGEST_COMMENT:
        raise ValueError(f"comment: write at most {LONGEST_COMMENT} characters")
    return CreateSilence(
        silence_id=silence_id,
        by=visitor.actor,
        via=VIA,
        matchers=matchers,
        ends_at=now + chosen[1],
        comment=comment,
    )
