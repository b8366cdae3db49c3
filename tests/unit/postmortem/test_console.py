"""The console as a browser sees it: doors, pages, buttons, and strangers' words."""

from typing import Any

import pytest

from postmortem.entrypoints.console.rendering import assets
from tests.unit.postmortem.consoles import HTML, Console, console, hidden, token
from tests.unit.postmortem.stories import (
    BOB,
    INCIDENT,
    START,
    acknowledged,
    added,
    alert,
    at,
    envelope,
    night,
    resolved,
    triggered,
)
from tocsin import events as e
from tocsin.events import Actor

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}} javascript:alert(3)"
BIDI = "pay\u202egnp.exe\x00 \u200b \U000e0041"
BUTTON = "/incidents/7/acknowledge"


async def test_a_stranger_is_led_to_the_login_and_back(desk: Console) -> None:
    await desk.hears(envelope("e1", 0, triggered()))
    answer = await desk.client.get("/incidents/7", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?to=/incidents/7")
    assert 'value="/incidents/7"' in await desk.gets("/login?to=/incidents/7")
    answer = await desk.logs_in("reader", to="/incidents/7")
    assert (answer.status_code, answer.headers["location"]) == (303, "/incidents/7")
    assert "HighErrorRate" in await desk.gets("/incidents/7")


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/a b",
        "/" + "x" * 400,
    ],
)
async def test_the_login_leads_to_no_other_site(desk: Console, to: str) -> None:
    assert (await desk.logs_in(to=to)).headers["location"] == "/"


async def test_only_a_token_opens_the_door(desk: Console) -> None:
    for wrong in ("", " ", "wrong", token("writer") + "x"):
        answer = await desk.client.post("/login", data={"token": wrong}, headers=HTML)
        assert (answer.status_code, "no API token" in answer.text) == (422, True)
        assert "set-cookie" not in answer.headers
        answer = await desk.client.post(
            "/login", data={"token": wrong, "person": "x"}, headers=HTML
        )
        assert "The catalog" not in answer.text
    answer = await desk.logs_in(person="nobody")
    assert "The catalog has no user" in answer.text
    assert (await desk.client.get("/")).status_code == 401


async def test_before_the_catalog_is_here_nobody_is_said_not_to_be_in_it(desk: Console) -> None:
    feed: Any = next(one for one in desk.application.workers if one.name == "console-feed")
    feed._catalog.loaded = False
    answer = await desk.logs_in(person="nobody")
    assert "Nobody is known yet: the catalog is not here." in answer.text
    assert (await desk.logs_in()).status_code == 303


async def test_the_cookie_is_kept_from_scripts_and_other_sites() -> None:
    async with console() as plain:
        given = (await plain.logs_in()).headers["set-cookie"]
        assert all(word in given for word in ("tocsin=", "HttpOnly", "SameSite=lax", "Path=/"))
        assert "Secure" not in given
        assert token("writer") not in given
    async with console(public_url="https://console.example") as safe:
        given = (await safe.logs_in()).headers["set-cookie"]
        assert given.startswith("__Host-tocsin=")
        assert "Secure" in given


async def test_a_session_ends_by_logout_by_time_and_with_its_token(desk: Console) -> None:
    await desk.logs_in()
    page = await desk.gets("/")
    cookie = dict(desk.client.cookies)
    assert (await desk.presses(page, "/logout")).headers["location"] == "/login"
    desk.client.cookies.update(cookie)  # Somebody kept it.
    assert (await desk.client.get("/")).status_code == 401
    desk.client.cookies.clear()
    await desk.logs_in()
    desk.clock.advance(at(12 * 3600) - START)
    assert (await desk.client.get("/")).status_code == 401
    async with desk.store.begin() as uow:
        (session,) = uow.table("sessions").values()
        assert desk.client.cookies["tocsin"] not in repr(session)


async def test_who_may_not_read_sees_nothing(desk: Console) -> None:
    await desk.hears(envelope("e1", 0, triggered()))
    await desk.logs_in("admin")
    for path in ("/", "/incidents/7", "/incidents/7/why", "/postmortems"):
        assert "HighErrorRate" not in await desk.gets(path, 403)


