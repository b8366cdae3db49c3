"""Routes for what people did to a postmortem."""

from fastapi import APIRouter

from postmortem.entrypoints.desk import PAGE_SIZE, VERSION, Counter, Limit, known
from postmortem.entrypoints.shapes import ChangeItem
from postmortem.handlers import sheet as sheets
from tocsin.web import Page, Problem, Reader, after_cursor, cursor_of


def router(counter: Counter) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["postmortems"])

    @routes.get("/v1/postmortems/{identity}/history")
    async def history(
        who: Reader, identity: str, limit: Limit = PAGE_SIZE, cursor: str | None = None
    ) -> Page[ChangeItem]:
        """What people did to it, latest first, each text that was written included."""
        del who
        after = after_cursor(cursor)
        before = None if after is None else _version(after, "cursor")
        async with counter.store.read() as uow:
            sheet = known(await sheets.read(uow, identity), identity)
            found = await uow.reviews.history(sheet.facts.postmortem_id, before, limit + 1)
        more = len(found) > limit
        return Page(
            items=[ChangeItem.of(one) for one in found[:limit]],
            next=cursor_of(str(found[limit - 1].revision)) if more else None,
        )

    return routes


def _version(text: str, field: str) -> int:
    if not VERSION.fullmatch(text):
        raise Problem(422, "bad-cursor", f"{field}: is not one that this list gave", field=field)
    return int(text)
