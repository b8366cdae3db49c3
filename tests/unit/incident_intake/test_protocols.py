"""Posing as an Alertmanager and as PagerDuty: their exact answers, which clients insist on."""

from typing import Any

import pytest

from tests.unit.incident_intake.test_ingest_http import kept
from tests.unit.incident_intake.world import HOOK, KEY, World, hashed, names, seconds
from tocsin.catalog import Integration
from tocsin.events import UnreadableAlert

AM = f"/k/{KEY}/api/v2/alerts"
LABELS = {"alertname": "Disk", "severity": "critical"}
EVENT: dict[str, Any] = {
    "routing_key": KEY,
    "event_action": "trigger",
    "payload": {"summary": "HTTP is down", "source": "srv01", "severity": "critical"},
}


@pytest.mark.parametrize(
    ("payload", "status", "body"),
    [
        ([], 200, ""),
        ([{"labels": LABELS}], 200, ""),
        ([{"labels": LABELS, "unknown": 1}, {"labels": {**LABELS, "empty": ""}}], 200, ""),
        ([{"labels": LABELS}, {"labels": LABELS}], 200, ""),
        ([{"labels": LABELS, "endsAt": "2020-01-01T00:00:00Z"}], 200, ""),
        ([{"labels": {}}], 400, '"at least one label pair required"\n'),
        ([{}], 422, '{"code":602,"message":"0.labels in body is required"}\n'),
        (
            [{"labels": LABELS, "startsAt": "2030-01-01T00:00:00Z"}],
            400,
            '"start time must be before end time"\n',
        ),
    ],
)
async def test_the_answers_of_an_alertmanager(payload: Any, status: int, body: str) -> None:
    world = World()
    answer = await world.http.post(AM, json=payload)
    assert (answer.status_code, answer.text) == (status, body)
    if status == 200:
        assert "content-type" not in answer.headers
    else:
        assert [type(event) for event in kept(world)] == [UnreadableAlert]


@pytest.mark.parametrize("body", [b"{}", b"[", b'[{"labels": {"a": 1}}]', b'["x"]'])
async def test_what_an_alertmanager_cannot_parse(body: bytes) -> None:
    world = World()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    answer = await world.http.post(AM, headers=headers, content=body)
    assert answer.status_code == 400
    assert answer.json()["code"] == 400
    assert answer.json()["message"].startswith("parsing alerts body")


async def test_good_alerts_among_bad_ones_are_taken() -> None:
    world = World()
    answer = await world.http.post(AM, json=[{"labels": LABELS}, {"labels": {}}])
    assert answer.status_code == 400
    facts = await world.works()
    assert names(facts).count("IncidentTriggered") == 2, "one of them about the unreadable"


async def test_other_requests_to_an_alertmanager() -> None:
    world = World()
    wrong_type = await world.http.post(AM, headers={"Content-Type": "text/plain"}, content=b"[]")
    assert (wrong_type.status_code, wrong_type.json()["code"]) == (415, 415)
    method = await world.http.put(AM, json=[])
    assert (method.status_code, method.headers["allow"]) == (405, "POST,GET")
    nobody = await world.http.post("/api/v2/alerts", json=[])
    assert (nobody.status_code, nobody.json()["code"]) == (401, 401)
    assert (await world.http.get("/api/v2/alerts")).status_code == 401
    status = (await world.http.get("/api/v2/status")).json()
    assert {"cluster", "versionInfo", "config", "uptime"} <= status.keys()
    assert (await world.http.get(f"/k/{KEY}/-/healthy")).text == "OK"
    assert (await world.http.get(f"/k/{KEY}/-/ready")).text == "OK"


async def test_what_prometheus_stops_sending_expires() -> None:
    world = World()
    ends_at = (world.clock.now() + seconds(20)).isoformat()
    await world.http.post(AM, json=[{"labels": LABELS, "endsAt": ends_at}])
    assert names(await world.works()) == ["IncidentTriggered"]
    (listed,) = (await world.http.get(AM, params={"filter": 'alertname="Disk"'})).json()
    assert (listed["labels"], listed["status"]["state"]) == (LABELS, "active")
    assert (await world.http.get(AM, params={"filter": 'alertname="X"'})).json() == []
    assert (await world.http.get(AM, params={"filter": "nonsense"})).status_code == 400
    assert await world.passes(seconds(49)) == []
    assert names(await world.passes(seconds(1))) == ["AlertResolved", "IncidentResolved"]
    assert (await world.http.get(AM)).json() == []