async def test_a_button_is_pressed_and_the_page_tells_of_it(desk: Console) -> None:
    await desk.hears(envelope("e1", 0, triggered()))
    await desk.logs_in(person="bob")
    page = await desk.gets("/incidents/7")
    answer = await desk.presses(page, BUTTON)
    assert (answer.status_code, answer.headers["location"]) == (303, "/incidents/7")
    (command,) = await desk.commands()
    assert command.data == e.AcknowledgeIncident(incident_id=INCIDENT, by=BOB, via="console")
    assert "sent, waiting" in await desk.gets("/incidents/7")
    await desk.hears(envelope("e2", 5, acknowledged(2), cause=command.event_id))
    page = await desk.gets("/incidents/7")
    assert "sent, waiting" not in page
    assert "Acknowledge: done." in page
    assert 'id="acknowledge"' not in page


async def test_who_does_not_have_it_can_still_answer_for_themselves(desk: Console) -> None:
    taken = acknowledged(2, by=Actor(kind="user", name="ada"))
    await desk.hears(envelope("e1", 0, triggered()), envelope("e2", 5, taken))
    await desk.logs_in(person="bob")
    page = await desk.gets("/incidents/7")
    assert "Acknowledge as well" in page
    await desk.presses(page, BUTTON)
    (command,) = await desk.commands()
    assert command.data == e.AcknowledgeIncident(incident_id=INCIDENT, by=BOB, via="console")


async def test_a_button_pressed_twice_is_one_command(desk: Console) -> None:
    await desk.hears(envelope("e1", 0, triggered()))
    await desk.logs_in()
    page = await desk.gets("/incidents/7")
    for _ in range(3):
        assert (await desk.presses(page, BUTTON)).status_code == 303
    assert len(await desk.commands()) == 1
    # Another page of the same state is the same press; of a later state it is a new one.
    await desk.presses(await desk.gets("/incidents/7"), BUTTON)
    assert len(await desk.commands()) == 1
    await desk.hears(envelope("e2", 5, added(2)))
    await desk.presses(await desk.gets("/incidents/7"), BUTTON)
    assert len(await desk.commands()) == 2


async def test_without_a_name_the_token_acts(desk: Console) -> None:
    await desk.hears(envelope("e1", 0, triggered()))
    await desk.logs_in()
    await desk.presses(await desk.gets("/incidents/7"), "/incidents/7/acknowledge")
    (command,) = await desk.commands()
    assert command.data.by == Actor(kind="token", name="writer")


async def test_every_button_sends_its_command(desk: Console) -> None:
    await desk.hears(envelope("e1", 0, triggered()))
    await desk.logs_in(person="bob")
    page = await desk.gets("/incidents/7")
    fields = hidden(page, BUTTON)
    for verb in ("resolve", "escalate"):
        await desk.client.post(f"/incidents/7/{verb}", data=fields)
    await desk.presses(page, "/incidents/7/snooze", **{"for": "4h"})
    await desk.presses(page, "/incidents/7/note", text=" looking\r\nat it\x00 ")
    given = {"incident_id": INCIDENT, "by": BOB, "via": "console"}
    assert [one.data for one in await desk.commands()] == [
        e.ResolveIncident(**given),
        e.EscalateIncident(**given),
        e.SnoozeIncident(**given, until=at(4 * 3600)),
        e.AddNote(**given, text="looking\nat it\ufffd"),
    ]


async def test_a_refusal_is_told_with_its_reason(desk: Console) -> None:
    await desk.hears(envelope("e1", 0, triggered()))
    await desk.logs_in()
    await desk.presses(await desk.gets("/incidents/7"), "/incidents/7/acknowledge")
    (command,) = await desk.commands()
    no = e.CommandRefused(incident_id=INCIDENT, command="x", by=BOB, reason="It is <over>.")
    await desk.hears(envelope("e2", 1, no, cause=command.event_id))
    assert "Acknowledge: refused. <bdi>It is &lt;over&gt;.</bdi>" in await desk.gets("/incidents/7")


