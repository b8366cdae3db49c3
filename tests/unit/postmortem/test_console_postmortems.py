"""Postmortems in the browser: written, reviewed, published, promised; nobody's text is lost."""

import html
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from postmortem.domain.postmortem import postmortem_id
from tests.unit.postmortem.consoles import HTML, Console, console, hidden
from tests.unit.postmortem.stories import INCIDENT, alert_ended, envelope, night, triggered
from tocsin import events as e

HERE = f"/postmortems/{postmortem_id(INCIDENT)}"
HOSTILE = "<script>alert(1)</script> {{7*7}} \u202egnp"


@pytest.fixture
async def desk() -> AsyncIterator[Console]:
    async with console() as made:
        await made.hears(*night())
        await made.logs_in(person="bob")
        yield made


async def writes(desk: Console, page: str, section: str, text: str) -> httpx.Response:
    (over,) = re.findall(
        rf'name="section" value="{section}"><input type="hidden" name="over" value="(\d+)"', page
    )
    fields = hidden(page, f"{HERE}/sections") | {"section": section, "over": over, "text": text}
    return await desk.client.post(f"{HERE}/sections", data=fields, headers=HTML)


async def does(desk: Console, what: str) -> httpx.Response:
    return await desk.presses(await desk.gets(HERE), f"{HERE}/{what}")


async def told(desk: Console) -> list[str]:
    await desk.commands()
    return [one.type for one in desk.sent if isinstance(one.data, e.PostmortemPublished)]


async def test_a_draft_is_written_reviewed_and_published(desk: Console) -> None:
    assert HERE in await desk.gets("/postmortems")
    page = await desk.gets(f"/postmortems/{INCIDENT}")
    assert "Draft, compiled from 11 events" in page
    answer = await writes(desk, page, "impact", "Buyers waited.\r\n\r\n- for 25 min\n- in the EU")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HERE}#impact")
    page = await desk.gets(HERE)
    assert "<p><bdi>Buyers waited.</bdi></p>" in page
    assert "<li><bdi>in the EU</bdi></li>" in page
    assert "written by <bdi>bob</bdi>" in page
    assert (await does(desk, "review")).status_code == 303
    assert "In review since" in await desk.gets(HERE)
    assert (await does(desk, "publish")).status_code == 303
    page = await desk.gets(HERE)
    assert "Version 1, published by bob" in page
    assert "<textarea" not in page
    assert await told(desk) == [e.PostmortemPublished.TYPE]
    assert (await does(desk, "draft")).status_code == 303
    assert "<textarea" in await desk.gets(HERE)


async def test_pressed_twice_is_published_once(desk: Console) -> None:
    await does(desk, "review")
    page = await desk.gets(HERE)
    for _ in range(2):
        assert (await desk.presses(page, f"{HERE}/publish")).status_code == 303
    assert "Version 1, published" in await desk.gets(HERE)
    assert len(await told(desk)) == 1


async def test_nobodys_text_is_written_over_unseen(desk: Console) -> None:
    page = await desk.gets(HERE)
    assert (await writes(desk, page, "impact", "First.")).status_code == 303
    answer = await writes(desk, page, "impact", "Second.")
    assert answer.status_code == 412
    assert "was written by bob meanwhile" in html.unescape(answer.text)
    assert "<bdi>First.</bdi>" in answer.text
    assert ">Second.</textarea>" in answer.text
    # Put together, it is saved over what was seen now.
    assert (await writes(desk, answer.text, "impact", "First and second.")).status_code == 303
    assert "First and second." in await desk.gets(HERE)


async def test_the_same_page_written_from_twice_loses_nothing(desk: Console) -> None:
    """Who goes back in the browser sends the same key with another text."""
    page = await desk.gets(HERE)
    await writes(desk, page, "luck", "One.")
    assert (await writes(desk, page, "luck", "One.")).status_code == 303
    assert (await writes(desk, page, "luck", "Another.")).status_code == 412


async def test_facts_that_changed_are_shown_before_they_are_published(desk: Console) -> None:
    await does(desk, "review")
    seen = await desk.gets(HERE)
    await desk.hears(
        envelope("e12", 700, alert_ended(6, "resolved", alert_id="al-2", title="Late"))
    )
    refused = await desk.presses(seen, f"{HERE}/publish")
    assert (refused.status_code, "look at them" in refused.text) == (409, True)
    assert "What late facts changed" in refused.text
    assert "alert Late resolved" in refused.text
    assert (await desk.presses(refused.text, f"{HERE}/publish")).status_code == 303


