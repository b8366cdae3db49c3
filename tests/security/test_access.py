"""Every endpoint and every role: nothing is open because somebody forgot to close it."""

import base64
from collections.abc import Mapping

import pytest

from tests.security.access import ALLOWED, ASKED, PUBLIC, SERVICES, TABLE, filled, routes
from tests.security.asgi import Answer
from tests.security.house import INTEGRATION_KEY, TOKENS, House, bearer, catalog, digest
from tests.security.samples import BODIES
from tocsin.web import document

EACH_SERVICE = pytest.mark.parametrize("service", SERVICES)
REFUSED = {401, 403}
Headers = dict[str, str | bytes]


def of(house: House, service: str, *kinds: str) -> list[tuple[str, str, str]]:
    """Return the routes of these kinds of a service: the kind, the method, a path that exists."""
    found = []
    for route in sorted(routes(house.app(service))):
        method, _, path = route.partition(" ")
        if TABLE[route] in kinds:
            found.append((TABLE[route], method, filled(path, house.known)))
    return found


async def ask(
    house: House,
    service: str,
    method: str,
    path: str,
    headers: Mapping[str, str | bytes] | None = None,
) -> Answer:
    if path == "/v1/notifications":
        path += "?incident=" + house.known["incident"][0]
    return await house.ask(service, method, path, headers)


@EACH_SERVICE
async def test_every_route_is_in_the_table(at_home: House, service: str) -> None:
    assert {one for one in routes(at_home.app(service)) if one not in TABLE} == set()


async def test_every_line_of_the_table_is_a_route(at_home: House) -> None:
    known = {one for service in SERVICES for one in routes(at_home.app(service))}
    assert set(TABLE) - known == set()
    assert all(PUBLIC.values()), "each public route has its reason"


@EACH_SERVICE
async def test_every_documented_operation_is_a_route(at_home: House, service: str) -> None:
    paths = document(at_home.app(service))["paths"]
    documented = {f"{method.upper()} {path}" for path in paths for method in paths[path]}
    assert documented - set(routes(at_home.app(service))) == set()


@EACH_SERVICE
async def test_nobody_gets_in_without_credentials(at_home: House, service: str) -> None:
    token = TOKENS["owner"][0]
    basic = base64.b64encode(f"x:{token}".encode()).decode()
    strangers: list[Headers] = [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": "Bearer null"},
        {"authorization": f"Token {token}"},
        {"authorization": f"Bearer {digest(token)}"},
        {"authorization": f"Bearer {INTEGRATION_KEY}"},
        {"authorization": f"Bearer {token}x"},
        {"authorization": f"Bearer {token.upper()}"},
        {"authorization": b"Bearer \xff\xfe"},
        {"x-tocsin-key": INTEGRATION_KEY},
        {"x-tocsin-key": token},
        {"cookie": f"token={token}; authorization={token}"},
        {"x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1", "x-forwarded-user": "owner"},
    ]
    open_doors = []
    for kind, method, path in of(at_home, service, "read", "view", "write", "admin"):
        more: list[Headers] = [] if kind == "view" else [{"authorization": f"Basic {basic}"}]
        for headers in strangers + more:
            answer = await ask(at_home, service, method, path, headers)
            if answer.status != 401 or answer.kind != "application/problem+json":
                open_doors.append((method, path, headers, answer.status))
        in_the_query = await ask(
            at_home, service, method, f"{path}?token={token}&access_token={token}"
        )
        by_path = await ask(at_home, service, method, f"/k/{INTEGRATION_KEY}{path}")
        if {in_the_query.status, by_path.status} != {401}:
            open_doors.append((method, path, {}, in_the_query.status))
    assert open_doors == []


@EACH_SERVICE
async def test_a_token_opens_what_its_scopes_say_and_nothing_else(
    at_home: House, service: str
) -> None:
    wrong = []
    for kind, method, path in of(at_home, service, "read", "view", "write", "admin"):
        for role in TOKENS:
            answer = await ask(at_home, service, method, path, bearer(role))
            is_in = answer.status not in REFUSED
            if is_in != (role in ALLOWED[kind]) or (not is_in and answer.status != 403):
                wrong.append((role, method, path, answer.status))
    assert wrong == []


