"""One test for each published hole of systems like ours, named after it.

The numbers are those of the peers' advisories; what is tested is whether Tocsin has such a hole.
"""

import gzip
import re

import pytest

from tests.contract.notifier.providers import answer as http_answer
from tests.contract.notifier.providers import http_provider
from tests.security.access import PUBLIC, SERVICES, TABLE, filled, routes
from tests.security.house import INTEGRATION_KEY, SECRET, TOKENS, House, bearer, catalog, digest
from tocsin.errors import MisconfiguredError
from tocsin.settings import ServiceSettings, from_env

TEST_BUTTON = "/v1/channels/webhook/test"
INSIDE = (
    "http://127.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://100.64.0.1:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://public.example@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_x",
    "unix:///var/run/docker.sock",
    "//127.0.0.1:{port}/",
)


async def test_cve_2024_5526_ssrf_in_outgoing_webhooks(at_home: House) -> None:
    """grafana/oncall: a webhook reached whatever the server could reach."""
    async with http_provider(http_answer(200, body=b"the inside")) as inside:
        for address in INSIDE:
            body = {"address": address.format(port=inside.port)}
            answer = await at_home.ask("notifier", "POST", TEST_BUTTON, bearer("writer"), body)
            assert answer.json()["ok"] is False, address
            assert "the inside" not in answer.text
        assert inside.connections == 0


async def test_cve_2024_5526_nor_by_the_address_of_a_contact_method(at_home: House) -> None:
    async with http_provider(http_answer(200)) as inside:
        await at_home.apply(catalog(inside.url))
        await at_home.rings("Another one")
        assert inside.connections == 0
    found = await _notifications(at_home, "Another one")
    assert {one["status"] for one in found} == {"failed"}
    assert inside.url not in str(found), "an error must not map the inside"


async def test_cve_2023_40171_no_secret_in_an_error(at_home: House) -> None:
    """Netflix/dispatch: an error of the token's validation told the secret that signs."""
    odd = [
        "Bearer a.b.c",
        "Bearer eyJhbGciOiJub25lIn0.e30.",
        "Bearer \x00",
        "Bearer " + "x" * 9_000,
    ]
    for service in SERVICES:
        for route in routes(at_home.app(service)):
            method, _, path = route.partition(" ")
            for given in odd:
                headers: dict[str, str | bytes] = {"authorization": given}
                answer = await at_home.ask(service, method, filled(path, at_home.known), headers)
                assert answer.status < 500
                for secret in (SECRET, *(digest(token) for token, _ in TOKENS.values())):
                    assert secret not in answer.text


async def test_cve_2023_40577_stored_xss_by_an_alert(at_home: House) -> None:
    """prometheus/alertmanager: what an alert said ran in the page."""
    evil = "</title><script>alert(1)</script><img src=x onerror=alert(2)>"
    await at_home.rings(evil, labels={evil: evil}, links=["javascript:alert(3)"], dedup_key="evil")
    await at_home.rings(evil, status="resolved", dedup_key="evil")
    await at_home.learns()
    pages = [("notifier", f"/a/{token}") for token in at_home.known["token"]] + [
        ("postmortem", path) for path in ("/", "/postmortems")
    ]
    shown = 0
    for service, path in pages:
        answer = await at_home.ask(service, "GET", path, bearer("reader"))
        assert (answer.status, answer.kind) == (200, "text/html")
        # The console has a script and a picture of its own, and no other.
        foreign = r"<((script|img)(?! src=\"/static/)|iframe|svg|a href=.javascript)"
        assert not re.search(foreign, answer.text)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        shown += "&lt;script&gt;" in answer.text
    assert shown >= 2


async def test_cve_2026_40179_stored_xss_by_the_name_of_a_label(at_home: House) -> None:
    """prometheus: the names of labels were trusted where their values were not."""
    evil = '"><script>alert(1)</script>'
    alert = {
        "labels": {"alertname": "x", evil: "y", "z": evil},
        "annotations": {evil: evil},
        "generatorURL": "javascript:alert(1)",
    }
    body = {"version": "4", "alerts": [{"status": "firing", **alert}]}
    key = {"x-tocsin-key": INTEGRATION_KEY}
    taken = await at_home.ask("incident-intake", "POST", "/v1/alerts/alertmanager", key, body)
    assert taken.status == 202
    await at_home.settle()
    for service in SERVICES:
        for route in routes(at_home.app(service)):
            if not route.startswith("GET ") or TABLE[route] == "signature":
                continue
            path = filled(route.removeprefix("GET "), at_home.known)
            answer = await at_home.ask(service, "GET", path, bearer("reader") | key)
            # As data it may be told, never as a page.
            assert answer.kind != "text/html" or "<script>" not in answer.text
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "javascript:" not in answer.text


async def test_cve_2022_46146_knowing_the_hash_is_not_knowing_the_secret(at_home: House) -> None:
    """exporter-toolkit: whoever knew a password's hash could make the cache say yes."""
    read = await at_home.ask("escalation", "GET", "/v1/catalog", bearer("reader"))
    assert digest(INTEGRATION_KEY) in read.text, "the catalog tells the hash of a key"
    good, bad = {"x-tocsin-key": INTEGRATION_KEY}, {"x-tocsin-key": digest(INTEGRATION_KEY)}
    for headers, status in ((bad, 401), (good, 202), (bad, 401)):
        body = {"title": "x"}
        answer = await at_home.ask("incident-intake", "POST", "/v1/alerts/generic", headers, body)
        assert answer.status == status
    hashed = {"authorization": f"Bearer {digest(TOKENS['owner'][0])}"}
    for headers, status in ((hashed, 401), (bearer("owner"), 200), (hashed, 401)):
        answer = await at_home.ask("escalation", "GET", "/v1/catalog", headers)
        assert answer.status == status