async def test_no_answer_is_waited_for_a_minute_and_no_longer(desk: Console) -> None:
    await desk.hears(envelope("e1", 0, triggered()))
    await desk.logs_in()
    await desk.presses(await desk.gets("/incidents/7"), "/incidents/7/acknowledge")
    desk.clock.advance(at(61) - START)
    page = await desk.gets("/incidents/7")
    assert "nothing was heard of it within a minute" in page
    assert "waiting" not in page


@pytest.mark.parametrize(
    ("given", "headers", "status"),
    [
        ({"csrf": ""}, {}, 403),
        ({"csrf": "0" * 64}, {}, 403),
        ({"csrf": "ä"}, {}, 403),
        ({}, {"Origin": "https://evil.example"}, 403),
        ({}, {"Origin": "null"}, 403),
        ({}, {"Sec-Fetch-Site": "cross-site"}, 403),
        ({}, {"Sec-Fetch-Site": "same-site"}, 403),
        ({}, {"Content-Type": "text/plain"}, 415),
        ({"key": ""}, {}, 422),
        ({"key": "x" * 101}, {}, 422),
    ],
)
async def test_a_forged_form_does_nothing(
    desk: Console, given: dict[str, str], headers: dict[str, str], status: int
) -> None:
    await desk.hears(envelope("e1", 0, triggered()))
    await desk.logs_in()
    page = await desk.gets("/incidents/7")
    answer = await desk.presses(page, BUTTON, headers=HTML | headers, **given)
    assert answer.status_code == status
    assert await desk.commands() == []


async def test_another_sessions_form_does_not_fit(desk: Console) -> None:
    await desk.hears(envelope("e1", 0, triggered()))
    await desk.logs_in()
    page = await desk.gets("/incidents/7")
    await desk.logs_in()
    assert (await desk.presses(page, BUTTON)).status_code == 403


async def test_who_only_reads_has_no_buttons_and_cannot_press_any(desk: Console) -> None:
    await desk.hears(envelope("e1", 0, triggered()))
    await desk.logs_in("reader")
    page = await desk.gets("/incidents/7")
    assert "Your token may only read" in page
    fields = hidden(page, "/logout") | {"key": "k"}
    assert (await desk.client.post(BUTTON, data=fields)).status_code == 403
    bearer = {"Authorization": f"Bearer {token('writer')}"}
    desk.client.cookies.clear()
    assert (await desk.client.post(BUTTON, data=fields, headers=bearer)).status_code == 401
    assert await desk.commands() == []


@pytest.mark.parametrize(
    ("action", "given", "said"),
    [
        ("snooze", {"for": "9y"}, "for: must be one of"),
        ("note", {"text": "  "}, "text: write 1 to"),
        ("note", {"text": "x" * 10_001}, "text: write 1 to"),
    ],
)
async def test_a_wrong_field_is_named(
    desk: Console, action: str, given: dict[str, str], said: str
) -> None:
    await desk.hears(envelope("e1", 0, triggered()))
    await desk.logs_in()
    page = await desk.gets("/incidents/7")
    answer = await desk.presses(page, f"/incidents/7/{action}", **given)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert await desk.commands() == []


async def test_the_open_ones_come_first_and_lists_are_paged(desk: Console) -> None:
    for number in range(1, 121):
        opened = triggered(
            incident_id=f"inc-{number}", number=number, title=f"Alert {number} of them"
        )
        await desk.hears(envelope(f"e{number}", number, opened))
    taken = e.IncidentAcknowledged(incident_id="inc-120", version=2, by=BOB)
    await desk.hears(
        envelope("a", 200, taken), envelope("b", 201, resolved(2, incident_id="inc-119"))
    )
    await desk.logs_in("reader")
    found, path, page = [], "/", ""
    for _ in range(3):
        page = await desk.gets(path)
        found += [int(part.split("<")[0]) for part in page.split('<span class="no">#')[1:]]
        if "Next page" in page:
            path = page.split('class="button" href="')[1].split('"')[0].replace("&amp;", "&")
    assert found == [*range(118, 0, -1), 120]
    assert "<strong>118</strong> triggered" in page
    assert "Alert 119 of them" in await desk.gets("/?status=resolved")
    for wrong in ("/?status=x", "/?cursor=!!", "/?cursor=b3Blbg", "/postmortems?cursor=eCB5"):
        await desk.gets(wrong, 422)


