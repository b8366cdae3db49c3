"""The HTTP side of every service: problems, auth, lists, health."""

import hashlib
from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy.exc import OperationalError
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tocsin import web
from tocsin.errors import InputError, Refused, Unavailable
from tocsin.settings import ServiceSettings
from tocsin.web import Admin, Page, Problem, Reader, Writer, after_cursor, cursor_of, document

TOKENS = {"reading": "read", "writing": "read+write", "all": "read+write+admin", "odd": "other"}
SETTINGS = ServiceSettings(
    http="127.0.0.1:0",
    database="sqlite:///x.db",
    tokens=tuple(
        f"{name}={hashlib.sha256(name.encode()).hexdigest()}:{scopes}"
        for name, scopes in TOKENS.items()
    ),
)
Number = Annotated[int, Field(le=9)]
ERRORS: dict[str, Exception] = {
    "problem": Problem(409, "already-resolved", "The incident is resolved.", field="status"),
    "refused": Refused("incident 7 is resolved"),
    "input": InputError("labels: must be an object"),
    "away": Unavailable("Kafka did not take it: password=hunter2"),
    "socket": ConnectionRefusedError("connect to 10.1.2.3 failed"),
    "database": OperationalError("SELECT secret", {}, Exception("hunter2")),
    "bug": ValueError("hunter2"),
}


class Thing(BaseModel):
    name: str
    size: Number = 1


def things() -> APIRouter:
    router = APIRouter()

    @router.get("/v1/things")
    async def listed(who: Reader, cursor: str | None = None) -> Page[str]:
        start = after_cursor(cursor) or ""
        return Page(items=[f"{who.name} after {start}"], next=cursor_of("thing é/1"))

    @router.post("/v1/things")
    async def made(who: Writer, thing: Thing, request: Request) -> dict[str, str | None]:
        return {"by": who.name, "name": thing.name, "key": web.idempotency_key(request)}

    @router.delete("/v1/things")
    async def gone(who: Admin) -> str:
        return who.name

    @router.get("/v1/errors/{kind}")
    async def fails(kind: str) -> None:
        raise ERRORS[kind]

    return router


async def _plain(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"plain {request.state.key}")


ROUTE = Route("/v1/plain", _plain, methods=["POST"])
APP = web.create_app(
    name="things",
    settings=SETTINGS,
    routers=[things()],
    routes=[ROUTE],
    openapi_paths={"/v1/plain": {"post": {"responses": {"200": {"description": "Said."}}}}},
)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(APP)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    ("method", "token", "status"),
    [
        ("GET", "reading", 200),
        ("GET", "writing", 200),
        ("GET", "odd", 403),
        ("POST", "reading", 403),
        ("POST", "writing", 200),
        ("DELETE", "writing", 403),
        ("DELETE", "all", 200),
        ("GET", "nobody", 401),
        ("GET", "", 401),
        ("GET", "Reading", 401),
        ("GET", hashlib.sha256(b"reading").hexdigest(), 401),  # The digest is not the token.
    ],
)
async def test_a_token_opens_what_its_scopes_say(
    http: httpx.AsyncClient, method: str, token: str, status: int
) -> None:
    body = {"name": "x"} if method == "POST" else None
    answer = await http.request(method, "/v1/things", headers=bearer(token), json=body)
    assert answer.status_code == status
    if status == 401:
        assert answer.headers["www-authenticate"] == 'Bearer realm="tocsin"'
        assert answer.json()["type"] == "urn:tocsin:problem:unauthorized"
    if status == 403:
        assert answer.json()["type"] == "urn:tocsin:problem:forbidden"


@pytest.mark.parametrize(
    "header",
    ["", "reading", "Basic reading", "Bearer", "Bearer  ", "Token reading", "Bearer reading x"],
)
async def test_only_a_bearer_token_counts(http: httpx.AsyncClient, header: str) -> None:
    answer = await http.get("/v1/things", headers={"Authorization": header})
    assert answer.status_code == 401


async def test_the_word_bearer_may_be_written_in_any_case(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/things", headers={"Authorization": "bearer  reading "})
    assert answer.status_code == 200


async def test_without_any_token_configured_nobody_comes_in() -> None:
    settings = ServiceSettings(http="127.0.0.1:0", database="sqlite:///x.db")
    app = web.create_app(name="things", settings=settings, routers=[things()])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test"
    ) as client:
        assert (await client.get("/v1/things", headers=bearer(""))).status_code == 401


