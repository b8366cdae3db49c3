"""The addresses of the console; each page is one read of its own rows."""

import re
from collections.abc import Mapping
from typing import Any, cast

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from postmortem.entrypoints.console import (
    notes,
    overrides,
    policies,
    postmortems,
    schedules,
    watches,
    why,
)
from postmortem.entrypoints.console.answering import told_in_html
from postmortem.entrypoints.console.commands import (
    LONGEST_NOTE,
    LONGEST_REASON,
    SNOOZES,
    check_names,
    command,
    command_id,
    key_of,
)
from postmortem.entrypoints.console.door import Door, Visitor, fields
from postmortem.entrypoints.console.incidents import TABS, Shown, Tab, listed, shown
from postmortem.entrypoints.console.live import EventStream, Feed, instant, mark
from postmortem.entrypoints.console.rendering import Pages, assets
from postmortem.handlers import ordering
from postmortem.ports import PostmortemUnitOfWork
from postmortem.ports.console import Place
from tocsin import ids
from tocsin.catalog import Catalog
from tocsin.holder import CatalogHolder
from tocsin.unit_of_work import Store
from tocsin.web import Problem, after_cursor, cursor_of

LOCAL = re.compile(r"/(?![/\\])[A-Za-z0-9_./?=&%-]{0,300}")
LONGEST_NAME = 100
LIVE = "/live"
NO_CATALOG = "Nobody is known yet: the catalog is not here. Try again in a moment."
NOTHING_KEPT: Mapping[str, str] = {}
KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}


def router(
    store: Store[PostmortemUnitOfWork],
    door: Door,
    pages: Pages,
    feed: Feed,
    catalog: CatalogHolder,
) -> APIRouter:
    """Return the routes of the console."""
    routes = APIRouter(include_in_schema=False, route_class=told_in_html(pages))
    _add_doors(routes, door, pages, catalog)
    _add_incidents(routes, store, door, pages, catalog)
    postmortems.router(routes, postmortems.Table(store, door, pages))
    watches.router(routes, watches.Board(store, door, pages))
    wall = schedules.Wall(store, door, pages, catalog)
    schedules.router(routes, wall)
    policies.router(routes, wall)
    overrides.router(routes, wall)
    notes.router(routes, wall)
    why.router(routes, wall)

    @routes.get(LIVE)
    async def live(request: Request) -> Response:
        """What moves, while it does."""
        await door.reader(request)
        heard = request.headers.get("last-event-id") or request.query_params.get("since", "")
        return EventStream(feed, instant(heard))

    @routes.get("/static/{version}/{name}")
    async def static(version: str, name: str) -> Response:
        """A file that pages load."""
        found = assets().get(f"/static/{version}/{name}")
        if found is None:
            raise Problem(404, "not-found", "There is no such file.")
        return Response(found.body, media_type=found.kind, headers=KEPT)

    return routes


def _add_doors(routes: APIRouter, door: Door, pages: Pages, catalog: CatalogHolder) -> None:
    @routes.get("/login")
    async def login(request: Request) -> Response:
        """Ask for a token."""
        return pages.show("login.html", visitor=None, to=_local(request.query_params.get("to")))

    @routes.post("/login")
    async def enter(request: Request) -> Response:
        """Begin a session."""
        given = await fields(request)
        to, person = _local(given.get("to")), given.get("person", "").strip()[:LONGEST_NAME]
        wrong = {}
        token = given.get("token", "").strip()
        # The token first: who has none is not told whom the catalog knows.
        if not door.knows(token):
            wrong["token"] = "This is no API token of this installation."  # noqa: S105 - a sentence.
        elif person and catalog.current.user(person) is None:
            why = f"The catalog has no user “{person}”." if catalog.loaded else NO_CATALOG
            wrong["person"] = f"{why} Leave it empty to act as the token."
        if wrong:
            return pages.show("login.html", 422, visitor=None, to=to, wrong=wrong, person=person)
        answer = RedirectResponse(to, status_code=303)
        await door.enter(token, person, answer)
        return answer

    @routes.post("/logout")
    async def leave(request: Request) -> Response:
        """End the session."""
        await door.form(request)
        answer = RedirectResponse("/login", status_code=303)
        await door.leave(request, answer)
        return answer