async def test_the_paths_of_the_matrix_lead_somewhere(at_home: House) -> None:
    """The matrix would prove little if every path led to a 404."""
    reached = []
    for service in SERVICES:
        for _, method, path in of(at_home, service, "read", "view"):
            if method == "GET":
                whole = path + ASKED.get(path, "")
                answer = await ask(at_home, service, method, whole, bearer("reader"))
                reached.append((path, answer.status))
    missing = [path for path, status in reached if status != 200]
    assert len(reached) >= 20
    assert missing == []


@EACH_SERVICE
async def test_without_a_key_no_alert_is_taken(at_home: House, service: str) -> None:
    before = len(at_home.broker.records("alert-events"))
    token = TOKENS["owner"][0]
    for _, method, path in of(at_home, service, "key"):
        good = BODIES.get(f"{method} {path.rstrip('/')}", [None])[0]
        body = {**good, "routing_key": "wrong"} if "enqueue" in path else good
        attempts: list[tuple[str, Headers]] = [
            (path, {}),
            (path, {**bearer("owner")}),
            (path, {"x-tocsin-key": digest(INTEGRATION_KEY)}),
            (path, {"x-tocsin-key": ""}),
            (f"/k/{token}{path}", {}),
            (f"/k/{INTEGRATION_KEY}x{path}", {}),
            (f"{path}?key={INTEGRATION_KEY}", {}),
        ]
        for target, headers in attempts:
            answer = await at_home.ask(service, method, target, headers, body)
            # PagerDuty knows no 401: its clients are told in its own words.
            assert answer.status == (400 if "enqueue" in path else 401), (target, headers)
    assert len(at_home.broker.records("alert-events")) == before


@EACH_SERVICE
async def test_to_get_never_acts(at_home: House, service: str) -> None:
    """Scanners of mail, previews and crawlers follow links."""
    resident = at_home.residents[service]
    before = await resident.contents(), len(at_home.broker.log)
    for _, method, path in of(at_home, service, *{*TABLE.values()} - {"signature"}):
        if method == "GET":
            for one in ("GET", "HEAD"):
                headers: Headers = {**bearer("owner"), "x-tocsin-key": INTEGRATION_KEY}
                headers |= {"x-http-method-override": "POST", "x-method-override": "DELETE"}
                answer = await ask(at_home, service, one, path + "?_method=POST", headers)
                assert answer.status < 500
    await at_home.settle()
    assert (await resident.contents(), len(at_home.broker.log)) == before


async def test_an_integration_sees_no_alert_of_another(at_home: House) -> None:
    other = {"source": "prometheus", "service": "checkout", "key_sha256": digest("another-key")}
    documents = catalog("https://push.example.org/ada")
    await at_home.apply([*documents, {"kind": "Integration", "name": "other", "spec": other}])
    path = "/api/v2/alerts"
    own = await at_home.ask("incident-intake", "GET", path, {"x-tocsin-key": INTEGRATION_KEY})
    foreign = await at_home.ask("incident-intake", "GET", path, {"x-tocsin-key": "another-key"})
    assert [len(own.json()), foreign.json()] == [1, []]


async def test_no_answer_lets_another_site_read_it(at_home: House) -> None:
    for service in SERVICES:
        for path in ("/healthz", "/v1/incidents", "/"):
            headers: Headers = {**bearer("owner"), "origin": "https://evil.example"}
            answer = await at_home.ask(service, "GET", path, headers)
            assert not [name for name in answer.headers if name.startswith("access-control")]
            assert answer.headers["referrer-policy"] in {"no-referrer", "same-origin"}
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["cache-control"] == "no-store"
            assert "set-cookie" not in answer.headers
            assert "server" not in answer.headers
