"""Links in messages: GET and HEAD show, POST acts, for scanners of mail follow links."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from notifier.ports import NotifierUnitOfWork
from tocsin.clock import Clock
from tocsin.unit_of_work import Store

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Links(Protocol[T_co]):
    """What stands behind the links of one kind; None: there is no such link."""

    async def look(self, uow: NotifierUnitOfWork, token: str, now: datetime) -> T_co | None:
        """Return what a link is about; nothing changes."""
        ...

    async def press(self, uow: NotifierUnitOfWork, token: str, now: datetime) -> T_co | None:
        """Do what a link says, and return what it is about then."""
        ...


def link_route(
    path: str,
    store: Store[NotifierUnitOfWork],
    clock: Clock,
    links: Links[T],
    shown: Callable[[T], Response],
    unknown: Callable[[], Response],
) -> Route:
    """Return the route at `path`, which has a `{token}`; `shown` and `unknown` are its pages."""

    async def link(request: Request) -> Response:
        token = request.path_params["token"]
        if request.method == "POST":
            async with store.begin() as uow:
                found = await links.press(uow, token, clock.now())
        else:
            async with store.read() as uow:
                found = await links.look(uow, token, clock.now())
        return shown(found) if found else unknown()

    return Route(path, link, methods=["GET", "POST"])
