"""Who may look with a browser at what is not a page of the console."""

from collections.abc import Callable, Coroutine
from typing import Any

from starlette.requests import Request

from postmortem.entrypoints.console.door import Door
from tocsin.web import Problem

BASIC = {"WWW-Authenticate": 'Basic realm="tocsin, password: an API token"'}


def viewer(door: Door) -> Callable[[Request], Coroutine[Any, Any, None]]:
    """Return what lets in who has a session or a token; a browser without is asked for a token."""

    async def let_in(request: Request) -> None:
        try:
            await door.reader(request)
        except Problem as problem:
            if problem.status == 401:  # noqa: PLR2004 - HTTP's own number.
                problem.headers.update(BASIC)
            raise

    return let_in
