"""What people do with a postmortem over HTTP: written, reviewed, published, promised."""

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from postmortem import bootstrap
from postmortem.adapters.memory import MemoryPostmortemUnitOfWork
from postmortem.domain.postmortem import postmortem_id
from postmortem.handlers import Handlers
from postmortem.ports import PostmortemUnitOfWork
from postmortem.settings import PostmortemSettings
from tests.unit.postmortem.stories import (
    INCIDENT,
    START,
    envelope,
    night,
    notification,
    reopened,
    triggered,
)
from tocsin import events as e
from tocsin.events import Envelope, Event
from tocsin.holder import CatalogHolder
from tocsin.lifecycle import Parts
from tocsin.testing import ManualClock, MemoryBroker, MemoryStore

TOKENS = {"reader": "read", "writer": "read+write"}
SETTINGS = PostmortemSettings(
    tokens=tuple(
        f"{name}={hashlib.sha256(name.encode()).hexdigest()}:{scopes}"
        for name, scopes in TOKENS.items()
    )
)
BASE = f"/v1/postmortems/{INCIDENT}"
IMPACT = f"{BASE}/sections/impact"
ITEM = {"title": "Alert on queue length", "owner": "ada", "due": "2026-04-01"}
LATE = envelope("e12", 330, notification(e.NotificationDelivered, "bob"), cause="e07")
Store = MemoryStore[MemoryPostmortemUnitOfWork]


@pytest.fixture
async def store() -> Store:
    found = MemoryStore(MemoryPostmortemUnitOfWork)
    await arrive(found, *night())
    return found


@pytest.fixture
async def client(store: Store) -> AsyncIterator[httpx.AsyncClient]:
    parts = Parts[PostmortemUnitOfWork](store, ManualClock(), CatalogHolder(), MemoryBroker())
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(bootstrap.build(SETTINGS, parts).http),
        base_url="http://postmortem",
        headers={"Authorization": "Bearer writer"},
    ) as client:
        yield client


async def arrive(store: Store, *envelopes: Envelope[Event]) -> None:
    async with store.begin() as uow:
        await Handlers().on_events(uow, envelopes, START)


async def told(store: Store) -> list[Event]:
    found = [e.decode(outgoing.value).data for outgoing in await store.take_outbox()]
    return [event for event in found if not isinstance(event, e.PostmortemDrafted)]


async def wrote(
    client: httpx.AsyncClient, text: str, version: int, **headers: str
) -> httpx.Response:
    given = {"If-Match": f'"{version}"', **headers}
    return await client.put(IMPACT, json={"text": text, "by": "ada"}, headers=given)


async def did(client: httpx.AsyncClient, verb: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(f"{BASE}/{verb}", json={"by": "ada", **body})
    assert answer.status_code in {200, 201}, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_what_is_written_is_read_again_with_who_and_when(client: httpx.AsyncClient) -> None:
    answer = await wrote(client, "Checkout was slow\r\n- for 25 minutes", 0)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    found = (await client.get(BASE)).json()
    (impact,) = [one for one in found["sections"] if one["key"] == "impact"]
    assert impact["words"] == "Checkout was slow\n- for 25 minutes"
    assert impact["edited_by"] == {"kind": "user", "name": "ada"}
    assert "Checkout was slow\n\n- for 25 minutes" in found["markdown"]
    assert impact["prompt"] not in found["markdown"]


async def test_late_facts_never_touch_what_people_wrote(
    client: httpx.AsyncClient, store: Store
) -> None:
    await wrote(client, "Checkout was slow.", 0)
    before = (await client.get(BASE)).json()
    await arrive(store, LATE)
    after = (await client.get(BASE)).json()
    assert after["digest"] != before["digest"]
    assert (after["events"], before["events"]) == (12, 11)
    (impact,) = [one for one in after["sections"] if one["key"] == "impact"]
    assert (impact["words"], impact["words_version"]) == ("Checkout was slow.", 1)


async def test_two_who_write_at_once_both_see_both_texts(client: httpx.AsyncClient) -> None:
    await wrote(client, "mine", 0)
    answer = await wrote(client, "yours", 0)
    assert answer.status_code == 412
    problem = answer.json()
    assert problem["type"] == "urn:tocsin:problem:changed-meanwhile"
    assert (problem["current"]["text"], problem["current"]["version"]) == ("mine", 1)
    assert problem["yours"] == "yours"
    assert "its version" in problem["detail"]
    assert (await wrote(client, "mine and yours", 1)).json()["version"] == 2


async def test_a_write_must_say_what_it_changes(client: httpx.AsyncClient) -> None:
    missing = await client.put(IMPACT, json={"text": "x"})
    assert (missing.status_code, missing.json()["field"]) == (428, "If-Match")
    wrong = await client.put(IMPACT, json={"text": "x"}, headers={"If-Match": "*"})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "If-Match")


