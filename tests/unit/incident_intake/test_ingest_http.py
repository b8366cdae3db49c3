"""Intake over HTTP: what is accepted is durable, what is wrong is named, nothing is a 5xx."""

import base64
import gzip
import json
import zlib
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from tests.unit.incident_intake.world import HOOK, KEY, World, catalog, hashed, names, seconds
from tocsin.catalog import Integration
from tocsin.events import AlertEvent, UnreadableAlert, decode
from tocsin.holder import CatalogHolder
from tocsin.topics import ALERT_EVENTS

GENERIC = "/v1/alerts/generic"
HOOKED = "/v1/alerts/alertmanager"
RING = {"title": "Disk full"}


def kept(world: World) -> list[Any]:
    """Return what is on the durable log."""
    return [decode(one.value).data for one in world.broker.records(ALERT_EVENTS.name)]


async def test_an_accepted_alert_is_on_the_log_with_its_body() -> None:
    world = World()
    answer = await world.http.post(GENERIC, headers=HOOK, json={**RING, "extra": {"a": 1}})
    assert answer.status_code == 202
    (event,) = kept(world)
    assert answer.json() == {"accepted": 1, "event_ids": [event.payload_id]}
    assert isinstance(event, AlertEvent)
    assert (event.integration, event.source, event.service) == ("tests", "generic", "checkout")
    assert event.route == "integration"
    assert event.raw is not None
    assert json.loads(event.raw.body) == {**RING, "extra": {"a": 1}}
    assert names(await world.works()) == ["IncidentTriggered"]


async def test_a_request_is_dated_by_when_it_came_not_by_when_it_was_read() -> None:
    """What is said of one alert takes effect in the order in which it was said, here or elsewhere."""
    world = World()

    async def after_a_stop(scope: Scope, receive: Receive, send: Send) -> None:
        await world.app.http({**scope, "state": {"waited": 18.0}}, receive, send)

    transport = httpx.ASGITransport(after_a_stop)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake") as http:
        answer = await http.post(GENERIC, headers=HOOK, json=RING)
    assert answer.status_code == 202
    (event,) = kept(world)
    assert event.received_at == world.clock.now() - seconds(18)


async def test_the_body_travels_once_however_many_alerts_it_holds() -> None:
    world = World()
    body = [{"title": f"alert {count}"} for count in range(3)]
    answer = await world.http.post(GENERIC, headers=HOOK, json=body)
    events = sorted(kept(world), key=lambda event: event.title)
    assert [event.raw is not None for event in events] == [True, False, False]
    assert {event.payload_id for event in events} == {answer.json()["event_ids"][0]}


async def test_a_large_body_is_kept_compressed() -> None:
    world = World()
    body = json.dumps({**RING, "description": "x" * 100_000}).encode()
    await world.http.post(GENERIC, headers=HOOK, content=body)
    (event,) = kept(world)
    assert event.raw.encoding == "zlib+base64"
    assert zlib.decompress(base64.b64decode(event.raw.body)) == body


@pytest.mark.parametrize(
    ("prefix", "headers"),
    [
        ("", {"X-Tocsin-Key": KEY}),
        ("", {"Authorization": f"Bearer {KEY}"}),
        ("", {"Authorization": f"GenieKey {KEY}"}),
        ("", {"Authorization": "Basic " + base64.b64encode(f"any:{KEY}".encode()).decode()}),
        (f"/k/{KEY}", {}),
        (f"/k/{KEY}", {"Authorization": "Bearer a-token-of-some-proxy"}),
    ],
)
async def test_a_key_comes_by_many_ways(prefix: str, headers: dict[str, str]) -> None:
    world = World()
    answer = await world.http.post(prefix + GENERIC, headers=headers, json=RING)
    assert answer.status_code == 202, answer.text
    alerts = await world.http.post(prefix + "/api/v2/alerts", headers=headers, json=[])
    assert alerts.status_code == 200


NESTED = b'{"title":' + b"[" * 40 + b"]" * 40 + b"}"
KEYS = json.dumps({f"k{count}": 1 for count in range(1001)}).encode()


