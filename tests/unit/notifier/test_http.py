"""The outside of notifier over ASGI: lists, tests of channels, and the link in a page."""

import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest

from notifier.domain import reply
from notifier.settings import NotifierSettings
from tests.unit.notifier.making import SECRET
from tests.unit.notifier.world import BOB, World, acknowledged, said, triggered
from tocsin.channels import TargetGone
from tocsin.events import AcknowledgeIncident, IncidentUnacknowledged
from tocsin.web import cursor_of

TOKEN = reply.link_token(SECRET, "page-1")
LINK = f"/a/{TOKEN}"


def token(name: str, scopes: str) -> str:
    return f"{name}={hashlib.sha256(name.encode()).hexdigest()}:{scopes}"


@dataclass
class Outside:
    world: World
    http: httpx.AsyncClient

    async def commands(self) -> list[AcknowledgeIncident]:
        return [one for one in await self.world.facts() if isinstance(one, AcknowledgeIncident)]


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    world = World()
    world.settings = NotifierSettings(
        secret=SECRET,
        database="postgresql://x",
        tokens=(token("reader", "read"), token("writer", "read+write")),
    )
    world.start()
    await world.hears(said(triggered()))
    await world.pages("page-1")
    await world.facts()
    transport = httpx.ASGITransport(app=world.app.http)
    async with httpx.AsyncClient(transport=transport, base_url="https://t.example") as http:
        http.headers["authorization"] = "Bearer reader"
        yield Outside(world, http)


async def test_looking_shows_and_acknowledges_nothing(outside: Outside) -> None:
    for method in ("GET", "HEAD"):
        answer = await outside.http.request(method, LINK)
        assert answer.status_code == 200
    answer = await outside.http.get(LINK)

    assert "Checkout is slow" in answer.text
    assert "Nobody has acknowledged it yet." in answer.text
    assert answer.text.count("<button") == 1
    assert await outside.commands() == []


async def test_pressing_acknowledges_for_the_person_of_the_link(outside: Outside) -> None:
    answer = await outside.http.post(LINK)

    assert answer.status_code == 200
    assert "on its way" in answer.text
    (command,) = await outside.commands()
    assert (command.incident_id, command.via) == ("inc-1", "link")
    assert (command.by.kind, command.by.name) == ("user", "ada")


async def test_pressing_twice_is_one_command(outside: Outside) -> None:
    await outside.http.post(LINK)
    await outside.http.post(LINK)

    ids = {one.value for one in await outside.world.store.take_outbox()}
    assert len({decoded_id(one) for one in ids}) == 1


def decoded_id(body: bytes) -> str:
    found = httpx.Response(200, content=body).json()
    return str(found["id"])


async def test_a_used_link_shows_the_present_state(outside: Outside) -> None:
    await outside.http.post(LINK)
    await outside.commands()
    await outside.world.hears(said(acknowledged()))

    for method in ("GET", "POST"):
        answer = await outside.http.request(method, LINK)
        assert "It is acknowledged by bob." in answer.text
        assert "<button" not in answer.text
    assert await outside.commands() == []


async def test_when_the_answer_has_ended_the_link_works_again(outside: Outside) -> None:
    await outside.http.post(LINK)
    first = await outside.world.store.take_outbox()
    await outside.world.hears(
        said(acknowledged(version=2)),
        said(IncidentUnacknowledged(incident_id="inc-1", version=3, reason="command", by=BOB)),
    )
    assert "<button" in (await outside.http.get(LINK)).text
    await outside.http.post(LINK)

    again = [one for one in await outside.world.store.take_outbox() if one.topic == "commands"]
    assert decoded_id(again[0].value) != decoded_id(first[0].value)


async def test_the_page_loads_nothing_and_is_kept_nowhere(outside: Outside) -> None:
    answer = await outside.http.get(LINK)

    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in answer.text
    assert "min-height:44px" in answer.text
    assert "color-scheme:light dark" in answer.text


async def test_the_style_is_the_one_that_the_policy_allows(outside: Outside) -> None:
    answer = await outside.http.get(LINK)
    style = answer.text.partition("<style>")[2].partition("</style>")[0]
    digest = hashlib.sha256(style.encode()).digest()

    allowed = answer.headers["content-security-policy"].partition("sha256-")[2].partition("'")[0]
    assert base64.b64encode(digest).decode() == allowed


@pytest.mark.parametrize("bad", ["x", "A" * 22, TOKEN[:-1] + "!", TOKEN + "A", TOKEN.swapcase()])
async def test_a_wrong_link_changes_nothing_and_tells_nothing(outside: Outside, bad: str) -> None:
    for method in ("GET", "POST"):
        answer = await outside.http.request(method, f"/a/{bad}")
        assert answer.status_code == 404
        assert "Checkout" not in answer.text
        assert answer.headers["cache-control"] == "no-store"
    assert await outside.commands() == []