async def test_the_same_key_writes_once_and_may_ask_again(client: httpx.AsyncClient) -> None:
    first = await wrote(client, "mine", 0, **{"Idempotency-Key": "k"})
    again = await wrote(client, "mine", 0, **{"Idempotency-Key": "k"})
    assert again.json() == first.json()
    assert len((await client.get(f"{BASE}/history")).json()["items"]) == 1


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("impact", {"text": "a\x00b"}, 422, "character 2 is U+0000"),
        ("impact", {"text": "x" * 20_001}, 422, "at most 20000"),
        ("impact", {}, 422, "text"),
        ("timeline", {"text": "x"}, 400, "summary, impact"),
    ],
)
async def test_bad_text_is_refused_with_the_field_and_the_fix(
    client: httpx.AsyncClient, path: str, body: Any, status: int, says: str
) -> None:
    address = f"{BASE}/sections/{path}"
    answer = await client.put(address, json=body, headers={"If-Match": "0"})
    assert answer.status_code == status
    assert says in answer.json()["detail"]


async def test_a_review_ends_in_a_numbered_version(client: httpx.AsyncClient, store: Store) -> None:
    await wrote(client, "Checkout was slow.", 0)
    asked = await did(client, "review")
    assert (asked["status"], asked["review_requested_by"]["name"]) == ("in-review", "ada")
    assert "*In review since " in asked["markdown"]
    published = await did(client, "publish")
    assert (published["status"], published["published"]) == ("published", 1)
    assert published["published_by"] == {"kind": "user", "name": "ada"}
    assert "*Version 1, published by ada at " in published["markdown"]
    assert "Nothing was written here." in published["markdown"]
    (listed,) = (await client.get("/v1/postmortems")).json()["items"]
    assert listed["status"] == "published"
    (fact,) = await told(store)
    assert isinstance(fact, e.PostmortemPublished)
    assert (fact.number, fact.postmortem_id, fact.title) == (
        1,
        postmortem_id(INCIDENT),
        "HighErrorRate",
    )


async def test_a_published_version_stays_and_late_facts_are_told_beside_it(
    client: httpx.AsyncClient, store: Store
) -> None:
    await did(client, "review")
    published = await did(client, "publish")
    await arrive(store, LATE)
    after = (await client.get(BASE)).json()
    assert after["markdown"] == published["markdown"]
    assert after["sections"] == published["sections"]
    assert [one["event_id"] for one in after["changes"]["events"]] == ["e12"]
    assert after["changes"]["facts"]
    refused = await wrote(client, "too late", 0)
    assert refused.status_code == 409
    await did(client, "draft")
    assert (await wrote(client, "in time", 0)).status_code == 200
    await did(client, "review")
    second = await did(client, "publish")
    assert (second["published"], second["changes"]["events"]) == (2, [])
    first = (await client.get(f"{BASE}/versions/1")).json()
    assert (first["number"], first["events"]) == (1, 11)
    assert (await client.get(f"{BASE}/versions/3")).status_code == 404


