"""Pages beside the incidents follow what they show: who is on call, shifts, silences, the catalog."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from postmortem.entrypoints.console.live import OVERLAP, Feed, mark
from tests.unit.postmortem.consoles import Console, console
from tests.unit.postmortem.stories import BOB, START, at, envelope, night, triggered
from tests.unit.postmortem.test_console_live import Browser, feed_of
from tests.unit.postmortem.test_console_schedules import PAGE, catalog, foreseen, on_call
from tests.unit.postmortem.test_console_watches import silence
from tocsin import events as e

ANSWER = e.OverrideAnswered(schedule="web", override_id="o", by=BOB)
NOTE = e.HandoffNoteLeft(note_id="n1", schedule="web", text="Look at #7.", by=BOB)
REFUSED = e.SilenceRefused(silence_id="sil_1", command="x", by=BOB, reason="Too wide.")


@pytest.fixture
async def desk() -> AsyncIterator[Console]:
    async with console(catalog()) as made:
        await made.logs_in(person="bob")
        yield made


async def hears(desk: Console, topic: str, *events: e.Event) -> None:
    """Take events in by the service's own subscription, as its consumer would."""
    (found,) = [one for one in desk.application.subscriptions if one.topic.name == topic]
    batch = [envelope(f"{topic}-{number}", number, one) for number, one in enumerate(events)]
    async with desk.store.begin() as uow:
        await found.handle(uow, batch, desk.clock.now())


@pytest.mark.parametrize(
    ("topic", "event", "board"),
    [
        ("catalog", on_call("ada"), "schedules"),
        ("catalog", foreseen(), "schedules"),
        ("catalog", ANSWER, "schedules"),
        ("catalog", NOTE, "schedules"),
        ("incidents", silence(), "silences"),
        ("incidents", REFUSED, "silences"),
    ],
    ids=lambda given: getattr(given, "TYPE", ""),
)
async def test_what_pages_show_beside_incidents_is_told_at_once(
    desk: Console, topic: str, event: e.Event, board: str
) -> None:
    browser = Browser(desk)
    await browser.hears("retry:")
    desk.clock.advance(timedelta(seconds=1))
    await hears(desk, topic, event)
    async with asyncio.timeout(5):
        await feed_of(desk).wait()  # It was woken; it would look in a second otherwise.
    await feed_of(desk).run_once()
    told = await browser.hears("moved")
    await browser.goes()
    at = START + timedelta(seconds=1)
    assert f'id: {mark(at)}\nevent: moved\ndata: ["{board}"]\n\n' in told


async def test_each_move_is_told_once_and_two_at_one_instant_are_two(desk: Console) -> None:
    browser = Browser(desk)
    await browser.hears("retry:")
    for _ in range(2):
        await hears(desk, "catalog", on_call("ada"))
        for _ in range(2):
            await feed_of(desk).run_once()
    await browser.hears("moved")
    await browser.goes()
    assert "".join(browser.parts).count("event: moved") == 2


async def test_who_comes_again_hears_that_somebody_else_is_on_call(desk: Console) -> None:
    await hears(desk, "catalog", on_call("ada"))
    missed = Browser(desk, f"/live?since={mark(START)}")
    assert '["schedules"]' in await missed.hears("moved")
    await missed.goes()
    late = Browser(desk, f"/live?since={mark(START) + 1}")
    await late.hears("retry:")
    await late.goes()
    assert "moved" not in "".join(late.parts)


