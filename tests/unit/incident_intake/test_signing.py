"""Integrations that sign, over HTTP: nothing unsigned comes in, and nothing is lost for our own mistakes."""

import base64
import gzip
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from incident_intake.entrypoints.signing import Signing
from tests.unit.incident_intake.test_ingest_http import GENERIC, HOOKED, RING, kept
from tests.unit.incident_intake.world import HOOK, KEY, World, catalog, hashed, seconds
from tocsin.catalog import Integration
from tocsin.findings import Finding
from tocsin.holder import CatalogHolder

SECRET = "a secret of the tests"
CI = "SIGNING_CI"
BODY = json.dumps(RING).encode()
ALERT = {"status": "firing", "labels": {"alertname": "Disk"}}
PROM = [{"labels": {"alertname": "Disk"}}]


def signing(source: str = "generic", secret_env: str = CI, **environ: str) -> World:
    """Return a service whose integration signs."""
    given = environ or {CI: SECRET}
    spec = Integration(
        source=source, service="checkout", key_sha256=hashed(KEY), secret_env=secret_env
    )
    found = catalog()
    specs = {**found.specs, ("Integration", "tests"): spec}
    return World(catalog=CatalogHolder(replace(found, specs=specs)), environ=given)


def hub(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Hub-Signature-256": f"sha256={mac(body, secret)}"}


def mac(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("tocsin_signatures_total", {"outcome": outcome}) or 0.0


async def post(
    world: World, headers: Mapping[str, str], body: bytes = BODY, path: str = GENERIC
) -> httpx.Response:
    return await world.http.post(path, headers={**HOOK, **headers}, content=body)


async def looked(world: World) -> list[Finding]:
    assert world.app.on_look is not None
    async with world.store.begin() as uow:
        return list(await world.app.on_look(uow, world.clock.now()))


async def test_a_signed_alert_comes_in() -> None:
    world, before = signing(), counted("good")
    answer = await post(world, hub(BODY))
    assert answer.status_code == 202
    assert [event.title for event in kept(world)] == [RING["title"]]
    assert counted("good") == before + 1
    assert await looked(world) == []


async def test_an_unsigned_one_is_told_what_is_missing_and_how_it_is_made() -> None:
    world, before = signing(), counted("missing")
    answer = await post(world, {})
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.headers["www-authenticate"].startswith("Signature")
    problem = answer.json()
    assert problem["type"] == "urn:tocsin:problem:bad-signature"
    assert problem["field"] == "webhook-signature"
    for word in (
        "is missing",
        "X-Hub-Signature-256: sha256=HEX",
        "id.timestamp.body",
        "HMAC-SHA256",
    ):
        assert word in problem["detail"]
    assert SECRET not in answer.text
    assert kept(world) == []
    assert counted("missing") == before + 1


async def test_a_wrong_signature_keeps_everything_out() -> None:
    world = signing()
    for headers in (hub(BODY + b" "), hub(BODY, "another secret, wrong"), hub(b"")):
        with capture_logs() as logs:
            answer = await post(world, headers)
        assert (answer.status_code, answer.json()["field"]) == (401, "X-Hub-Signature-256")
        (line,) = logs
        assert (line["event"], line["integration"]) == ("signature_refused", "tests")
        assert "does not fit the body and the secret" in line["error"]
        assert SECRET not in str(line)
        assert KEY not in str(line)
    assert kept(world) == []


async def test_the_signature_is_looked_at_before_the_body_is() -> None:
    world = signing()
    assert (await post(world, {}, b"{")).status_code == 401
    assert (await post(world, hub(b"{"), b"{")).status_code == 400


@pytest.mark.parametrize("source", ["generic", "alertmanager"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", GENERIC, RING),
        ("POST", HOOKED, {"alerts": [ALERT]}),
        ("POST", "/v1/alerts/prometheus/", PROM),
        ("POST", "/v1/alerts/pagerduty", {}),
        ("POST", f"/k/{KEY}/api/v2/alerts", PROM),
        ("GET", "/api/v2/alerts", None),
        (
            "POST",
            "/v2/enqueue",
            {"routing_key": KEY, "event_action": "trigger", "payload": {"summary": "down"}},
        ),
    ],
)
async def test_no_other_door_lets_the_key_in_alone(
    source: str, method: str, path: str, body: Any
) -> None:
    world = signing(source)
    answer = await world.http.request(method, path, headers=HOOK, json=body)
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:tocsin:problem:bad-signature")
    assert kept(world) == []


async def test_signed_is_what_was_sent_before_it_is_unpacked() -> None:
    world = signing()
    packed = gzip.compress(BODY)
    zipped = {"content-encoding": "gzip"}
    assert (await post(world, {**zipped, **hub(BODY)}, packed)).status_code == 401
    assert (await post(world, {**zipped, **hub(packed)}, packed)).status_code == 202
    assert len(kept(world)) == 1


async def test_grafanas_webhook_signs_as_it_does() -> None:
    world = signing("alertmanager")
    alert = {**ALERT, "generatorURL": "?orgId=1", "values": {"B": None}, "fingerprint": "c6ea"}
    body = json.dumps({"version": "1", "orgId": 1, "state": "alerting", "alerts": [alert]}).encode()
    stamp = str(int(world.clock.now().timestamp()))
    name = "x-grafana-alerting-signature"
    for headers in (
        {name: mac(body)},
        {name: mac(f"{stamp}:".encode() + body), "x-grafana-alerting-timestamp": stamp},
    ):
        assert (await post(world, headers, body, HOOKED)).status_code == 202
    assert [event.dedup_key for event in kept(world)] == ["c6ea", "c6ea"]
    answer = await post(world, hub(body), body, HOOKED)
    assert answer.status_code == 401
    assert "Alertmanager itself cannot sign" in answer.json()["detail"]


async def test_an_id_that_is_signed_goes_before_one_that_anybody_may_write() -> None:
    """Else whoever has seen a request could make a later one pass for its repeat."""
    secret = "whsec_" + "QUJD" * 10
    world = signing(**{CI: secret})
    stamp = str(int(world.clock.now().timestamp()))
    key = b"ABC" * 10

    def standard(message_id: str, unsigned: str) -> dict[str, str]:
        digest = hmac.new(key, f"{message_id}.{stamp}.".encode() + BODY, hashlib.sha256).digest()
        signature = "v1," + base64.b64encode(digest).decode()
        signed = {"webhook-id": message_id, "webhook-timestamp": stamp}
        return {**signed, "webhook-signature": signature, "idempotency-key": unsigned}

    answers = [
        (await post(world, standard(one, other))).json()["event_ids"]
        for one, other in (("m1", "k1"), ("m1", "k2"), ("m2", "k1"))
    ]
    assert answers[0] == answers[1] != answers[2]


async def test_a_request_that_lay_unread_was_signed_in_time() -> None:
    world = signing("alertmanager")
    body = json.dumps({"alerts": [ALERT]}).encode()
    stamp = str(int(world.clock.now().timestamp()) - 310)
    signature = mac(f"{stamp}:".encode() + body)
    headers = {"x-grafana-alerting-signature": signature, "x-grafana-alerting-timestamp": stamp}
    assert (await post(world, headers, body, HOOKED)).status_code == 401

    async def after_a_stop(scope: Any, receive: Any, send: Any) -> None:
        await world.app.http({**scope, "state": {"waited": 18.0}}, receive, send)

    world.http = httpx.AsyncClient(
        transport=httpx.ASGITransport(after_a_stop), base_url="http://intake"
    )
    assert (await post(world, headers, body, HOOKED)).status_code == 202


@pytest.mark.parametrize("value", ["", "short", "whsec_nonsense-of-somebody", None])
async def test_a_secret_that_we_do_not_know_refuses_nobody(value: str | None) -> None:
    world = signing(**({"OTHER": "x"} if value is None else {CI: value}))
    before = counted("unset")
    for headers in ({}, hub(BODY)):
        with capture_logs() as logs:
            answer = await post(world, headers)
        assert [(one["event"], one["log_level"]) for one in logs] == [
            ("signing_secret_unknown", "error")
        ]
        assert not value or value not in str(logs)
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
        assert f"the variable {CI} " in answer.json()["detail"]
        assert not value or value not in answer.text
    assert kept(world) == []
    assert counted("unset") == before + 2
    (one,) = await looked(world)
    assert (one.key, one.since, one.lasting) == (
        "signing secret of tests",
        world.clock.now(),
        False,
    )
    assert f"answered with 503: the variable {CI} " in one.text
    assert REGISTRY.get_sample_value("tocsin_signing_secrets_unset") == 1
    world.clock.move_to(world.clock.now() + seconds(60))
    (later,) = await looked(world)
    assert later.since == one.since

    world.environ[CI] = SECRET
    assert await looked(world) == []
    assert REGISTRY.get_sample_value("tocsin_signing_secrets_unset") == 0
    assert (await post(world, hub(BODY))).status_code == 202


async def test_both_secrets_are_good_while_one_replaces_the_other() -> None:
    world = signing(**{CI: f"{SECRET},the one that comes next"})
    for secret in (SECRET, "the one that comes next"):
        assert (await post(world, hub(BODY, secret))).status_code == 202
    assert (await post(world, hub(BODY, f"{SECRET},the one that comes next"))).status_code == 401


@pytest.mark.parametrize(
    ("source", "secret_env", "why"),
    [
        ("prometheus", CI, "source 'prometheus' cannot sign"),
        ("generic", "INTAKE_SECRET", "write SIGNING_ and capital letters"),
        ("generic", "", "write SIGNING_ and capital letters"),
    ],
)
async def test_what_an_earlier_release_took_lets_alerts_in_and_is_told(
    source: str, secret_env: str, why: str
) -> None:
    world = signing(source, secret_env, INTAKE_SECRET=SECRET)
    assert (await post(world, {})).status_code == 202
    (one,) = await looked(world)
    assert (one.key, one.lasting, one.shared) == ("signatures of tests", True, True)
    assert why in one.text
    assert REGISTRY.get_sample_value("tocsin_signing_secrets_unset") == 0


async def test_other_integrations_need_not_sign() -> None:
    world = signing()
    answer = await world.http.post(GENERIC, headers={"X-Tocsin-Key": "roaming-key"}, json=RING)
    assert answer.status_code == 202


async def test_an_integration_that_does_not_sign_costs_a_look_and_nothing_else() -> None:
    class Untouched(dict[str, str]):
        def get(self, *_: object) -> Any:
            raise AssertionError("no variable is read for it")

    world = World()
    reader = Signing(world.catalog, Untouched())
    (_, plain) = next(iter(world.catalog.current.integrations_by_key.values()))
    assert reader.check("tests", plain, httpx.Request("POST", "/"), BODY, world.clock.now()) is None  # type: ignore[arg-type]
