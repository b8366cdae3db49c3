"""Routes that give a postmortem as a document: Markdown, HTML, JSON, and the picture as SVG."""

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from postmortem.domain import html, svg
from postmortem.domain.document import Document
from postmortem.domain.report import report
from postmortem.entrypoints.console.door import Door
from postmortem.entrypoints.desk import Counter, known
from postmortem.entrypoints.viewer import viewer
from postmortem.handlers import sheet as sheets
from postmortem.ports import Publication
from tocsin.web import Problem

Kind = Literal["md", "html", "json", "svg"]
Number = Annotated[int, Path(ge=1, le=1_000_000)]
DRAWN: dict[Kind, Callable[[Document], str]] = {
    "md": report,
    "html": html.page,
    "json": lambda document: document.model_dump_json(),
    "svg": lambda document: document.picture,
}
MEDIA: dict[Kind, str] = {
    "md": "text/markdown",
    "html": "text/html",
    "json": "application/json",
    "svg": "image/svg+xml",
}
# Nothing may run, load or frame: what is shown are strangers' words.
POLICY = (
    f"default-src 'none'; style-src 'sha256-{html.STYLE_HASH}' 'sha256-{svg.STYLE_HASH}';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SAFE = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def router(counter: Counter, door: Door) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["exports"], dependencies=[Depends(viewer(door))])

    @routes.get("/v1/postmortems/{identity}/versions/{number}.{kind}")
    async def version(identity: str, number: Number, kind: Kind) -> Response:
        """A published version as a document."""
        kept = await _published(counter, identity, number)
        return _answer(kind, Document.model_validate_json(kept.document))

    @routes.get(
        "/v1/postmortems/{identity}/versions/{number}", responses={200: {"model": Document}}
    )
    async def kept(identity: str, number: Number) -> Response:
        """A published version as JSON, byte for byte as it was published."""
        found = await _published(counter, identity, number)
        headers = {**SAFE, "ETag": f'"{found.sha256}"'}
        return Response(found.document, media_type=MEDIA["json"], headers=headers)

    for kind in DRAWN:
        routes.get(f"/v1/postmortems/{{identity}}.{kind}", name=kind)(_export(counter, kind))
    return routes


def _export(counter: Counter, kind: Kind) -> Callable[[str], object]:
    async def export(identity: str) -> Response:
        """One postmortem as a document, by its id or its incident's."""
        async with counter.store.read() as uow:
            sheet = known(await sheets.read(uow, identity), identity)
        return _answer(kind, sheet.export)

    return export


def _answer(kind: Kind, document: Document) -> Response:
    return Response(DRAWN[kind](document), media_type=MEDIA[kind], headers=SAFE)


async def _published(counter: Counter, identity: str, number: int) -> Publication:
    async with counter.store.read() as uow:
        sheet = known(await sheets.read(uow, identity), identity)
        found = await uow.reviews.published(sheet.facts.postmortem_id, number)
    if found is None:
        detail = f"The postmortem {identity!r} has no published version {number}."
        raise Problem(404, "unknown-version", detail)
    return found