@pytest.mark.parametrize(
    ("path", "headers", "body", "status", "word"),
    [
        (GENERIC, {}, b'{"title":"x"}', 401, "key"),
        (GENERIC, {"X-Tocsin-Key": "wrong"}, b'{"title":"x"}', 401, "key"),
        (GENERIC, {"Authorization": "Basic %%%"}, b'{"title":"x"}', 401, "key"),
        ("/k/wrong" + GENERIC, {}, b'{"title":"x"}', 401, "key"),
        ("/v1/alerts/fax", HOOK, b"{}", 404, "alertmanager"),
        ("/v1/nothing", HOOK, b"{}", 404, "Not Found"),
        (GENERIC, HOOK, b"", 400, "line 1 column 1"),
        (GENERIC, HOOK, b'{"title":\n "x",}', 400, "line 2 column"),
        (GENERIC, HOOK, b"title=x", 400, "line 1 column"),
        (GENERIC, HOOK, b'{"title": NaN}', 400, "line 1 column"),
        (GENERIC, HOOK, b"\xff\xfe", 400, "not JSON"),
        (GENERIC, HOOK, NESTED, 400, "nested deeper"),
        (GENERIC, HOOK, b"[" * 100_000, 400, "nested deeper"),
        (GENERIC, HOOK, KEYS, 400, "keys"),
        (GENERIC, HOOK, b"x" * (5 * 1024 * 1024 + 1), 413, "larger"),
        (GENERIC, {**HOOK, "Content-Encoding": "gzip"}, b"not gzip", 400, "gzip"),
        (GENERIC, {**HOOK, "Content-Encoding": "br"}, b"{}", 400, "br"),
        (GENERIC, HOOK, b"[]x", 400, "line 1 column"),
        (GENERIC, HOOK, b"7", 422, "body"),
        (GENERIC, HOOK, b"{}", 422, "title"),
        (GENERIC, HOOK, b'{"title": 7}', 422, "title"),
        (GENERIC, HOOK, b'{"title": ""}', 422, "title"),
        (GENERIC, HOOK, b'{"title": "x", "severity": "fatal"}', 422, "severity"),
        (GENERIC, HOOK, b'{"title": "x", "labels": [1]}', 422, "labels"),
        (GENERIC, HOOK, b'[{"title": "x"}, {"title": []}]', 422, "[1].title"),
        (GENERIC, {**HOOK, "Idempotency-Key": "x" * 256}, b'{"title":"x"}', 400, "Idempotency"),
    ],
)
async def test_bad_input_is_refused_with_its_place(
    path: str, headers: dict[str, str], body: bytes, status: int, word: str
) -> None:
    world = World()
    answer = await world.http.post(path, headers=headers, content=body)
    assert answer.status_code == status, answer.text[:500]
    assert word in answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].startswith("urn:tocsin:problem:")
    assert kept(world) == []


async def test_a_gzip_body_is_read_and_a_bomb_is_not() -> None:
    world = World()
    headers = {**HOOK, "Content-Encoding": "gzip"}
    small = gzip.compress(json.dumps(RING).encode())
    assert (await world.http.post(GENERIC, headers=headers, content=small)).status_code == 202
    bomb = gzip.compress(b'{"title":"' + b"x" * 100_000_000 + b'"}')
    assert (await world.http.post(GENERIC, headers=headers, content=bomb)).status_code == 413


@pytest.mark.parametrize(
    ("title", "shown"),
    [("a\x00b", "ab"), ("x" * 5000, "x" * 1023 + "…"), ("<b>{{7*7}}</b>", "<b>{{7*7}}</b>")],
)
async def test_strange_text_is_taken(title: str, shown: str) -> None:
    world = World()
    answer = await world.http.post(GENERIC, headers=HOOK, json={"title": title})
    assert answer.status_code == 202
    assert kept(world)[0].title == shown
    await world.works()
    assert world.incidents()[0].title == shown


async def test_half_a_surrogate_pair_is_no_reason_to_lose_an_alert() -> None:
    world = World()
    body = b'{"title": "disk \\ud800 full"}'
    assert (await world.http.post(GENERIC, headers=HOOK, content=body)).status_code == 202
    assert kept(world)[0].title.startswith("disk ")
    assert "\\ud800" in kept(world)[0].raw.body


