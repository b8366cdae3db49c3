"""Dead letters over HTTP: listed newest first, shown with their bytes, put on their topic again."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from tocsin import dead_letters, web
from tocsin.database import Database
from tocsin.settings import ServiceSettings
from tocsin.sql import SqlStore, SqlUnitOfWork
from tocsin.tables import OUTBOX, RECIPE
from tocsin.testing import START, ManualClock
from tocsin.unit_of_work import DeadLetter

PATH = "/v1/dead-letters/things"
TOKEN = hashlib.sha256(b"t").hexdigest()
READER = hashlib.sha256(b"r").hexdigest()


def letter(number: int, payload: bytes = b"{broken") -> DeadLetter:
    seen = START + timedelta(seconds=number)
    place = ("things.pages", "pages", 3, number)
    return DeadLetter(
        f"letter-{number}", *place, b"inc_1", payload, "not JSON", "Undecodable", seen
    )


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore[SqlUnitOfWork]]:
    database = Database(f"sqlite:///{tmp_path}/letters.db")
    async with database.transaction() as connection:
        await connection.run_sync(RECIPE.create_all)
    store = SqlStore(database, SqlUnitOfWork, ManualClock().now)
    async with store.begin() as uow:
        await uow.bury([letter(1), letter(2, b"\xff\x00"), letter(3)])
        await uow.connection.execute(OUTBOX.delete())
    yield store
    await database.close()


@pytest.fixture
async def http(store: SqlStore[SqlUnitOfWork]) -> AsyncIterator[httpx.AsyncClient]:
    settings = ServiceSettings(
        http="127.0.0.1:0",
        database="sqlite:///x.db",
        tokens=(f"all={TOKEN}:read+admin", f"one={READER}:read"),
    )
    router = dead_letters.router("things", store, ManualClock())
    app = web.create_app(name="things", settings=settings, routers=[router])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://test",
        headers={"Authorization": "Bearer t"},
    ) as client:
        yield client


async def test_they_are_listed_newest_first_page_by_page(http: httpx.AsyncClient) -> None:
    first = (await http.get(PATH, params={"limit": 2})).json()
    assert [item["id"] for item in first["items"]] == ["letter-3", "letter-2"]
    second = (await http.get(PATH, params={"limit": 2, "cursor": first["next"]})).json()
    assert [item["id"] for item in second["items"]] == ["letter-1"]
    assert second["next"] is None


async def test_a_list_tells_why_and_where_but_not_the_bytes(http: httpx.AsyncClient) -> None:
    item = (await http.get(PATH)).json()["items"][0]
    assert item["reason"] == "not JSON"
    assert (item["topic"], item["partition"], item["offset"]) == ("pages", 3, 3)
    assert (item["payload"], item["replayed_at"]) == (None, None)
    assert item["first_seen_at"] == "2026-01-05T09:00:03Z"


async def test_one_is_shown_with_its_bytes(http: httpx.AsyncClient) -> None:
    text = (await http.get(f"{PATH}/letter-1")).json()
    assert (text["payload"], text["payload_encoding"]) == ("{broken", "utf-8")
    binary = (await http.get(f"{PATH}/letter-2")).json()
    assert (binary["payload"], binary["payload_encoding"]) == ("/wA=", "base64")


async def test_a_replay_puts_the_same_bytes_on_the_same_topic(
    http: httpx.AsyncClient, store: SqlStore[SqlUnitOfWork]
) -> None:
    woken: list[bool] = []
    store.on_published = lambda: woken.append(True)
    answer = await http.post(f"{PATH}/letter-2/replay")
    assert (answer.status_code, answer.json()) == (202, {"id": "letter-2", "topic": "pages"})
    async with store.database.snapshot() as connection:
        (row,) = (await connection.execute(select(OUTBOX))).all()
    assert (row.topic, row.key, row.payload) == ("pages", b"inc_1", b"\xff\x00")
    assert woken == [True]
    shown = (await http.get(f"{PATH}/letter-2")).json()
    assert shown["replayed_at"] == "2026-01-05T09:00:00Z"


async def test_to_look_is_not_to_replay(http: httpx.AsyncClient) -> None:
    reader = {"Authorization": "Bearer r"}
    assert (await http.get(PATH, headers=reader)).status_code == 200
    assert (await http.post(f"{PATH}/letter-1/replay", headers=reader)).status_code == 403
    assert (await http.get(PATH, headers={"Authorization": ""})).status_code == 401


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_is_not_there_is_a_404(http: httpx.AsyncClient, method: str) -> None:
    path = f"{PATH}/nothing" + ("/replay" if method == "POST" else "")
    assert (await http.request(method, path)).status_code == 404


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30, "1.5"])
async def test_a_cursor_of_another_list_is_a_422(http: httpx.AsyncClient, after: str) -> None:
    answer = await http.get(PATH, params={"cursor": web.cursor_of(after)})
    assert answer.status_code == 422