async def test_a_link_ends_after_a_day(outside: Outside) -> None:
    outside.world.clock.advance(timedelta(hours=24))

    assert (await outside.http.get(LINK)).status_code == 404
    assert (await outside.http.post(LINK)).status_code == 404
    assert await outside.commands() == []


async def test_the_token_is_stored_nowhere(outside: Outside) -> None:
    assert TOKEN not in repr(outside.world.store.tables)


async def test_hostile_titles_stay_words_on_the_page(outside: Outside) -> None:
    title = '<script>alert(1)</script>\u202e"onload=x'
    await outside.world.pages("page-2", incident_id="inc-2", title=title)
    answer = await outside.http.get(f"/a/{reply.link_token(SECRET, 'page-2')}")

    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert "\u202e" not in answer.text


async def test_the_notifications_of_an_incident(outside: Outside) -> None:
    answer = await outside.http.get("/v1/notifications", params={"incident": "inc-1"})

    items = answer.json()["items"]
    assert answer.json()["next"] is None
    assert [(one["contact_method"], one["status"]) for one in items] == [
        ("phone", "delivered"),
        ("mail", "waiting"),
    ]
    assert items[0]["attempts"][0]["outcome"] == "delivered"
    assert items[1]["next_at"] == "2026-01-05T09:05:00Z"
    assert "push.example.org" not in answer.text


async def test_the_list_is_paged(outside: Outside) -> None:
    first = await outside.http.get("/v1/notifications?incident=inc-1&limit=1")
    rest = await outside.http.get(
        "/v1/notifications",
        params={"incident": "inc-1", "limit": 1, "cursor": first.json()["next"]},
    )

    assert [one["contact_method"] for one in first.json()["items"]] == ["phone"]
    assert [one["contact_method"] for one in rest.json()["items"]] == ["mail"]
    assert rest.json()["next"] is None


@pytest.mark.parametrize(
    "cursor",
    [
        "!!!",
        "bm9wZQ",
        "MTIz",
        cursor_of("9" * 17 + ":x"),
        cursor_of("9" * 5000 + ":x"),
        cursor_of("²:z"),
    ],
)
async def test_a_cursor_that_is_none_is_refused(outside: Outside, cursor: str) -> None:
    answer = await outside.http.get(f"/v1/notifications?incident=inc-1&cursor={cursor}")

    assert answer.status_code == 422


async def test_the_channels_and_how_they_do(outside: Outside) -> None:
    answer = await outside.http.get("/v1/channels")

    items = {one["name"]: one for one in answer.json()["items"]}
    assert items["webhook"]["capabilities"] == ["send", "update"]
    assert items["webhook"]["last_success_at"] == "2026-01-05T09:00:00Z"
    assert items["email"]["last_success_at"] is None


async def test_a_test_message_is_sent_once_per_key(outside: Outside) -> None:
    headers = {"authorization": "Bearer writer", "idempotency-key": "k-1"}
    body = {"address": "https://push.example.org/ada"}
    before = len(outside.world.phone.told)

    answers = [
        (await outside.http.post("/v1/channels/webhook/test", json=body, headers=headers)).json()
        for _ in range(2)
    ]

    assert [one["outcome"] for one in answers] == ["delivered", "repeated"]
    assert len(outside.world.phone.told) == before + 1


async def test_a_test_says_what_went_wrong(outside: Outside) -> None:
    outside.world.phone.script.append(TargetGone("HTTP 410"))
    answer = await outside.http.post(
        "/v1/channels/webhook/test",
        json={"address": "https://push.example.org/ada"},
        headers={"authorization": "Bearer writer"},
    )

    assert answer.json() == {
        "ok": False,
        "outcome": "targetgone",
        "reason": "HTTP 410",
        "findings": [],
    }


async def test_who_may_do_what(outside: Outside) -> None:
    body = {"address": "x"}
    for path in ("/v1/notifications?incident=x", "/v1/channels"):
        answer = await outside.http.get(path, headers={"authorization": ""})
        assert answer.status_code == 401
    reading = await outside.http.post("/v1/channels/webhook/test", json=body)
    nobody = await outside.http.post(
        "/v1/channels/webhook/test", json=body, headers={"authorization": ""}
    )
    assert (reading.status_code, nobody.status_code) == (403, 401)


async def test_a_channel_that_is_not_there_is_404(outside: Outside) -> None:
    answer = await outside.http.post(
        "/v1/channels/fax/test", headers={"authorization": "Bearer writer"}
    )

    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:tocsin:problem:no-such-channel"


async def test_callbacks_exist_only_for_channels_that_hear(outside: Outside) -> None:
    assert (await outside.http.post("/i/webhook/anything")).status_code == 404
    assert (await outside.http.post("/i/fax")).status_code == 404