async def test_what_a_tool_sends_wrong_is_kept_and_wakes_somebody() -> None:
    world = World()
    good = {"status": "firing", "labels": {"alertname": "Disk"}}
    answer = await world.http.post(HOOKED, headers=HOOK, json={"alerts": [good, {"status": 7}]})
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 1
    assert answer.json()["unreadable"] == ["alerts[1].status: must be one of firing, resolved"]
    whole = await world.http.post(HOOKED, headers=HOOK, json=["?"])
    assert whole.status_code == 202
    assert (whole.json()["accepted"], whole.json()["event_ids"]) == (0, [])
    assert "kept" in whole.json()["detail"]
    facts = await world.works()
    assert names(facts).count("IncidentTriggered") == 2
    assert names(facts).count("DeadLettered") == 2
    assert {incident.source for incident in world.incidents()} == {"alertmanager", "tocsin"}


async def test_the_same_request_again_makes_the_same_events() -> None:
    world = World()
    headers = {**HOOK, "Idempotency-Key": "request-7"}
    first = await world.http.post(GENERIC, headers=headers, json=RING)
    again = await world.http.post(GENERIC, headers=headers, json=RING)
    other = await world.http.post(GENERIC, headers=HOOK, json=RING)
    assert first.json() == again.json() != other.json()
    assert names(await world.works()) == ["IncidentTriggered"]
    assert world.alert(world.incidents()[0].group_key.partition("/")[2]).times_received == 2


async def test_until_the_catalog_is_loaded_everybody_tries_again() -> None:
    world = World(CatalogHolder())
    for path in (GENERIC, "/api/v2/alerts", "/v2/enqueue"):
        answer = await world.http.post(path, headers=HOOK, json={})
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
    assert (await world.http.get("/readyz")).status_code == 503
    assert (await world.http.get("/-/ready")).status_code == 503
    assert (await world.http.get("/-/healthy")).status_code == 200


async def test_without_kafka_it_is_accepted_all_the_same() -> None:
    world = World()
    world.broker.away = True
    assert (await world.http.post(GENERIC, headers=HOOK, json=RING)).status_code == 202
    assert kept(world) == []
    world.broker.away = False
    assert await world.relays() == 1
    assert len(kept(world)) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (GENERIC, RING),
        ("/api/v2/alerts", [{"labels": {"alertname": "Disk"}}]),
        ("/v2/enqueue", {"event_action": "resolve", "dedup_key": "x"}),
    ],
)
async def test_without_kafka_and_database_everybody_tries_again(path: str, body: Any) -> None:
    world = World()
    world.broker.away = world.store.away = True
    answer = await world.http.post(path, headers=HOOK, json=body)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    world.broker.away = world.store.away = False
    again = await world.http.post(path, headers=HOOK, json=body)
    assert again.is_success
    assert len(kept(world)) == 1


async def test_the_dev_key_is_refused_in_production() -> None:
    specs = dict(catalog().specs)
    digest = hashed("tocsin-dev-key")
    specs["Integration", "dev"] = Integration(
        source="generic", service="checkout", key_sha256=digest
    )
    loaded = type(catalog())(1, specs)
    headers = {"X-Tocsin-Key": "tocsin-dev-key"}
    dev = World(CatalogHolder(loaded))
    assert (await dev.http.post(GENERIC, headers=headers, json=RING)).status_code == 202
    settings = {"environment": "production", "secret": "a-secret-of-our-own-here"}
    production = World(CatalogHolder(loaded), settings=settings)
    assert (await production.http.post(GENERIC, headers=headers, json=RING)).status_code == 401
    assert (await production.http.post(GENERIC, headers=HOOK, json=RING)).status_code == 202


async def test_the_trace_of_the_sender_goes_on() -> None:
    world = World()
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await world.http.post(GENERIC, headers={**HOOK, "traceparent": trace}, json=RING)
    await world.http.post(GENERIC, headers={**HOOK, "traceparent": "nonsense"}, json=RING)
    found = {one.traceparent for one in world.broker.records(ALERT_EVENTS.name)}
    assert found == {trace, None}


async def test_unreadable_alerts_name_their_integration_and_service() -> None:
    world = World()
    await world.http.post(HOOKED, headers={"X-Tocsin-Key": "roaming-key"}, json=[])
    (event,) = kept(world)
    assert isinstance(event, UnreadableAlert)
    assert (event.integration, event.source) == ("roaming", "alertmanager")
    assert event.service == "checkout"
    assert event.reason == "body: must be an object"
