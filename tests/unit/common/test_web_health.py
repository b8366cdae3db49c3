"""Alive and ready: two questions with two answers."""

import httpx
import pytest
from fastapi import FastAPI

from tocsin import web
from tocsin.settings import ServiceSettings

SETTINGS = ServiceSettings(http="127.0.0.1:0", database="sqlite:///x.db")


def service(**ready: bool | str | int) -> FastAPI:
    return web.create_app(name="x", settings=SETTINGS, routers=[], ready=lambda: ready)


async def get(app: FastAPI, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path)


async def test_a_service_is_alive_while_nothing_stalls() -> None:
    app = service()
    app.state.alive.append(list)
    answer = await get(app, "/healthz")
    assert (answer.status_code, answer.json()) == (200, {"alive": True, "stalled": []})


async def test_a_stalled_loop_is_named_and_the_service_not_alive() -> None:
    app = service()
    app.state.alive += [lambda: ["relay: no progress for 61 s"], lambda: ["timers: no progress"]]
    answer = await get(app, "/healthz")
    assert answer.status_code == 503
    assert answer.json()["stalled"] == ["relay: no progress for 61 s", "timers: no progress"]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ({}, 200),
        ({"database": True, "kafka": True}, 200),
        ({"database": True, "kafka": False}, 503),
        ({"catalog_version": 0}, 200),  # Zero is a version, not a no.
        ({"detail": ""}, 200),
    ],
)
async def test_only_a_no_makes_a_service_not_ready(
    state: dict[str, bool | str | int], status: int
) -> None:
    answer = await get(service(**state), "/readyz")
    assert answer.status_code == status
    assert answer.json() == {"ready": status == 200, **state}


async def test_a_service_that_is_not_ready_is_still_alive() -> None:
    assert (await get(service(database=False), "/healthz")).status_code == 200


async def test_every_part_may_add_to_what_ready_means() -> None:
    app = service(database=True)
    app.state.ready.append(lambda: {"kafka": False})
    answer = await get(app, "/readyz")
    assert answer.json() == {"ready": False, "database": True, "kafka": False}