async def test_cve_2026_30959_who_may_only_read_makes_nobody_be_messaged(at_home: House) -> None:
    """OneUptime: any user could make it send codes to any number."""
    async with http_provider(http_answer(200)) as somebody:
        for role in ("reader", "odd", "admin"):
            answer = await at_home.ask(
                "notifier", "POST", TEST_BUTTON, bearer(role), {"address": somebody.url}
            )
            assert answer.status == 403
        assert somebody.connections == 0


async def test_cve_2026_32230_what_is_public_tells_nothing_of_incidents(at_home: House) -> None:
    """Uptime Kuma: a badge told of private monitors."""
    secretive = "a-title-that-nobody-else-may-see"
    await at_home.rings(secretive, labels={"customer": secretive})
    for service in SERVICES:
        for route in routes(at_home.app(service)):
            if route in PUBLIC:
                answer = await at_home.ask(service, "GET", route.removeprefix("GET "))
                for word in (secretive, "checkout", "payments", "ada", "inc_", INTEGRATION_KEY):
                    assert not re.search(rf"\b{word}", answer.text), (route, word)


async def test_cve_2026_46717_the_test_button_shows_no_body(at_home: House) -> None:
    """Nezha: a test of a notification showed what the inside had answered."""
    private = b"aws_secret_access_key=canary"
    async with http_provider(http_answer(500, "X-Inside: canary", body=private)) as provider:
        body = {"address": provider.url}
        answer = await at_home.ask("notifier", "POST", TEST_BUTTON, bearer("writer"), body)
    assert answer.json()["ok"] is False
    assert "canary" not in answer.text


async def test_cve_2026_21724_who_may_not_change_the_catalog_changes_no_address(
    at_home: House,
) -> None:
    """grafana: the address of a protected contact point could be changed by an editor."""
    body = {"set": "house", "documents": catalog("https://evil.example/")}
    for role in ("reader", "odd", "admin"):
        answer = await at_home.ask("escalation", "PUT", "/v1/catalog", bearer(role), body)
        assert answer.status == 403
    planned = await at_home.ask("escalation", "POST", "/v1/catalog/plan", bearer("reader"), body)
    assert planned.status == 200, "looking at what would change is reading"
    await at_home.settle()
    found = await at_home.ask("escalation", "GET", "/v1/catalog", bearer("reader"))
    assert "evil.example" not in found.text


async def test_cve_2024_1313_knowing_an_id_is_no_permission(at_home: House) -> None:
    """grafana: whoever knew the key of a snapshot could delete it."""
    silence = at_home.known["silence_id"][0]
    incident = at_home.known["which"][0]
    for method, path in (
        ("DELETE", f"/v1/silences/{silence}"),
        ("POST", f"/v1/silences/{silence}/expire"),
        ("POST", f"/v1/incidents/{incident}/resolve"),
        ("POST", f"/v1/incidents/{incident}/acknowledge"),
    ):
        for headers, status in (({}, 401), (bearer("odd"), 403), (bearer("reader"), 403)):
            assert (await at_home.ask("incident-intake", method, path, headers)).status == status
    kept = await at_home.ask("incident-intake", "GET", f"/v1/silences/{silence}", bearer("reader"))
    assert kept.json()["status"] == "active"


@pytest.mark.parametrize("service", SERVICES)
async def test_cve_2026_28376_every_body_has_a_limit(at_home: House, service: str) -> None:
    """grafana: one endpoint read a body of any size."""
    large = b'{"a": "' + b"x" * 5_300_000 + b'"}'
    packed = gzip.compress(large, 1)
    for route in routes(at_home.app(service)):
        method, _, path = route.partition(" ")
        for body, coding in ((large, "identity"), (packed, "gzip")):
            headers = {**bearer("owner"), "x-tocsin-key": INTEGRATION_KEY}
            headers |= {"content-type": "application/json", "content-encoding": coding}
            answer = await at_home.ask(service, method, filled(path, at_home.known), headers, body)
            assert answer.status == 413, route


async def test_cve_2020_26214_an_empty_secret_opens_nothing(at_home: House) -> None:
    """alerta: an empty password was a good one."""
    for given in ("Bearer ", "Bearer", "Bearer   ", "Basic Og==", "Basic ", "GenieKey "):
        headers: dict[str, str | bytes] = {"authorization": given, "x-tocsin-key": ""}
        for service, method, path in (
            ("escalation", "GET", "/v1/catalog"),
            ("postmortem", "GET", "/"),
            ("incident-intake", "POST", "/v1/alerts/generic"),
        ):
            assert (await at_home.ask(service, method, path, headers, {"title": "x"})).status == 401
    of_nothing = {"X_HTTP": "127.0.0.1:1", "X_DATABASE": "sqlite:///x"}
    of_nothing["X_TOKENS"] = f"all={digest('')}:read"
    with pytest.raises(MisconfiguredError, match="a token must not be empty"):
        from_env(ServiceSettings, "X", of_nothing)


async def _notifications(found: House, title: str) -> list[dict[str, object]]:
    listed = await found.ask("incident-intake", "GET", "/v1/incidents", bearer("reader"))
    which = next(one["id"] for one in listed.json()["items"] if one["title"] == title)
    path = f"/v1/notifications?incident={which}"
    items = (await found.ask("notifier", "GET", path, bearer("reader"))).json()["items"]
    return list(items)
