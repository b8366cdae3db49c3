"""What moves is told to whoever looks: once, in bounds, and to nobody who has gone."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from postmortem.entrypoints.console.live import (
    MOST_AT_ONCE,
    MOST_VIEWERS,
    MOST_WAITING,
    OVERLAP,
    Feed,
    instant,
    mark,
)
from tests.unit.postmortem.consoles import Console, token
from tests.unit.postmortem.stories import (
    INCIDENT,
    START,
    acknowledged,
    at,
    envelope,
    resolved,
    triggered,
)
from tocsin.errors import Unavailable
from tocsin.holder import CatalogHolder
from tocsin.problems import Problem


class Browser:
    """Follows a stream, as far as it takes what is sent; `goes` closes it."""

    def __init__(self, console: Console, path: str = "/live", last: str = "") -> None:
        self.parts: list[str] = []
        self.status = 0
        self.takes = asyncio.Event()
        self.takes.set()
        self._gone = asyncio.Event()
        self._came = asyncio.Event()
        self._asked = False
        headers = [(b"authorization", f"Bearer {token('reader')}".encode())]
        headers += [(b"last-event-id", last.encode())] if last else []
        path, _, query = path.partition("?")
        scope: dict[str, Any] = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": headers,
            "scheme": "http",
            "server": ("console.example", 80),
            "http_version": "1.1",
            "root_path": "",
        }
        self.task = asyncio.create_task(console.app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, sent: Any) -> None:
        await self.takes.wait()
        if sent["type"] == "http.response.start":
            self.status = sent["status"]
        else:
            self.parts.append(sent["body"].decode())
            self._came.set()

    async def hears(self, word: str) -> str:
        """Return what came, once this is in it."""
        async with asyncio.timeout(5):
            while word not in "".join(self.parts):
                await self._came.wait()
                self._came.clear()
        return "".join(self.parts)

    async def goes(self) -> None:
        self._gone.set()
        await self.task


def feed_of(desk: Console) -> Feed:
    (found,) = [one for one in desk.application.workers if isinstance(one, Feed)]
    return found


async def test_what_moves_is_told_once(desk: Console) -> None:
    browser = Browser(desk)
    await browser.hears("retry:")
    desk.clock.advance(at(1) - START)
    await desk.hears(envelope("e1", 0, triggered()))
    assert await feed_of(desk).run_once() is False
    told = await browser.hears("moved")
    assert f'id: {mark(at(1))}\nevent: moved\ndata: ["{INCIDENT}"]\n\n' in told
    await feed_of(desk).run_once()
    desk.clock.advance(OVERLAP / 2)
    await desk.hears(envelope("e2", 2, acknowledged(2)))
    await feed_of(desk).run_once()
    await browser.hears(f"id: {mark(at(1) + OVERLAP / 2)}")
    # Two at one instant are two: a clock may stand still, what has happened has not.
    await desk.hears(envelope("e3", 3, resolved(3)))
    await feed_of(desk).run_once()
    await browser.goes()
    assert "".join(browser.parts).count("event: moved") == 3


async def test_who_comes_again_hears_what_was_missed(desk: Console) -> None:
    await desk.hears(envelope("e1", 0, triggered()))
    heard = mark(START)
    for path, last in ((f"/live?since={heard}", ""), ("/live", str(heard))):
        browser = Browser(desk, path, last)
        assert INCIDENT in await browser.hears("moved")
        await browser.goes()
    late = Browser(desk, "/live", str(heard + 1))
    await late.hears("retry:")
    await late.goes()
    assert "moved" not in "".join(late.parts)


async def test_a_storm_is_told_as_one_word(desk: Console) -> None:
    browser = Browser(desk)
    await browser.hears("retry:")
    storm = [
        envelope(f"e{n}", 0, triggered(incident_id=f"inc-{n}", number=n))
        for n in range(MOST_AT_ONCE + 1)
    ]
    await desk.hears(*storm)
    await feed_of(desk).run_once()
    await browser.hears("event: reset")
    # What moves while the storm is still in sight is told as well.
    browser.parts.clear()
    desk.clock.advance(timedelta(seconds=1))
    await desk.hears(envelope("late", 1, triggered(incident_id="inc-late", number=900)))
    await feed_of(desk).run_once()
    await browser.hears("event: reset")
    await browser.goes()
    again = Browser(desk, f"/live?since={mark(START)}")
    await again.hears("event: reset")
    await again.goes()


async def test_a_slow_browser_is_let_go_and_holds_nobody_up(desk: Console) -> None:
    slow, quick = Browser(desk), Browser(desk)
    await slow.hears("retry:")
    await quick.hears("retry:")
    slow.takes.clear()
    for number in range(MOST_WAITING + 3):
        desk.clock.advance(timedelta(seconds=1))
        await desk.hears(envelope(f"e{number}", number, triggered(incident_id=f"inc-{number}")))
        await feed_of(desk).run_once()
        await quick.hears(f"inc-{number}")
    assert len(feed_of(desk)._viewers) == 1
    slow.takes.set()
    await slow.task  # It is told to come again, by being let go.
    await quick.goes()


async def test_a_drain_lets_everybody_go_and_takes_nobody_in(desk: Console) -> None:
    browsers = [Browser(desk) for _ in range(5)]
    for one in browsers:
        await one.hears("retry:")
    for close in desk.app.state.closing:
        close()
    async with asyncio.timeout(2):
        await asyncio.gather(*(one.task for one in browsers))
    late = Browser(desk)
    await late.task
    assert late.status == 503


async def test_there_are_only_so_many(desk: Console) -> None:
    feed = feed_of(desk)
    seats = [feed.viewing() for _ in range(MOST_VIEWERS)]
    for seat in seats:
        seat.__enter__()
    with pytest.raises(Problem) as told, feed.viewing():
        pass
    assert told.value.status == 503
    for seat in seats:
        seat.__exit__(None, None, None)
    with feed.viewing():
        assert len(feed._viewers) == 1


async def test_a_database_that_is_away_ends_nothing(desk: Console) -> None:
    class Away:
        def read(self) -> Any:
            raise Unavailable("away")

    feed = Feed(Away(), desk.clock, CatalogHolder())  # type: ignore[arg-type]
    assert await feed.run_once() is False
    with feed.viewing():
        assert await feed.run_once() is False


async def test_nobody_looking_costs_nothing(desk: Console) -> None:
    feed = Feed(None, desk.clock, CatalogHolder())  # type: ignore[arg-type]
    assert await feed.run_once() is False


async def test_strangers_hear_nothing(desk: Console) -> None:
    assert (await desk.client.get("/live")).status_code == 401


@pytest.mark.parametrize("text", ["", "x", "-1", "1" * 18, "٣", "1.5"])
def test_a_mark_that_is_none_is_passed_over(text: str) -> None:
    assert instant(text) is None


def test_a_mark_is_an_instant() -> None:
    assert instant(str(mark(START))) == START
