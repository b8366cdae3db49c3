"""A loop that fails ends its process in order: who was being answered still hears the truth."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
from fastapi import APIRouter

from dev.ports import free_ports
from tocsin.application import Application, Definition, Parts
from tocsin.pausing import happens
from tocsin.process import Process
from tocsin.settings import ServiceSettings
from tocsin.sql import SqlUnitOfWork
from tocsin.web import create_app


class Failing:
    """Work that fails as soon as a request is under way."""

    name = "failing"

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def run_once(self) -> bool:
        if self.asked.is_set():
            raise RuntimeError("nothing inside can mend it")
        return False

    async def wait(self) -> None:
        await self.asked.wait()


class Slow:
    """A service with one request that is answered only after it was told to stop."""

    def __init__(self) -> None:
        self.worker = Failing()
        self.process: Process

    async def keep(self) -> str:
        self.worker.asked.set()
        await self.process.stop.wait()
        await asyncio.sleep(0.2)
        return "kept"

    def build(self, settings: ServiceSettings, parts: Parts[Any]) -> Application[Any]:
        router = APIRouter()
        router.add_api_route("/keep", self.keep, methods=["POST"])
        return Application(
            name="slow",
            store=parts.store,
            clock=parts.clock,
            subscriptions=(),
            on_timers=_none,
            http=create_app(name="slow", settings=settings, routers=[router]),
            workers=(self.worker,),
        )


async def _none(*_: object) -> None:
    """Have no timers."""


async def test_a_request_is_answered_although_a_loop_failed(tmp_path: Path) -> None:
    slow = Slow()
    port, nobody = free_ports(2)
    settings = ServiceSettings(
        http=f"127.0.0.1:{port}",
        database=f"sqlite:///{tmp_path}/slow.db",
        kafka=f"127.0.0.1:{nobody}",
    )
    service = Definition(
        name="tests.recipe_service",
        prefix="SLOW",
        settings=ServiceSettings,
        unit=SqlUnitOfWork,
        build=slow.build,
    )
    slow.process = Process(service, settings)
    running = asyncio.create_task(slow.process.run())
    async with asyncio.timeout(20), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        while not await _listens(http):
            await happens(slow.process.stop, 0.1)

        answer = await http.post("/keep")

        assert (answer.status_code, answer.json()) == (200, "kept")
        assert await running == 1


async def _listens(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/healthz")).status_code < httpx.codes.INTERNAL_SERVER_ERROR
    except httpx.TransportError:
        return False
