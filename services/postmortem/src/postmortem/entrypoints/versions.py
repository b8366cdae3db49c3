"""Routes for what was: published versions, and the history of a postmortem."""

from typing import Annotated

from fastapi import APIRouter, Path

from postmortem.domain.document import Document
from postmortem.entrypoints.desk import PAGE_SIZE, VERSION, Counter, Limit, known
from postmortem.entrypoints.shapes import ChangeItem
from postmortem.handlers import sheet as sheets
from tocsin.web import Page, Problem, Reader, after_cursor, cursor_of

Number = Annotated[int, Path(ge=1, le=1_000_000)]


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

    @routes.get("/v1/postmortems/{identity}/versions/{number}")
    async def version(who: Reader, identity: str, number: Number) -> Document:
        """A published version as it was published."""
        del who
        return await published(counter, identity, number)

    return routes


async def published(counter: Counter, identity: str, number: int) -> Document:
    """Return a published version; 404 where there is none."""
    async with counter.store.read() as uow:
        sheet = known(await sheets.read(uow, identity), identity)
        found = await uow.reviews.published(sheet.facts.postmortem_id, number)
    if found is None:
        detail = f"The postmortem {identity!r} has no published version {number}."
        raise Problem(404, "unknown-version", detail)
    return Document.model_validate_json(found.document)


def _version(text: str, field: str) -> int:
    if not VERSION.fullmatch(text):
        raise Problem(422, "bad-cursor", f"{field}: is not one that this list gave", field=field)
    return int(text)
