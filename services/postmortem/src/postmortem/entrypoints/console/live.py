"""What has moved, told to whoever looks: server-sent events, a look a second for all viewers.

A kill here leaves nothing wrong: a browser connects again and says what it heard last.
"""

import asyncio
import contextlib
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import orjson
import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from postmortem.ports import PostmortemUnitOfWork
from postmortem.ports.console import CATALOG, Moved
from tocsin.clock import Clock
from tocsin.failures import is_infrastructure
from tocsin.holder import CatalogHolder
from tocsin.problems import unavailable
from tocsin.unit_of_work import Store

log = structlog.get_logger(__name__)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# Transactions end in another order than they begin, and clocks of replicas differ.
OVERLAP = timedelta(seconds=10)
MOST_VIEWERS = 1_000
MOST_WAITING = 16
MOST_AT_ONCE = 200
SPACING = 0.2
HEARTBEAT = 15.0
SEND_WITHIN = 10.0
LASTS = 600.0
RESET = "event: reset\ndata:\n\n"


class Viewer:
    """One browser that looks. What it does not take in time is lost to it, and it is let go."""

    def __init__(self) -> None:
        """Begin with nothing to tell."""
        self.messages: asyncio.Queue[str | None] = asyncio.Queue(MOST_WAITING)
        self.is_lost = False

    def tell(self, message: str | None) -> None:
        """Hand over a message; None ends it."""
        try:
            self.messages.put_nowait(message)
        except asyncio.QueueFull:
            self.is_lost = True


class Feed:
    """Asks the database what has moved, while anybody looks, and tells all viewers the same."""

    name = "console-feed"

    def __init__(
        self, store: Store[PostmortemUnitOfWork], clock: Clock, catalog: CatalogHolder
    ) -> None:
        """Ask `store`, and look at `catalog`; begin with what moves from now on."""
        self._store = store
        self._clock = clock
        self._catalog = catalog
        self._seen = Moved(CATALOG, EPOCH, catalog.current.version)
        self._wake = asyncio.Event()
        self._viewers: set[Viewer] = set()
        self._told: dict[str, Moved] = {}
        self._closed = False

    def wake(self) -> None:
        """Look soon: something has moved."""
        self._wake.set()

    def close(self) -> None:
        """Let every viewer go, and take no new one: the process ends."""
        self._closed = True
        for viewer in list(self._viewers):
            viewer.is_lost = True
            viewer.tell(None)

    @contextlib.contextmanager
    def viewing(self) -> Iterator[Viewer]:
        """Take a viewer in while the block lasts."""
        if self._closed or len(self._viewers) >= MOST_VIEWERS:
            raise unavailable("Too many are looking, or this process ends; try again.", 2)
        viewer = Viewer()
        if not self._viewers:
            self._told = {}
        self._viewers.add(viewer)
        try:
            yield viewer
        finally:
            self._viewers.discard(viewer)

    async def run_once(self) -> bool:
        """Tell what has moved since the last look."""
        self._look_at_catalog()
        if not self._viewers:
            return False
        now = self._clock.now()
        try:
            moved = await self.since(now - OVERLAP)
        except Exception as error:
            if not is_infrastructure(error):
                raise
            log.info("console_feed_later", error=repr(error))
            return False
        fresh = [one for one in moved if self._told.get(one.incident_id) != one]
        self._told = {one.incident_id: one for one in moved}
        if fresh:
            self._tell(RESET if len(moved) > MOST_AT_ONCE else message(fresh))
        return False

    async def since(self, at: datetime) -> Sequence[Moved]:
        """Return what has moved since then; of incidents, one more than may be told at once."""
        self._look_at_catalog()
        async with self._store.read() as uow:
            incidents = await uow.standings.moved(at, MOST_AT_ONCE + 1)
            boards = await uow.boards.moved(at)
        catalog = [self._seen] if self._seen.moved_at >= at else []
        return [*incidents, *boards, *catalog]

    async def wait(self) -> None:
        """Return when there may be something to tell; not at once, so that a storm is few looks."""
        await self._wake.wait()
        self._wake.clear()
        await asyncio.sleep(SPACING)

    def _look_at_catalog(self) -> None:
        """Take note of when it was last seen to be another: it is in memory, and in no row."""
        version = self._catalog.current.version
        if version != self._seen.version:
            self._seen = Moved(CATALOG, self._clock.now(), version)

    def _tell(self, text: str) -> None:
        for viewer in list(self._viewers):
            viewer.tell(text)
            if viewer.is_lost:
                self._viewers.discard(viewer)


class EventStream(Response):
    """The answer to a viewer: what it has missed since `since`, then what moves."""

    def __init__(self, feed: Feed, since: datetime | None) -> None:
        """Follow `feed`."""
        super().__init__()
        self._feed = feed
        self._since = since

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tell until the browser goes, is too slow, or has had its time; then it comes again."""
        del scope
        with self._feed.viewing() as viewer:
            missed = await self._feed.since(self._since) if self._since else ()
            telling = asyncio.create_task(self._tell(viewer, missed, send))
            going = asyncio.create_task(_gone(receive))
            await asyncio.wait({telling, going}, return_when=asyncio.FIRST_COMPLETED)
            for task in (telling, going):
                task.cancel()
            await asyncio.gather(telling, going, return_exceptions=True)

    async def _tell(self, viewer: Viewer, missed: Sequence[Moved], send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream"), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        # Not all at the same moment, should this process end.
        await _send(send, f"retry: {random.randint(1000, 4000)}\n\n")  # noqa: S311 - no secret.
        if missed:
            await _send(send, RESET if len(missed) > MOST_AT_ONCE else message(missed))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LASTS):
                while not viewer.is_lost:
                    text = await _next(viewer)
                    if text is None:
                        break
                    await _send(send, text)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def message(moved: Sequence[Moved]) -> str:
    """Return what is told of these: their ids, and how far this is."""
    latest = max(one.moved_at for one in moved)
    told = orjson.dumps([one.incident_id for one in moved]).decode()
    return f"id: {mark(latest)}\nevent: moved\ndata: {told}\n\n"


def mark(at: datetime) -> int:
    """Return an instant as a viewer keeps it: how far it has heard."""
    return (at - EPOCH) // MICROSECOND


def instant(text: str) -> datetime | None:
    """Return how far a viewer has heard; None for what no viewer of ours would say."""
    if not (text.isascii() and text.isdigit() and len(text) <= 17):  # noqa: PLR2004 - until the year 5138.
        return None
    return EPOCH + int(text) * MICROSECOND


async def _next(viewer: Viewer) -> str | None:
    try:
        async with asyncio.timeout(HEARTBEAT):
            return await viewer.messages.get()
    except TimeoutError:
        return ": still here\n\n"


async def _send(send: Send, text: str) -> None:
    async with asyncio.timeout(SEND_WITHIN):
        await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
