"""Obligations over HTTP: the earliest deadline first, page by page, or only what is overdue."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tocsin import obligations_api, web
from tocsin.database import Database
from tocsin.obligations import Obligation
from tocsin.settings import ServiceSettings
from tocsin.sql import SqlStore, SqlUnitOfWork
from tocsin.tables import RECIPE
from tocsin.testing import START, ManualClock

PATH = "/v1/obligations/things"
READER = hashlib.sha256(b"r").hexdigest()
WRITER = hashlib.sha256(b"w").hexdigest()


def promise(number: int) -> Obligation:
    due = START + timedelta(minutes=number)
    return Obligation(f"p{number}", "paged", f"inc_{number}", "it is done", START, due, 3)


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    database, clock = Database(f"sqlite:///{tmp_path}/owed.db"), ManualClock()
    async with database.transaction() as connection:
        await connection.run_sync(RECIPE.create_all)
    store = SqlStore(database, SqlUnitOfWork, clock.now)
    async with store.begin() as uow:
        await uow.ledger.owe([promise(number) for number in (3, 1, 2)])
    clock.advance(timedelta(minutes=2))
    settings = ServiceSettings(
        http="127.0.0.1:0",
        database="sqlite:///x.db",
        tokens=(f"one={READER}:read", f"two={WRITER}:write"),
    )
    router = obligations_api.router("things", store, clock)
    app = web.create_app(name="things", settings=settings, routers=[router])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://test",
        headers={"Authorization": "Bearer r"},
    ) as client:
        yield client
    await database.close()


async def test_they_are_listed_by_their_deadline_page_by_page(http: httpx.AsyncClient) -> None:
    first = (await http.get(PATH, params={"limit": 2})).json()
    assert [item["id"] for item in first["items"]] == ["p1", "p2"]
    second = (await http.get(PATH, params={"limit": 2, "cursor": first["next"]})).json()
    assert [item["id"] for item in second["items"]] == ["p3"]
    assert second["next"] is None


async def test_only_what_is_overdue_where_that_is_asked_for(http: httpx.AsyncClient) -> None:
    answer = (await http.get(PATH, params={"overdue": "true", "limit": 2})).json()
    assert [item["id"] for item in answer["items"]] == ["p1", "p2"]
    assert answer["next"] is None


async def test_one_tells_what_for_whom_and_by_when(http: httpx.AsyncClient) -> None:
    items = (await http.get(PATH)).json()["items"]
    assert items[0] == {
        "id": "p1",
        "kind": "paged",
        "subject": "inc_1",
        "text": "it is done",
        "version": 3,
        "owed_at": "2026-01-05T09:00:00Z",
        "due_at": "2026-01-05T09:01:00Z",
        "overdue": True,
        "attempts": 0,
        "alarmed_at": None,
    }
    assert [item["overdue"] for item in items] == [True, True, False]


async def test_to_look_one_must_be_allowed_to_read(http: httpx.AsyncClient) -> None:
    assert (await http.get(PATH, headers={"Authorization": ""})).status_code == 401
    assert (await http.get(PATH, headers={"Authorization": "Bearer w"})).status_code == 403


@pytest.mark.parametrize("place", ["x", "2026-01-05T09:00:00|p1", "|p1", "2026-01-05T09:00:00Z"])
async def test_a_cursor_of_another_list_is_a_422(http: httpx.AsyncClient, place: str) -> None:
    answer = await http.get(PATH, params={"cursor": web.cursor_of(place)})
    assert answer.status_code == 422