async def test_facts_that_changed_in_review_are_published_by_who_saw_them(
    client: httpx.AsyncClient, store: Store
) -> None:
    await did(client, "review")
    await arrive(store, LATE)
    refused = await client.post(f"{BASE}/publish", json={})
    assert (refused.status_code, "the facts changed" in refused.json()["detail"]) == (409, True)
    seen = (await client.get(BASE)).json()
    assert [one["event_id"] for one in seen["changes"]["events"]] == ["e12"]
    published = await did(client, "publish", digest=seen["digest"])
    assert (published["events"], published["changes"]["events"]) == (12, [])


async def test_an_open_incident_is_written_about_but_not_reviewed(
    client: httpx.AsyncClient, store: Store
) -> None:
    await arrive(store, envelope("e13", 1600, reopened(6)))
    assert (await wrote(client, "So far: slow.", 0)).status_code == 200
    refused = await client.post(f"{BASE}/review")
    assert (refused.status_code, "not resolved" in refused.json()["detail"]) == (409, True)


async def test_an_action_item_is_promised_changed_and_done(
    client: httpx.AsyncClient, store: Store
) -> None:
    item = await did(client, "action-items", **ITEM)
    path = f"/v1/action-items/{item['id']}"
    later = {**ITEM, "due": "2026-05-01", "by": "bob"}
    moved = await client.put(path, json=later, headers={"If-Match": "1"})
    assert (moved.json()["due"], moved.json()["version"]) == ("2026-05-01", 2)
    outdated = await client.put(path, json={**ITEM, "state": "done"}, headers={"If-Match": "1"})
    assert (outdated.status_code, outdated.json()["current"]["due"]) == (412, "2026-05-01")
    assert outdated.json()["yours"] == {**ITEM, "state": "done"}
    done = await client.put(path, json={**later, "state": "done"}, headers={"If-Match": "2"})
    assert (done.json()["state"], done.json()["changed_by"]["name"]) == ("done", "bob")
    assert (await client.get(path)).json() == done.json()
    found = (await client.get(BASE)).json()
    assert [one["state"] for one in found["action_items"]] == ["done"]
    assert "| Alert on queue length | ada | 2026-05-01 | done |" in found["markdown"]
    opened, changed, closed = await told(store)
    assert isinstance(opened, e.ActionItemOpened)
    assert isinstance(changed, e.ActionItemOpened)
    assert isinstance(closed, e.ActionItemClosed)
    assert (opened.again, changed.again, closed.done) == (False, True, True)


async def test_action_items_are_listed_by_date_and_narrowed(client: httpx.AsyncClient) -> None:
    for day, owner in (("03", "ada"), ("01", "bob"), ("02", "ada")):
        await did(client, "action-items", **{**ITEM, "due": f"2026-04-{day}", "owner": owner})
    first = (await client.get("/v1/action-items", params={"limit": 2})).json()
    assert [one["due"][-2:] for one in first["items"]] == ["01", "02"]
    rest = (await client.get("/v1/action-items", params={"cursor": first["next"]})).json()
    assert ([one["due"][-2:] for one in rest["items"]], rest["next"]) == (["03"], None)
    for query, days in (
        ("owner=bob", ["01"]),
        ("due_before=2026-04-02", ["01"]),
        ("state=done", []),
    ):
        found = (await client.get(f"/v1/action-items?{query}")).json()["items"]
        assert [one["due"][-2:] for one in found] == days


async def test_the_history_says_who_did_what_and_keeps_every_text(
    client: httpx.AsyncClient,
) -> None:
    await wrote(client, "first", 0)
    await wrote(client, "second", 1)
    await did(client, "review")
    found = (await client.get(f"{BASE}/history", params={"limit": 2})).json()
    assert [one["what"] for one in found["items"]] == ["asked for review", "wrote"]
    assert found["items"][1]["detail"]["text"] == "second"
    older = (await client.get(f"{BASE}/history", params={"cursor": found["next"]})).json()
    (first,) = older["items"]
    assert (first["detail"]["text"], first["by"]["name"], first["revision"]) == ("first", "ada", 1)