async def test_a_change_is_promised_and_kept(desk: Console) -> None:
    page = await desk.gets(HERE)
    given = {"title": "Alert on p99", "owner": "ada", "due": "2026-04-01"}
    for _ in range(2):
        answer = await desk.presses(page, f"{HERE}/action-items", **given)
        assert answer.headers["location"] == f"{HERE}#action-items"
    page = await desk.gets(HERE)
    assert page.count("<strong><bdi>Alert on p99</bdi></strong>") == 1
    item = hidden(page, f"{HERE}/action-items")
    assert item["over"] == "1"
    answer = await desk.presses(page, f"{HERE}/action-items", **given, state="done")
    assert answer.status_code == 303
    assert '<span class="status">done</span>' in await desk.gets(HERE)
    # What was looked at is not what stands.
    answer = await desk.presses(
        page, f"{HERE}/action-items", **given | {"owner": "eve"}, state="open"
    )
    assert (answer.status_code, "changed by bob meanwhile" in answer.text) == (412, True)
    # Both are there: what stands, and what was to be, to be saved over it.
    assert '<span class="quiet">by</span> <bdi>ada</bdi>' in answer.text
    assert "<details open><summary>Change</summary>" in answer.text
    assert 'name="owner" value="eve"' in answer.text
    assert "<option selected>open</option>" in answer.text
    given["owner"] = "eve"
    answer = await desk.presses(answer.text, f"{HERE}/action-items", **given, state="open")
    assert answer.status_code == 303
    assert "<bdi>eve</bdi>" in await desk.gets(HERE)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"title": "", "owner": "ada", "due": "2026-04-01"}, "title: "),
        ({"title": "x", "owner": "ada", "due": "tomorrow"}, "due: "),
        ({"title": "x", "owner": "ada"}, "due: "),
    ],
)
async def test_a_wrong_promise_names_its_field_and_keeps_the_rest(
    desk: Console, given: dict[str, str], said: str
) -> None:
    answer = await desk.presses(await desk.gets(HERE), f"{HERE}/action-items", **given)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert f'value="{given["owner"]}"' in answer.text


async def test_a_wrong_change_of_a_promise_keeps_what_was_written(desk: Console) -> None:
    given = {"title": "Alert on p99", "owner": "ada", "due": "2026-04-01"}
    await desk.presses(await desk.gets(HERE), f"{HERE}/action-items", **given)
    wrong = {"title": "Alert on p99 and p50", "owner": "", "due": "2026-05-01"}
    page = await desk.gets(HERE)
    answer = await desk.presses(page, f"{HERE}/action-items", **wrong, state="done")
    assert (answer.status_code, "owner: " in answer.text) == (422, True)
    for kept in ('value="Alert on p99 and p50"', 'value="2026-05-01"', "selected>done<"):
        assert kept in answer.text, kept


async def test_what_is_refused_says_why(desk: Console) -> None:
    page = await desk.gets(HERE)
    fields = hidden(page, f"{HERE}/review")
    answer = await desk.client.post(f"{HERE}/publish", data=fields, headers=HTML)
    assert (answer.status_code, "not in-review" in answer.text) == (409, True)
    for section, over in (("times", "0"), ("impact", "x"), ("impact", "")):
        given = fields | {"section": section, "over": over, "text": "x"}
        answer = await desk.client.post(f"{HERE}/sections", data=given, headers=HTML)
        assert answer.status_code in {409, 422}
    given = fields | {
        "item": "act_none",
        "over": "1",
        "title": "x",
        "owner": "y",
        "due": "2026-04-01",
    }
    answer = await desk.client.post(f"{HERE}/action-items", data=given, headers=HTML)
    assert answer.status_code == 404
    for unknown in ("/postmortems/none", "/postmortems/a%20b"):
        await desk.gets(unknown, 404)


async def test_an_open_incident_has_a_draft_that_is_not_reviewed_yet(desk: Console) -> None:
    await desk.hears(envelope("x1", 0, triggered(incident_id="inc-2", number=8)))
    page = await desk.gets("/postmortems/inc-2")
    assert "Ask for a review" not in page


async def test_who_only_reads_cannot_write(desk: Console) -> None:
    page = await desk.gets(HERE)
    fields = hidden(page, f"{HERE}/review")
    await desk.logs_in("reader")
    page = await desk.gets(HERE)
    assert "<textarea" not in page
    fields |= {"csrf": hidden(page, "/logout")["csrf"]}
    for what in ("sections", "review", "publish", "draft", "action-items"):
        answer = await desk.client.post(f"{HERE}/{what}", data=fields, headers=HTML)
        assert answer.status_code == 403


async def test_hostile_words_stay_words(desk: Console) -> None:
    page = await desk.gets(HERE)
    await writes(desk, page, "impact", f"{HOSTILE}</textarea><script>alert(2)</script>")
    await desk.presses(page, f"{HERE}/action-items", title=HOSTILE, owner=HOSTILE, due="2026-04-01")
    for page in (await desk.gets(HERE), await desk.gets("/postmortems")):
        assert "<script>" not in page
        assert "\u202e" not in re.sub(r"<textarea.*?</textarea>", "", page, flags=re.DOTALL)