@pytest.mark.parametrize(
    ("kind", "status", "slug"),
    [
        ("problem", 409, "already-resolved"),
        ("refused", 409, "refused"),
        ("input", 400, "bad-request"),
        ("away", 503, "unavailable"),
        ("socket", 503, "unavailable"),
        ("database", 503, "unavailable"),
        ("bug", 500, "internal"),
    ],
)
async def test_every_error_is_a_problem_that_tells_nothing_of_our_inside(
    http: httpx.AsyncClient, kind: str, status: int, slug: str
) -> None:
    answer = await http.get(f"/v1/errors/{kind}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:tocsin:problem:{slug}"
    assert answer.json()["status"] == status
    for secret in ("hunter2", "SELECT", "10.1.2.3", "Traceback"):
        assert secret not in answer.text
    assert answer.headers.get("retry-after") == ("5" if status == 503 else None)


async def test_a_problem_keeps_what_helps_to_mend_it(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/errors/problem")
    assert answer.json() == {
        "type": "urn:tocsin:problem:already-resolved",
        "title": "Already resolved",
        "status": 409,
        "detail": "The incident is resolved.",
        "field": "status",
    }


async def test_what_does_not_exist_is_a_problem_too(http: httpx.AsyncClient) -> None:
    missing = await http.get("/v1/nothing")
    assert (missing.status_code, missing.json()["type"]) == (404, "urn:tocsin:problem:not-found")
    wrong = await http.patch("/v1/things")
    assert (wrong.status_code, wrong.json()["type"]) == (
        405,
        "urn:tocsin:problem:method-not-allowed",
    )


async def test_a_nul_in_the_query_is_a_mistake_of_the_caller(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/things?cursor=a%00b", headers=bearer("all"))
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:tocsin:problem:bad-query")


async def test_every_invalid_field_is_named(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/things", headers=bearer("all"), json={"size": 12})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["body.name", "body.size"]
    assert "body.name: Field required" in answer.json()["detail"]


async def test_a_body_that_is_not_json_is_a_400_with_its_place(http: httpx.AsyncClient) -> None:
    headers = {**bearer("all"), "Content-Type": "application/json"}
    answer = await http.post("/v1/things", headers=headers, content=b'{"name": nope}')
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:tocsin:problem:broken-json"
    assert "character 9" in answer.json()["detail"]


@pytest.mark.parametrize("value", ["", "a", "inc_1", "é/☃", "x" * 300])
async def test_a_cursor_gives_back_what_it_was_made_of(value: str) -> None:
    assert after_cursor(cursor_of(value)) == value
    assert set(cursor_of(value)).isdisjoint("+/=")
    assert after_cursor(None) is None


@pytest.mark.parametrize("cursor", ["a", "%%%", "_w", "☃"])
async def test_a_cursor_that_no_list_gave_is_a_422(http: httpx.AsyncClient, cursor: str) -> None:
    answer = await http.get("/v1/things", params={"cursor": cursor}, headers=bearer("all"))
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:tocsin:problem:bad-cursor"


async def test_a_list_says_where_the_next_page_starts(http: httpx.AsyncClient) -> None:
    first = (await http.get("/v1/things", headers=bearer("all"))).json()
    second = await http.get("/v1/things", params={"cursor": first["next"]}, headers=bearer("all"))
    assert second.json()["items"] == ["all after thing é/1"]


@pytest.mark.parametrize(
    ("key", "status"), [("", 400), ("x" * 256, 400), ("x" * 255, 200), ("a b", 200)]
)
async def test_an_idempotency_key_has_a_length(
    http: httpx.AsyncClient, key: str, status: int
) -> None:
    headers = {**bearer("all"), "Idempotency-Key": key}
    answer = await http.post("/v1/things", headers=headers, json={"name": "x"})
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["key"] == key


async def test_the_idempotency_key_may_be_absent(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/things", headers=bearer("all"), json={"name": "x"})
    assert answer.json()["key"] is None


async def test_every_answer_forbids_guessing_its_type(http: httpx.AsyncClient) -> None:
    for path in ("/v1/things", "/v1/nothing", "/healthz", "/v1/errors/bug"):
        assert (await http.get(path)).headers["x-content-type-options"] == "nosniff"


async def test_a_plain_route_is_reached_through_the_key_in_the_path(
    http: httpx.AsyncClient,
) -> None:
    assert (await http.post("/k/abc/v1/plain")).text == "plain abc"


async def test_the_document_holds_the_plain_routes_too(http: httpx.AsyncClient) -> None:
    served = (await http.get("/openapi.json")).json()
    assert {"/v1/things", "/v1/plain", "/healthz", "/readyz", "/metrics"} <= set(served["paths"])
    assert served == document(APP)
    assert served["info"]["title"] == "Tocsin things"


async def test_metrics_count_the_answers(http: httpx.AsyncClient) -> None:
    await http.get("/v1/nothing")
    text = (await http.get("/metrics")).text
    assert 'tocsin_http_requests_total{method="GET",status="404"}' in text
