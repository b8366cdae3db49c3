"""Problems as people in a browser are told of them: a page, or the way to the login."""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse, Response

from postmortem.entrypoints.console.rendering import Pages
from tocsin.web import Problem

Answering = Callable[[Request], Coroutine[Any, Any, Response]]


def told_in_html(pages: Pages) -> type[APIRoute]:
    """Return the kind of route that tells people in a browser of problems as a page."""

    class ConsoleRoute(APIRoute):
        def get_route_handler(self) -> Answering:
            handle = super().get_route_handler()

            async def answer(request: Request) -> Response:
                try:
                    return await handle(request)
                except Problem as problem:
                    if "text/html" not in request.headers.get("accept", ""):
                        raise
                    return _page_of(problem, request, pages)

            return answer

    return ConsoleRoute


def _page_of(problem: Problem, request: Request, pages: Pages) -> Response:
    if problem.status == 401:  # noqa: PLR2004 - HTTP's own number.
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        to = here if request.method == "GET" else "/"
        return RedirectResponse(f"/login?to={quote(to)}", status_code=303)
    return pages.show("problem.html", problem.status, visitor=None, problem=problem)
