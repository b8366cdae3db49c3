"""Routes for action items: promise, change, list."""

from datetime import date

from fastapi import APIRouter, Request
from starlette.responses import Response

from postmortem.domain.action_item import ActionItem
from postmortem.domain.document import ItemState
from postmortem.domain.recorded import is_identity
from postmortem.entrypoints.desk import PAGE_SIZE, Counter, IfMatch, Limit, expected_version
from postmortem.entrypoints.shapes import ActionItemShape, NewActionItem
from postmortem.handlers import action_items
from postmortem.ports import PostmortemUnitOfWork, Wanted
from tocsin.web import Page, Problem, Reader, Writer, after_cursor, cursor_of


def router(counter: Counter) -> APIRouter:
    """Return the routes of action items."""
    routes = APIRouter(tags=["action items"])

    @routes.post("/v1/postmortems/{identity}/action-items", status_code=201)
    async def promise(
        who: Writer, request: Request, identity: str, body: NewActionItem
    ) -> ActionItemShape:
        """Promise a change, with an owner and a date."""
        act = counter.act(who, request, body.by)
        async with counter.taken(identity, act) as (uow, sheet):
            item = await action_items.promise(uow, sheet, body.promise, act)
        return ActionItemShape.of(item)

    @routes.put("/v1/action-items/{item}")
    async def change(
        who: Writer,
        request: Request,
        response: Response,
        item: str,
        body: NewActionItem,
        if_match: IfMatch = None,
    ) -> ActionItemShape:
        """Say anew what is promised, or that it is done; `If-Match` names the version."""
        expected, act = expected_version(if_match), counter.act(who, request, body.by)
        async with counter.store.read() as uow:
            owner = _existing(await _found(uow, item), item).postmortem_id
        async with counter.taken(owner, act) as (uow, sheet):
            found = _existing(await _found(uow, item), item)
            changed = await action_items.change(uow, sheet, found, body.promise, expected, act)
        response.headers["ETag"] = f'"{changed.version}"'
        return ActionItemShape.of(changed)

    @routes.get("/v1/action-items/{item}")
    async def one(who: Reader, item: str) -> ActionItemShape:
        """One action item."""
        del who
        async with counter.store.read() as uow:
            return ActionItemShape.of(_existing(await _found(uow, item), item))

    @routes.get("/v1/action-items")
    async def listed(
        who: Reader,
        limit: Limit = PAGE_SIZE,
        cursor: str | None = None,
        state: ItemState | None = None,
        owner: str | None = None,
        due_before: date | None = None,
    ) -> Page[ActionItemShape]:
        """Action items of all postmortems, the earliest due first."""
        del who
        wanted = Wanted(state, owner, due_before)
        async with counter.store.read() as uow:
            found = await uow.action_items.page(wanted, _place(after_cursor(cursor)), limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        return Page(
            items=[ActionItemShape.of(one) for one in found[:limit]],
            next=cursor_of(f"{last.promise.due} {last.action_item_id}") if last else None,
        )

    return routes


async def _found(uow: PostmortemUnitOfWork, identity: str) -> ActionItem | None:
    return await uow.action_items.get(identity) if is_identity(identity) else None


def _existing(item: ActionItem | None, identity: str) -> ActionItem:
    if item is None:
        raise Problem(404, "unknown-action-item", f"There is no action item {identity!r}.")
    return item


def _place(after: str | None) -> tuple[date, str] | None:
    if after is None:
        return None
    due, _, identity = after.partition(" ")
    try:
        return date.fromisoformat(due), identity
    except ValueError as error:
        detail = "cursor: is not one that this list gave"
        raise Problem(422, "bad-cursor", detail, field="cursor") from error