@pytest.mark.parametrize("verb", ["review", "publish", "draft", "action-items"])
async def test_a_reader_may_not_and_a_stranger_finds_nothing(
    client: httpx.AsyncClient, verb: str
) -> None:
    body = ITEM if verb == "action-items" else {}
    reader = {"Authorization": "Bearer reader"}
    assert (await client.post(f"{BASE}/{verb}", json=body, headers=reader)).status_code == 403
    missing = await client.post(f"/v1/postmortems/none/{verb}", json=body)
    assert (missing.status_code, "none" in missing.json()["detail"]) == (404, True)


async def test_what_was_refused_left_nothing(client: httpx.AsyncClient, store: Store) -> None:
    before = dict(store.tables)
    assert (await client.post(f"{BASE}/publish")).status_code == 409
    assert (await client.post(f"{BASE}/draft")).status_code == 409
    assert (await wrote(client, "x", 7)).status_code == 412
    assert store.tables == before


async def test_an_unknown_item_is_404(client: httpx.AsyncClient) -> None:
    answer = await client.put("/v1/action-items/act_0", json=ITEM, headers={"If-Match": "1"})
    assert answer.status_code == 404
    for unknown in ("act_0", "%F0%9F%9A%A8", "a" * 300):
        assert (await client.get(f"/v1/action-items/{unknown}")).status_code == 404


async def test_words_may_be_written_from_the_first_minute(
    client: httpx.AsyncClient, store: Store
) -> None:
    await arrive(store, envelope("o1", 0, triggered(incident_id="inc-2", title="Other")))
    address = "/v1/postmortems/inc-2/sections/summary"
    answer = await client.put(address, json={"text": "Slow."}, headers={"If-Match": "0"})
    assert (answer.status_code, answer.json()["edited_by"]["kind"]) == (200, "token")


@pytest.mark.parametrize(
    ("kind", "media", "says"),
    [
        ("md", "text/markdown; charset=utf-8", "# Postmortem: HighErrorRate"),
        ("html", "text/html; charset=utf-8", "<h1>Postmortem: HighErrorRate</h1>"),
        ("svg", "image/svg+xml", "Timeline of HighErrorRate</title>"),
        ("json", "application/json", '"format":"tocsin.postmortem.v1"'),
    ],
)
async def test_it_is_exported_in_four_ways_with_a_strict_policy(
    client: httpx.AsyncClient, store: Store, kind: str, media: str, says: str
) -> None:
    answer = await client.get(f"{BASE}.{kind}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, media)
    assert says in answer.text
    assert answer.headers["content-security-policy"].startswith(
        "default-src 'none'; style-src 'sha"
    )
    assert "unsafe" not in answer.headers["content-security-policy"]
    await did(client, "review")
    await did(client, "publish")
    await arrive(store, LATE)
    before = await client.get(f"{BASE}/versions/1.{kind}")
    assert before.text == (await client.get(f"{BASE}.{kind}")).text
    assert (await client.get(f"{BASE}/versions/2.{kind}")).status_code == 404
    assert (await client.get(f"/v1/postmortems/none.{kind}")).status_code == 404


async def test_a_published_version_has_its_bytes_and_their_hash(client: httpx.AsyncClient) -> None:
    await did(client, "review")
    await did(client, "publish")
    kept = await client.get(f"{BASE}/versions/1")
    assert kept.headers["etag"] == f'"{hashlib.sha256(kept.content).hexdigest()}"'
    (done, *_) = (await client.get(f"{BASE}/history")).json()["items"]
    assert f'"{done["detail"]["sha256"]}"' == kept.headers["etag"]
    assert (await client.get(f"{BASE}/versions/1.exe")).status_code == 422


async def test_an_export_is_for_readers_only(client: httpx.AsyncClient) -> None:
    for path in (f"{BASE}.html", f"{BASE}.json", f"{BASE}.svg", f"{BASE}/versions/1"):
        answer = await client.get(path, headers={"Authorization": "Bearer wrong"})
        assert answer.status_code == 401
