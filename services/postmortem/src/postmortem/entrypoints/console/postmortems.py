"""Postmortems in the browser: read, write, ask for a review, publish, promise."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from postmortem.domain.action_item import ActionItem
from postmortem.domain.plain import blocks
from postmortem.domain.standing import standing
from postmortem.domain.words import OutdatedError, Words
from postmortem.entrypoints.console.door import Door, Visitor
from postmortem.entrypoints.console.incidents import PER_PAGE
from postmortem.entrypoints.console.live import instant, mark
from postmortem.entrypoints.console.rendering import Pages
from postmortem.entrypoints.shapes import NewActionItem
from postmortem.handlers import action_items, desk
from postmortem.handlers import sheet as sheets
from postmortem.handlers.sheet import Act, Sheet
from postmortem.ports import PostmortemUnitOfWork
from tocsin import ids
from tocsin.errors import InputError
from tocsin.unit_of_work import Store
from tocsin.web import Problem, after_cursor, cursor_of

Given = Mapping[str, str]
Doing = Callable[[PostmortemUnitOfWork, Sheet, Given, Act], Awaitable[None]]
STATES = ("open", "done", "dropped")


@dataclass(frozen=True)
class Table:
    """Where postmortems lie to be read and worked on."""

    store: Store[PostmortemUnitOfWork]
    door: Door
    pages: Pages

    async def show(
        self,
        visitor: Visitor,
        identity: str,
        status: int = 200,
        *,
        wrong: str = "",
        kept: Given | None = None,
    ) -> Response:
        """Return the page of one."""
        async with self.store.read() as uow:
            sheet = _known(await sheets.read(uow, identity), identity)
        return self.pages.show(
            "postmortem.html",
            status,
            visitor=visitor,
            sheet=sheet,
            document=sheet.shown,
            standing=standing(sheet.shown),
            is_published=sheet.review.status == "published",
            key=ids.new(),
            states=STATES,
            prose=blocks,
            wrong=wrong,
            kept=kept or {},
        )

    async def act(self, request: Request, identity: str, do: Doing) -> Response:
        """Do something with one, once; what is refused is told beside what was sent."""
        visitor, given = await self.door.writer(request)
        act = Act(visitor.actor, self.door.clock.now(), _change_id(visitor, request, given))
        try:
            async with self.store.begin() as uow:
                sheet = _known(await sheets.take(uow, identity, act.now), identity)
                await do(uow, sheet, given, act)
        except (InputError, ValidationError) as error:
            status, wrong = _told(error)
            return await self.show(visitor, identity, status, wrong=wrong, kept=given)
        where = f"/postmortems/{sheet.facts.postmortem_id}#{given.get('section', 'title')}"
        return RedirectResponse(where, status_code=303)


def router(routes: APIRouter, table: Table) -> None:
    """Add the routes."""
    _add_reading(routes, table)

    @routes.post("/postmortems/{identity}/sections")
    async def write(request: Request, identity: str) -> Response:
        """Write a section, over the version that was looked at."""
        return await table.act(request, identity, _write)

    @routes.post("/postmortems/{identity}/review")
    async def review(request: Request, identity: str) -> Response:
        """Ask for a review."""
        return await table.act(request, identity, _review)

    @routes.post("/postmortems/{identity}/publish")
    async def publish(request: Request, identity: str) -> Response:
        """Publish the facts and words that were looked at."""
        return await table.act(request, identity, _publish)

    @routes.post("/postmortems/{identity}/draft")
    async def take_back(request: Request, identity: str) -> Response:
        """Take it back to draft."""
        return await table.act(request, identity, _take_back)

    @routes.post("/postmortems/{identity}/action-items")
    async def promise(request: Request, identity: str) -> Response:
        """Promise a change, or say one anew."""
        return await table.act(request, identity, _promise)


def _add_reading(routes: APIRouter, table: Table) -> None:
    @routes.get("/postmortems")
    async def postmortems(request: Request) -> Response:
        """Those of resolved incidents, the latest resolve first."""
        visitor = await table.door.reader(request)
        after = _place(request.query_params.get("cursor"))
        async with table.store.read() as uow:
            found = await uow.drafts.page(after, PER_PAGE + 1)
        last = found[PER_PAGE - 1] if len(found) > PER_PAGE else None
        following = (
            cursor_of(f"{mark(last.resolved_at)} {last.postmortem_id}")
            if last and last.resolved_at
            else None
        )
        return table.pages.show(
            "postmortems.html", visitor=visitor, found=found[:PER_PAGE], following=following
        )

    @routes.get("/postmortems/{identity}")
    async def postmortem(request: Request, identity: str) -> Response:
        """One, by its id or its incident's: as published where it is, else the draft."""
        return await table.show(await table.door.reader(request), identity)