async def test_both_roads_of_prometheus_are_one_alert() -> None:
    world = World()
    await world.http.post(AM, json=[{"labels": LABELS}])
    hook = {"alerts": [{"status": "firing", "labels": LABELS}]}
    await world.http.post("/v1/alerts/alertmanager", headers=HOOK, json=hook)
    assert names(await world.works()) == ["IncidentTriggered"]


async def test_a_pagerduty_event_is_answered_with_its_key() -> None:
    world = World()
    answer = await world.http.post("/v2/enqueue", json={**EVENT, "dedup_key": "srv01/HTTP"})
    assert answer.status_code == 202
    assert answer.json() == {
        "status": "success",
        "message": "Event processed",
        "dedup_key": "srv01/HTTP",
    }
    for action in ("acknowledge", "resolve"):
        body = {"routing_key": KEY, "event_action": action, "dedup_key": "srv01/HTTP"}
        assert (await world.http.post("/v2/enqueue", json=body)).status_code == 202
    facts = await world.works()
    assert names(facts) == [
        "IncidentTriggered",
        "IncidentAcknowledged",
        "AlertResolved",
        "IncidentResolved",
    ]


@pytest.mark.parametrize("key", [{}, {"dedup_key": ""}, {"dedup_key": None}])
async def test_a_minted_key_resolves_its_alert(key: dict[str, Any]) -> None:
    world = World()
    first = (await world.http.post("/v2/enqueue", json={**EVENT, **key})).json()["dedup_key"]
    second = (await world.http.post("/v2/enqueue", json={**EVENT, **key})).json()["dedup_key"]
    assert first != second
    body = {"routing_key": KEY, "event_action": "resolve", "dedup_key": first}
    await world.http.post("/v2/enqueue/", json=body)
    await world.works()
    assert sorted(incident.status for incident in world.incidents()) == ["resolved", "triggered"]


async def test_a_long_key_comes_back_as_it_was_sent() -> None:
    world = World()
    long = "k" * 300
    answer = await world.http.post("/v2/enqueue", json={**EVENT, "dedup_key": long})
    assert answer.json()["dedup_key"] == long
    body = {"routing_key": KEY, "event_action": "resolve", "dedup_key": long}
    await world.http.post("/v2/enqueue", json=body)
    await world.works()
    assert [incident.status for incident in world.incidents()] == ["resolved"]


async def test_the_type_of_the_body_may_lie() -> None:
    world = World()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    content = b'{"routing_key":"%s","event_action":"resolve","dedup_key":"x"}' % KEY.encode()
    answer = await world.http.post("/v2/enqueue", headers=headers, content=content)
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({**EVENT, "routing_key": "unknown"}, "'routing_key' is invalid"),
        ({**EVENT, "routing_key": ""}, "'routing_key' is missing or blank"),
        ({**EVENT, "routing_key": 7}, "'routing_key' is invalid"),
        ([], "'routing_key' is missing or blank"),
        ({"routing_key": KEY}, "'event_action' is missing or blank"),
        ({**EVENT, "event_action": "resolve"}, "'dedup_key' is missing or blank"),
    ],
)
async def test_a_wrong_pagerduty_event(event: Any, error: str) -> None:
    world = World()
    answer = await world.http.post("/v2/enqueue", json=event)
    assert answer.status_code == 400
    assert answer.json() == {
        "status": "invalid event",
        "message": "Event object is invalid",
        "errors": [error],
    }
    known = isinstance(event, dict) and event.get("routing_key") == KEY
    assert [type(each) for each in kept(world)] == ([UnreadableAlert] if known else [])


async def test_what_pagerduty_does_not_recognise() -> None:
    world = World()
    answer = await world.http.post("/v2/enqueue", content=b"payload=x")
    assert answer.status_code == 400
    assert answer.json()["status"] == "Unrecognized object"
    assert answer.json()["errors"][0] == "JSON parse error"
    large = {**EVENT, "client": "x" * 512 * 1024}
    assert (await world.http.post("/v2/enqueue", json=large)).status_code == 400


async def test_a_key_that_the_service_knows_by_its_path_needs_no_routing_key() -> None:
    world = World()
    specs = dict(world.catalog.current.specs)
    specs["Integration", "pd"] = Integration(
        source="pagerduty", service="postgres", key_sha256=hashed("in-the-path")
    )
    world.catalog.replace(type(world.catalog.current)(2, specs))
    event = {**EVENT, "routing_key": "whatever", "dedup_key": "x"}
    answer = await world.http.post("/k/in-the-path/v2/enqueue", json=event)
    assert answer.status_code == 202
    assert kept(world)[0].service == "postgres"