async def test_another_catalog_is_told_though_it_is_in_no_row(desk: Console) -> None:
    browser = Browser(desk)
    await browser.hears("retry:")
    feed: Any = feed_of(desk)
    await feed.run_once()
    holder = feed._catalog
    desk.clock.advance(timedelta(seconds=1))
    seen = desk.clock.now()
    holder.replace(replace(holder.current, version=holder.current.version + 1))
    for _ in range(2):
        await feed.run_once()
    assert 'data: ["catalog"]' in await browser.hears("moved")
    await browser.goes()
    assert "".join(browser.parts).count("event: moved") == 1
    # Whoever looked before it hears of it, however late they come; whoever looked since does not.
    desk.clock.advance(OVERLAP * 2)
    before, after = (Browser(desk, f"/live?since={mark(seen) + moment}") for moment in (0, 1))
    await before.hears("catalog")
    await after.hears("retry:")
    for one in (before, after):
        await one.goes()
    assert "moved" not in "".join(after.parts)


async def test_a_catalog_that_was_there_from_the_start_has_not_moved(desk: Console) -> None:
    feed: Feed = feed_of(desk)
    assert await feed.since(START) == []


async def test_a_kill_before_the_commit_has_moved_nothing(desk: Console) -> None:
    (found,) = [one for one in desk.application.subscriptions if one.topic.name == "catalog"]

    async def killed() -> None:
        async with desk.store.begin() as uow:
            await found.handle(uow, [envelope("o1", 1, on_call("ada"))], START)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await killed()
    assert await feed_of(desk).since(START) == []


@pytest.mark.parametrize(
    ("path", "of", "part"),
    [
        ("/on-call", "schedules catalog", "schedules"),
        ("/policies/payments", "schedules catalog", "ladder"),
        (PAGE, "schedules catalog", "overrides"),
        (PAGE, "schedules catalog", "facts"),
        ("/silences", "silences", "silences"),
    ],
)
async def test_a_page_follows_what_it_shows(desk: Console, path: str, of: str, part: str) -> None:
    page = await desk.gets(path)
    assert f'data-live="/live" data-of="{of}" data-since="{mark(START)}"' in page
    assert f'id="{part}" data-part' in page


class Stops(HTMLParser):
    """The places in the parts of a page that a keyboard stops at, by their ids."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str | None] = []
        self._inside: list[bool] = [False]
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        inside = self._inside[-1] or "data-part" in given
        is_stop = tag in {"a", "button", "select", "textarea", "summary"} or "tabindex" in given
        if inside and (is_stop or (tag == "input" and given["type"] != "hidden")):
            self.ids.append(given.get("id"))
        if tag not in {"input", "img", "br", "meta", "link"}:
            self._inside.append(inside)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Nothing stops at what is drawn."""

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._inside.pop()


@pytest.mark.parametrize(
    ("path", "stop"),
    [
        ("/", "tab-resolved"),
        ("/", "next-page"),
        ("/incidents/101", "runbook"),
        ("/incidents/7", "why-ada"),
        ("/incidents/7/why?person=ada", "all"),
        ("/on-call", "web-by-payments"),
        ("/policies/payments", "level-1-1"),
        (f"{PAGE}?from=2026-03-02", "end-swap"),
        (PAGE, "shifts-table"),
        ("/silences", "end-sil_1"),
    ],
)
async def test_the_keyboard_finds_its_place_again_when_a_part_is_taken_over(
    desk: Console, path: str, stop: str
) -> None:
    """The script looks for it by its id: without one the focus would be at the top again."""
    runbook = "https://runbooks.example/7"
    await desk.hears(
        *(
            envelope(f"t{number}", 0, triggered(1, f"i{number}", number=number, runbook=runbook))
            for number in range(101, 152)
        )
    )
    await desk.hears(*night())
    await hears(desk, "catalog", on_call("ada"), foreseen())
    await hears(desk, "incidents", silence(ends=at(3600)))
    found = Stops(await desk.gets(path)).ids
    assert stop in found
    assert None not in found
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("path", ["/on-call", "/policies/payments"])
async def test_who_is_on_call_is_loaded_anew_without_scripts(desk: Console, path: str) -> None:
    refresh = '<noscript><meta http-equiv="refresh" content="30"></noscript>'
    assert refresh in await desk.gets(path)