async def test_empty_pages_teach(desk: Console) -> None:
    await desk.logs_in("reader")
    assert "tocsin ring" in await desk.gets("/")
    assert "tocsin incidents resolve" in await desk.gets("/postmortems")
    assert "None" in await desk.gets("/?status=resolved")


async def test_an_incident_tells_its_story(desk: Console) -> None:
    await desk.hears(*night())
    await desk.logs_in("reader")
    for name in ("7", INCIDENT):
        page = await desk.gets(f"/incidents/{name}")
        for said in ("bob", "ada", "SlowQueries", "resolved by bob", "reached", "was with"):
            assert said in page
    for unknown in ("8", "inc-2", "%00", "a%20b", "9" * 40):
        await desk.gets(f"/incidents/{unknown}", 404)


async def test_a_storm_is_one_short_page(desk: Console) -> None:
    many = [envelope(f"e{n}", n, added(n, alert(f"al-{n}", f"Alert {n}"))) for n in range(2, 1_202)]
    await desk.hears(envelope("e1", 0, triggered(alert=alert())), *many)
    await desk.logs_in("reader")
    page = await desk.gets("/incidents/7")
    assert "1201 of 1201 firing; the latest 200 are shown" in page
    assert len(page) < 150_000


async def test_hostile_words_stay_words(desk: Console) -> None:
    hostile = triggered(
        title=HOSTILE,
        service=HOSTILE,
        description=HOSTILE,
        runbook="javascript:alert(4)",
        alert=alert(title=BIDI),
    )
    note = e.NoteAdded(
        incident_id=INCIDENT, version=2, by=Actor(kind="user", name=HOSTILE), text=HOSTILE
    )
    await desk.hears(
        envelope("e1", 0, hostile), envelope("e2", 1, note), envelope("e3", 2, resolved(3))
    )
    await desk.logs_in("reader")
    for path in ("/?status=all", "/incidents/7", "/incidents/7/why", "/postmortems"):
        page = await desk.gets(path)
        assert "<script>" not in page
        assert "<img src=x" not in page
        assert "49" not in page.split("<main")[1].split("javascript:alert(3)")[0][-80:]
        assert "&lt;script&gt;" in page
        for unseen in ("\u202e", "\u200b", "\x00", "\U000e0041"):
            assert unseen not in page
    assert "(U+202E)" in await desk.gets("/incidents/7")
    assert 'href="javascript' not in await desk.gets("/incidents/7")


async def test_every_page_keeps_to_the_policy(desk: Console) -> None:
    await desk.hears(*night())
    pages = [await desk.client.get("/login", headers=HTML)]
    await desk.logs_in()
    for path in (
        "/",
        "/incidents/7",
        "/incidents/7/why",
        "/postmortems",
        "/incidents/9",
        "/?status=x",
    ):
        pages += [await desk.client.get(path, headers=HTML)]
    for answer in pages:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        for forbidden in (
            " style=",
            " onclick",
            " onload",
            "<style",
            "javascript:",
            "http://",
            "https://",
        ):
            assert forbidden not in answer.text
        assert answer.text.count("<script") == answer.text.count('<script src="/static/')


async def test_files_are_kept_by_browsers_and_change_their_address(desk: Console) -> None:
    for address, asset in assets().items():
        answer = await desk.client.get(address)
        assert answer.content == asset.body
        assert "immutable" in answer.headers["cache-control"]
        # What only some pages load is not on each.
        assert asset.name == "dragging.js" or address in await desk.gets("/login")
    assert (await desk.client.get("/static/x/console.css")).status_code == 404
