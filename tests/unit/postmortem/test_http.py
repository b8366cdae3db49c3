"""The routes, asked over ASGI: shapes, pages, rights, and hostile words."""

import base64
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
    alert,
    at,
    envelope,
    night,
    resolved,
    triggered,
)
from tocsin.events import Envelope, Event
from tocsin.holder import CatalogHolder
from tocsin.lifecycle import Parts
from tocsin.testing import ManualClock, MemoryBroker, MemoryStore

TOKEN = "token-of-the-test"
SETTINGS = PostmortemSettings(tokens=(f"test={hashlib.sha256(TOKEN.encode()).hexdigest()}:read",))
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
Store = MemoryStore[MemoryPostmortemUnitOfWork]


@pytest.fixture
def store() -> Store:
    return MemoryStore(MemoryPostmortemUnitOfWork)


@pytest.fixture
async def client(store: Store) -> AsyncIterator[httpx.AsyncClient]:
    parts = Parts[PostmortemUnitOfWork](store, ManualClock(), CatalogHolder(), MemoryBroker())
    application = bootstrap.build(SETTINGS, parts)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(application.http),
        base_url="http://postmortem",
        headers={"Authorization": f"Bearer {TOKEN}"},
    ) as client:
        yield client


async def arrive(store: Store, *envelopes: Envelope[Event]) -> None:
    async with store.begin() as uow:
        await Handlers().on_events(uow, envelopes, START)


async def items(client: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_a_timeline_gives_every_clock_and_names_its_events(
    client: httpx.AsyncClient, store: Store
) -> None:
    ahead = alert(started_at=at(94), received_at=at(0))
    await arrive(store, envelope("e1", 1, triggered(alert=ahead)))
    (entry,) = await items(client, f"/v1/timelines/{INCIDENT}")
    assert entry == {
        "at": "2026-03-03T02:14:00Z",
        "kind": "incident-triggered",
        "text": "HighErrorRate triggered (checkout, critical)",
        "event_id": "e1",
        "occurred_at": "2026-03-03T02:15:34Z",
        "observed_at": "2026-03-03T02:14:00Z",
        "recorded_at": "2026-03-03T02:14:01Z",
        "version": 1,
        "causation_id": None,
        "by": None,
        "detail": "",
        "clock_note": "clock of prometheus ran 94 s ahead; shown at our time",
        "moved": False,
    }


async def test_a_timeline_is_paged_without_a_gap(client: httpx.AsyncClient, store: Store) -> None:
    await arrive(store, *night())
    whole = await items(client, f"/v1/timelines/{INCIDENT}")
    found: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = (
            await client.get(
                f"/v1/timelines/{INCIDENT}",
                params={"limit": 4, **({"cursor": cursor} if cursor else {})},
            )
        ).json()
        found += answer["items"]
        cursor = answer["next"]
    assert found == whole
    assert len(whole) == 11


async def test_drafts_are_listed_and_paged(client: httpx.AsyncClient, store: Store) -> None:
    for number in range(3):
        incident = f"inc-{number}"
        await arrive(
            store,
            envelope(f"{incident}-1", 0, triggered(incident_id=incident)),
            envelope(f"{incident}-2", 10 + number, resolved(2, incident_id=incident)),
        )
    first = (await client.get("/v1/postmortems", params={"limit": 2})).json()
    assert [item["incident_id"] for item in first["items"]] == ["inc-2", "inc-1"]
    second = (await client.get("/v1/postmortems", params={"cursor": first["next"]})).json()
    assert [item["incident_id"] for item in second["items"]] == ["inc-0"]
    assert second["next"] is None


async def test_a_draft_is_read_as_json_and_as_markdown_by_either_id(
    client: httpx.AsyncClient, store: Store
) -> None:
    await arrive(store, *night())
    found = (await client.get(f"/v1/postmortems/{postmortem_id(INCIDENT)}")).json()
    assert (found["title"], found["status"], found["events"]) == ("HighErrorRate", "draft", 11)
    assert {"name": "time to resolve", "value_ms": 1_500_000, "event_ids": ["e01", "e11"]} in found[
        "metrics"
    ]
    assert found["digest"] == hashlib.sha256(found["markdown"].encode()).hexdigest()
    text = await client.get(f"/v1/postmortems/{INCIDENT}.md")
    assert text.headers["content-type"] == "text/markdown; charset=utf-8"
    assert text.text == found["markdown"]
    (listed,) = await items(client, "/v1/postmortems")
    assert listed["digest"] == found["digest"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/timelines/none",
        "/v1/timelines/none%00",
        "/v1/timelines/none%F0%9F%9A%A8",
        "/v1/postmortems/none",
        "/v1/postmortems/none.md",
    ],
)
async def test_what_is_not_known_is_404(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "none" in answer.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/timelines/{INCIDENT}?cursor=!!",
        f"/v1/timelines/{INCIDENT}?cursor=ZTk5",
        f"/v1/timelines/{INCIDENT}?limit=501",
        "/v1/postmortems?cursor=bm90LWEtbnVtYmVy",
        "/v1/postmortems?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTkgeA",
        "/v1/postmortems?limit=0",
    ],
)
async def test_a_wrong_cursor_or_limit_is_422(
    client: httpx.AsyncClient, store: Store, path: str
) -> None:
    await arrive(store, *night())
    assert (await client.get(path)).status_code == 422


@pytest.mark.parametrize(
    "path",
    ["/", f"/v1/timelines/{INCIDENT}", "/v1/postmortems", f"/v1/postmortems/{INCIDENT}.md"],
)
async def test_strangers_see_nothing(client: httpx.AsyncClient, store: Store, path: str) -> None:
    await arrive(store, *night())
    for header in ("", "Bearer wrong", "Basic !!!", "Basic " + base64.b64encode(b"x:y").decode()):
        answer = await client.get(path, headers={"Authorization": header})
        assert answer.status_code == 401
        assert "HighErrorRate" not in answer.text


async def test_a_browser_may_give_the_token_as_a_password(
    client: httpx.AsyncClient, store: Store
) -> None:
    await arrive(store, *night())
    basic = "Basic " + base64.b64encode(f"me:{TOKEN}".encode()).decode()
    path = f"/v1/postmortems/{INCIDENT}.md"
    assert (await client.get(path, headers={"Authorization": basic})).status_code == 200
    asked = await client.get(path, headers={"Authorization": ""})
    assert asked.headers["www-authenticate"].startswith("Basic ")


async def test_the_page_escapes_what_strangers_wrote(
    client: httpx.AsyncClient, store: Store
) -> None:
    empty = await client.get("/postmortems")
    assert "No draft yet" in empty.text
    await arrive(
        store,
        envelope("e1", 0, triggered(title=HOSTILE, service=HOSTILE)),
        envelope("e2", 5, resolved(2)),
    )
    answer = await client.get("/postmortems")
    assert "<script>" not in answer.text
    assert "<img src=x" not in answer.text
    assert f"/postmortems/{postmortem_id(INCIDENT)}" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_it_is_alive_and_documents_itself(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).status_code == 200
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert {"/v1/timelines/{incident}", "/v1/postmortems", "/v1/postmortems/{identity}.md"} <= set(
        paths
    )
