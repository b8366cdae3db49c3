"""Handoff notes by a form: a command, once; shown when they are told, whoever left them how."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.unit.postmortem.consoles import Console, console, token
from tests.unit.postmortem.stories import BOB, START, envelope
from tests.unit.postmortem.test_console_overrides import hears, orders
from tests.unit.postmortem.test_console_schedules import PAGE, catalog
from tocsin import events as e
from tocsin.web import cursor_of

FORM = f"{PAGE}/notes"
BEARER = {"Authorization": f"Bearer {token('reader')}"}


@pytest.fixture
async def desk() -> AsyncIterator[Console]:
    async with console(catalog()) as made:
        await made.logs_in(person="bob")
        yield made


def left(text: str = "Look at <b>#7</b>.", note_id: str = "hnt_1") -> e.HandoffNoteLeft:
    return e.HandoffNoteLeft(note_id=note_id, schedule="web", text=text, by=BOB)


async def test_a_note_is_sent_once_and_shown_when_it_is_told(desk: Console) -> None:
    page = await desk.gets(PAGE)
    assert "Nobody has left one." in page
    for _ in range(2):
        sent = await desk.presses(page, FORM, text="Look at <b>#7</b>.\r\n")
        assert (sent.status_code, sent.headers["location"]) == (303, PAGE)
    ((identity, asked),) = await orders(desk)
    assert isinstance(asked, e.LeaveHandoffNote)
    assert (asked.schedule, asked.text, asked.by) == ("web", "Look at <b>#7</b>.", BOB)
    assert "Note: sent, waiting" in await desk.gets(PAGE)
    await hears(desk, left(), identity)
    shown = await desk.gets(PAGE)
    assert "Note: done.</p>" in shown
    assert "Look at &lt;b&gt;#7&lt;/b&gt;." in shown


async def test_what_was_written_after_going_back_is_another_note(desk: Console) -> None:
    page = await desk.gets(PAGE)
    for text in ("Look at #7.", "Look at #7, and at #8."):
        await desk.presses(page, FORM, text=text)
    notes = [one for _, one in await orders(desk) if isinstance(one, e.LeaveHandoffNote)]
    assert [one.text for one in notes] == ["Look at #7.", "Look at #7, and at #8."]
    assert len({one.note_id for one in notes}) == 2


async def test_a_note_that_nobody_takes_up_is_told_of_in_place(desk: Console) -> None:
    """As while escalation is still of the release before, which passes over the command."""
    await desk.presses(await desk.gets(PAGE), FORM, text="Look at #7.")
    asks = "Is every service up, and of this release?"
    assert asks not in await desk.gets(PAGE)
    desk.clock.advance(timedelta(seconds=10))
    shown = await desk.gets(PAGE)
    assert "Note: sent, waiting" in shown
    assert asks in shown
    desk.clock.advance(timedelta(seconds=51))
    shown = await desk.gets(PAGE)
    assert "sent, waiting" not in shown
    assert "Note: nothing was heard of it within a minute." in shown
    assert "not taken up: is every service up, and of this release?" in shown


@pytest.mark.parametrize("text", ["", " \r\n", "x" * 2001])
async def test_a_wrong_note_names_its_field(desk: Console, text: str) -> None:
    answer = await desk.presses(await desk.gets(PAGE), FORM, text=text)
    assert answer.status_code == 422
    assert "note: write 1 to 2000 characters" in answer.text
    assert await orders(desk) == []


@pytest.mark.parametrize("place", ["2026-03-03T02:14:00 hnt_1", "yesterday hnt_1", ""])
async def test_a_place_in_the_list_that_it_never_gave_is_refused(desk: Console, place: str) -> None:
    await hears(desk, left(), "")
    params = {"schedule": "web", "cursor": cursor_of(place)}
    answer = await desk.client.get("/v1/handoff-notes", params=params, headers=BEARER)
    assert (answer.status_code, "cursor: is not one" in answer.text) == (422, True)


async def test_notes_are_listed_by_the_api_the_newest_first(desk: Console) -> None:
    (subscription,) = [one for one in desk.application.subscriptions if one.topic.name == "catalog"]
    for number in range(3):
        told = envelope(f"a{number}", number, left(f"note {number}", f"hnt_{number}"))
        async with desk.store.begin() as uow:
            await subscription.handle(uow, [told, told], START)
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params: dict[str, str] = {"schedule": "web", "limit": "2"} | (
            {"cursor": cursor} if cursor else {}
        )
        answer = await desk.client.get("/v1/handoff-notes", params=params, headers=BEARER)
        page = answer.json()
        found += [one["text"] for one in page["items"]]
        cursor = page["next"]
    assert found == ["note 2", "note 1", "note 0"]
