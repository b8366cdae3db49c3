"""Why somebody was paged, or nobody, as the console shows it: what the API answers, to read."""

import re
from html import unescape

import pytest

from tests.unit.postmortem.consoles import HTML, Console, console
from tests.unit.postmortem.stories import (
    ADA,
    BOB,
    INCIDENT,
    acknowledged,
    added,
    alert,
    at,
    envelope,
    night,
    page,
    triggered,
)
from tocsin import events as e
from tocsin.catalog import Catalog
from tocsin.catalog.documents import User

WHY = "/incidents/7/why"
DECISION = re.compile(r'<li class="card decision".*?</li>', re.DOTALL)
REASON = ("level 1 of policy payments, loop 1", "schedule primary", "user ada")
MISSED = "not paged: user bob has no contact method"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202e"


def words(markup: str) -> str:
    """Return what a reader sees of this."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def decisions(shown: str) -> list[str]:
    """Return each decision of a page, as it is read."""
    return [words(one) for one in DECISION.findall(shown)]


async def asked(desk: Console) -> list[dict[str, object]]:
    """Return what the API answers."""
    path = f"/v1/timelines/{INCIDENT}/why"
    headers = {"Authorization": "Bearer the-token-of-the-reader"}
    found: list[dict[str, object]] = (await desk.client.get(path, headers=headers)).json()["items"]
    return found


async def test_each_decision_is_told_in_order_as_the_api_tells_it(desk: Console) -> None:
    paged = page().model_copy(update={"reason": (*REASON, MISSED), "instead": "Away, it was bob."})
    await desk.hears(*night()[:1], envelope("e02", 1, paged, cause="e01"), *night()[2:])
    await desk.logs_in("reader")
    shown, items = decisions(await desk.gets(WHY)), await asked(desk)
    assert len(shown) == len(items) > 10
    for told, item in zip(shown, items, strict=True):
        for field in ("sentence", "rule", "instead", "by"):
            assert str(item[field]) in told
        assert str(item["code"]).replace("-", " ").capitalize() in told
    (ours,) = [one for one in shown if "Away, it was bob." in one]
    assert "2026-03-03 02:14:01 UTC" in ours
    assert "What would have altered it: Away, it was bob." in ours
    assert "Rule policy payments" in ours
    assert "Catalog version 3, which chose ada" in ours
    assert f"Chain {'; '.join((*REASON, MISSED))}" in ours
    assert "Level 1" in ours


async def test_the_answer_comes_first(desk: Console) -> None:
    await desk.hears(envelope("e1", 0, triggered()), envelope("e2", 5, acknowledged(2, ADA)))
    await desk.logs_in("reader")
    shown = await desk.gets(WHY)
    answer = "Nobody was paged: ada acknowledged the incident at 2026-03-03 02:14:05 UTC."
    assert words(shown.split('id="answer"')[1].split("<form")[0]).endswith(answer)
    assert "<code>tocsin why ALERT</code>" in shown


async def test_the_incident_leads_there_by_the_name_one_looks_for(desk: Console) -> None:
    await desk.hears(envelope("e01", 0, triggered()))
    await desk.logs_in("reader")
    assert f'href="{WHY}">Why was nobody paged?' in await desk.gets("/incidents/7")
    await desk.hears(*night())
    assert f'href="{WHY}">Why were these people paged?' in await desk.gets("/incidents/7")
    await desk.logs_in("reader", person="bob")
    for name in ("7", INCIDENT):
        shown = await desk.gets(f"/incidents/{name}")
        assert f'href="{WHY}?person=bob">Why was I paged?' in shown
        assert f'href="{WHY}?person=ada">why?<span class="unseen"> ada</span>' in shown
        assert '<a href="/incidents/7" id="incident">' in await desk.gets(f"/incidents/{name}/why")


async def test_a_page_on_the_timeline_leads_to_its_decision(desk: Console) -> None:
    many = [added(n, alert(f"al-{n}", f"Alert {n}")) for n in range(2, 140)]
    await desk.hears(envelope("e1", 0, triggered()))
    await desk.hears(*[envelope(f"a{n}", 1 + n, one) for n, one in enumerate(many)])
    missed = page().model_copy(update={"reason": (*REASON, MISSED)})
    await desk.hears(envelope("pa:ge", 400, missed), envelope("note", 401, acknowledged(140)))
    await desk.logs_in("reader")
    ((path, place),) = re.findall(
        rf'href="({WHY}\?event=pa%3Age)#([^"]*)"', await desk.gets("/incidents/7")
    )
    there = await desk.gets(path)
    assert place == "decision-pa%3Age"
    assert there.count('id="decision-pa:ge" tabindex="-1"') == 1
    assert "ada was paged" in words(there.split('id="decision-pa:ge"')[1].split("</li>")[0])
    assert "Page 2 of 2." in there
    # What is read in parts does not move under its reader.
    assert "data-live" not in there
    first = await desk.gets(WHY)
    assert "Page 1 of 2." in first
    assert len(decisions(first)) == 100
    (later,) = re.findall(r'rel="next" href="([^"]*)"', first)
    assert decisions(await desk.gets(later)) == decisions(there)
    for wrong in ("0", "3", "-1", "x", "²", "", "9" * 9000):
        assert "page: must be a number from 1 to 2" in await desk.gets(f"{WHY}?page={wrong}", 422)


async def test_one_persons_part_of_it(desk: Console) -> None:
    await desk.hears(*night())
    await desk.logs_in("reader")
    whole, hers = await desk.gets(WHY), await desk.gets(f"{WHY}?person=ada")
    shown = decisions(hers)
    assert [one.split(" 2026")[0] for one in shown] == ["Paged", "Sent", "Delivered"]
    assert f"3 of {len(decisions(whole))} concern" in hers
    assert f'href="{WHY}" id="all"' in hers
    assert "bob was paged" in whole
    assert "bob was paged" not in hers
    assert '<option value="ada" selected>' in hers
    assert '<option value="bob">' in hers
    nobody = await desk.gets(f"{WHY}?person=carol")
    assert "No page to carol is recorded for this incident." in nobody
    assert "names <bdi>carol</bdi>" in nobody
    assert decisions(nobody) == []


async def test_whoever_looks_finds_themselves_among_the_people(desk: Console) -> None:
    await desk.hears(envelope("e1", 0, triggered()))
    await desk.logs_in("reader", person="bob")
    assert '<option value="bob">' in await desk.gets(WHY)


async def test_nothing_decided_is_said(desk: Console) -> None:
    note = e.NoteAdded(incident_id=INCIDENT, version=2, by=BOB, text="Look at this.")
    await desk.hears(envelope("e1", 0, note))
    await desk.logs_in("reader")
    shown = await desk.gets(f"/incidents/{INCIDENT}/why")
    assert "Nothing was decided about it so far" in shown
    assert "nothing was heard of escalation" in shown
    assert decisions(shown) == []


@pytest.mark.parametrize("unknown", ["8", "inc-2", "a%20b", "9" * 40])
async def test_what_is_not_known_is_answered_as_its_page_is(desk: Console, unknown: str) -> None:
    await desk.hears(*night())
    await desk.logs_in("reader")
    page_of = await desk.gets(f"/incidents/{unknown}", 404)
    assert await desk.gets(f"/incidents/{unknown}/why", 404) == page_of


async def test_who_may_not_see_the_incident_is_answered_as_on_its_page(desk: Console) -> None:
    await desk.hears(*night())
    path = f"{WHY}?person=ada"
    answer = await desk.client.get(path, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/login?to=/incidents/7/why%3Fperson%3Dada",
    )
    assert (await desk.client.get(path)).status_code == 401
    await desk.logs_in("admin")
    assert await desk.gets(path, 403) == await desk.gets("/incidents/7", 403)
    # What sets a token may change says nothing of what it may read.
    await desk.logs_in("web-team")
    assert len(decisions(await desk.gets(WHY))) == len(await asked(desk)) > 0


async def test_strangers_words_stay_words(desk: Console) -> None:
    reason = (HOSTILE, f"not paged: {HOSTILE}")
    paged = page(HOSTILE).model_copy(update={"reason": reason, "instead": HOSTILE})
    await desk.hears(
        envelope("e1", 0, triggered(title=HOSTILE, rule=HOSTILE)), envelope(HOSTILE, 1, paged)
    )
    await desk.logs_in("reader")
    for path in (
        "/incidents/7",
        WHY,
        f"{WHY}?person=%3Cscript%3Ealert(1)",
        f"{WHY}?zone=%3Cimg%20",
    ):
        answer = await desk.client.get(path, headers=HTML)
        assert "<img" not in answer.text.split("<main")[1]
        assert answer.text.count("<script") == 1
        assert "\u202e" not in answer.text
        assert "&lt;script&gt;" in answer.text
        assert " style=" not in answer.text
        assert "'self'" in answer.headers["content-security-policy"]


async def test_times_are_those_of_whoever_looks() -> None:
    known = Catalog(1, {("User", "ada"): User(time_zone="Asia/Tokyo")})
    async with console(known) as desk:
        await desk.hears(*night())
        await desk.logs_in("reader")
        assert "2026-03-03 02:14:01 UTC</time>" in await desk.gets(WHY)
        await desk.logs_in("reader", person="ada")
        shown = await desk.gets(WHY)
        assert "2026-03-03 11:14:01 JST</time>" in shown
        assert "Times are those of Asia/Tokyo; in sentences they are UTC." in shown
        assert "03:14:01 CET</time>" in await desk.gets(f"{WHY}?zone=Europe/Paris")
        assert "03:14:01 CET</time>" in await desk.gets(WHY), "it is kept"
        assert "is not an IANA time zone" in await desk.gets(f"{WHY}?zone=Mars", 422)


async def test_a_page_that_is_left_open_follows_its_incident(desk: Console) -> None:
    await desk.hears(envelope("e1", 0, triggered()))
    await desk.logs_in("reader")
    before = await desk.gets(WHY)
    assert 'data-live="/live"' in before
    assert f'data-of="{INCIDENT}"' in before
    await desk.hears(envelope("e2", 5, page()))
    after = await desk.gets(WHY)
    for part, end in (("answer", "<form"), ("decisions", "</section>")):
        begins = f'<div id="{part}" data-part'
        assert "ada was paged" in after.split(begins)[1].split(end)[0]
        assert "ada was paged" not in before.split(begins)[1]


async def test_of_a_long_answer_the_latest_is_read(desk: Console) -> None:
    pages = [page(f"p{n}").model_copy(update={"page_id": f"pg-{n}"}) for n in range(15)]
    await desk.hears(envelope("e0", 0, triggered()))
    await desk.hears(*[envelope(f"p{n:02d}", 1 + n, one) for n, one in enumerate(pages)])
    await desk.hears(envelope("z", 60, acknowledged(2)))
    await desk.logs_in("reader")
    answer = words((await desk.gets(WHY)).split('id="answer"')[1].split("<form")[0])
    assert "The 6 before these are among the decisions below." in answer
    assert "p5 was paged" not in answer
    assert "p6 was paged" in answer
    assert "Nobody is paged now: bob acknowledged" in answer
    assert at(60).strftime("%H:%M:%S") in answer