def _add_incidents(
    routes: APIRouter,
    store: Store[PostmortemUnitOfWork],
    door: Door,
    pages: Pages,
    catalog: CatalogHolder,
) -> None:
    @routes.get("/")
    async def incidents(request: Request) -> Response:
        """The incidents: the open ones, unless others are asked for."""
        visitor = await door.reader(request)
        tab = _tab(request.query_params.get("status", "open"))
        since = door.clock.now()
        async with store.read() as uow:
            found = await listed(uow, tab, _place(request.query_params.get("cursor")))
        following = cursor_of(f"{found.next[0]} {found.next[1]}") if found.next else None
        return pages.show(
            "incidents.html",
            visitor=visitor,
            found=found,
            tab=tab,
            following=following,
            since=mark(since),
        )

    @routes.get("/incidents/{identity}")
    async def incident(request: Request, identity: str) -> Response:
        """One incident, by its id or number."""
        visitor = await door.reader(request)
        since = door.clock.now()
        context = _context(visitor, await _shown(store, door, identity), catalog.current)
        # Without scripts a page that loads itself anew would forget what is typed.
        return pages.show(
            "incident.html", **context, since=mark(since), still="still" in request.query_params
        )

    @routes.post("/incidents/{identity}/{verb}")
    async def order(request: Request, identity: str, verb: str) -> Response:
        """Give a command: it is on its way when this answers, and decided elsewhere."""
        visitor, given = await door.writer(request)
        now = door.clock.now()
        found = await _shown(store, door, identity)
        incident = found.incident
        try:
            asked = command(verb, incident.incident_id, visitor.actor, given, now)
            check_names(given, catalog)
        except Problem as problem:
            if problem.status != 422:  # noqa: PLR2004 - HTTP's own number.
                raise
            context = _context(visitor, found, catalog.current, given) | {"wrong": problem.detail}
            return pages.show("incident.html", 422, **context, since=mark(now))
        order_id = command_id(verb, incident.incident_id, visitor.actor, given)
        async with store.begin() as uow:
            await ordering.give(uow, asked, order_id, now)
        which = incident.number if incident.number is not None else incident.incident_id
        # No place within it: a page without scripts would not load itself anew at such an address.
        return RedirectResponse(f"/incidents/{which}", status_code=303)


async def _shown(store: Store[PostmortemUnitOfWork], door: Door, identity: str) -> Shown:
    async with store.read() as uow:
        return await shown(uow, identity, door.clock.now())


def _context(
    visitor: Visitor, found: Shown, catalog: Catalog, kept: Mapping[str, str] = NOTHING_KEPT
) -> dict[str, Any]:
    return {
        "visitor": visitor,
        "found": found,
        "incident": found.incident,
        "key": key_of(found.incident, visitor.csrf),
        "form_key": ids.new(),
        "kept": kept,
        "users": sorted(one for kind, one in catalog.specs if kind == "User"),
        "teams": sorted(one for kind, one in catalog.specs if kind == "Team"),
        "longest_reason": LONGEST_REASON,
        "snoozes": {name: said for name, (said, _) in SNOOZES.items()},
        "longest_note": LONGEST_NOTE,
    }


def _local(text: str | None) -> str:
    """Return an address of this console to go to; never another site's."""
    return text if text and LOCAL.fullmatch(text) else "/"


def _tab(text: str) -> Tab:
    if text not in TABS:
        detail = f"status: must be one of {', '.join(TABS)}"
        raise Problem(422, "invalid", detail, field="status")
    return cast("Tab", text)


def _place(cursor: str | None) -> Place | None:
    found = after_cursor(cursor)
    if found is None:
        return None
    status, _, number = found.partition(" ")
    if not (number.isascii() and number.isdigit() and len(number) < 16):  # noqa: PLR2004 - as no number is.
        raise Problem(422, "bad-cursor", "cursor: is not one that this list gave", field="cursor")
    return status, int(number)