async def _write(uow: PostmortemUnitOfWork, sheet: Sheet, given: Given, act: Act) -> None:
    text, section = given.get("text", ""), given.get("section", "")
    await desk.write(uow, sheet, section, text, _version(given), act)


async def _review(uow: PostmortemUnitOfWork, sheet: Sheet, given: Given, act: Act) -> None:
    del given
    await desk.request_review(uow, sheet, act)


async def _publish(uow: PostmortemUnitOfWork, sheet: Sheet, given: Given, act: Act) -> None:
    await desk.publish(uow, sheet, given.get("digest", ""), act)


async def _take_back(uow: PostmortemUnitOfWork, sheet: Sheet, given: Given, act: Act) -> None:
    del given
    await desk.take_back(uow, sheet, act)


async def _promise(uow: PostmortemUnitOfWork, sheet: Sheet, given: Given, act: Act) -> None:
    said = {name: given.get(name, "") for name in ("title", "owner", "due")}
    promise = NewActionItem.model_validate(said | {"state": given.get("state", "open")}).promise
    identity = given.get("item", "")
    if not identity:
        await action_items.promise(uow, sheet, promise, act)
        return
    item = next((one for one in sheet.items if one.action_item_id == identity), None)
    if item is None:
        raise Problem(404, "unknown-action-item", "This postmortem has no such action item.")
    await action_items.change(uow, sheet, item, promise, _version(given), act)


def _version(given: Given) -> int:
    text = given.get("over", "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):  # noqa: PLR2004 - as no version is.
        raise Problem(422, "invalid", "over: is no version; load the page again.", field="over")
    return int(text)


def _change_id(visitor: Visitor, request: Request, given: Given) -> str:
    # The text is part of it: what was written after going back in the browser is another act.
    said = [f"{name}={text}" for name, text in sorted(given.items()) if name != "csrf"]
    who = visitor.actor
    return ids.derived("console-act", who.kind, who.name, request.url.path, *said)


def _told(error: InputError | ValidationError) -> tuple[int, str]:
    if isinstance(error, OutdatedError):
        return 412, _meanwhile(error)
    if isinstance(error, ValidationError):
        mistakes = [f"{one['loc'][0]}: {one['msg']}" for one in error.errors()]
        return 422, "; ".join(mistakes)
    return 409, str(error)


def _meanwhile(error: OutdatedError) -> str:
    match error.current:
        case Words(edited_by=by, section=section):
            what = f"“{section}” was written by {by} meanwhile"
        case ActionItem(changed_by=by):
            what = f"The action item was changed by {by} meanwhile"
        case _:
            what = str(error)
    return f"{what}. Both are below: put them together, and save again."


def _known(sheet: Sheet | None, identity: str) -> Sheet:
    if sheet is None:
        detail = f"Nothing is recorded of the postmortem {identity[:80]!r}."
        raise Problem(404, "unknown-postmortem", detail)
    return sheet


def _place(cursor: str | None) -> tuple[datetime, str] | None:
    found = after_cursor(cursor)
    if found is None:
        return None
    text, _, identity = found.partition(" ")
    at = instant(text)
    if at is None:
        raise Problem(422, "bad-cursor", "cursor: is not one that this list gave", field="cursor")
    return at, identity
