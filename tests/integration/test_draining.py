"""A process ends in order: who was being answered hears the truth, what was taken in is done."""

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


class Working:
    """Work that fails as soon as a request is under way, or does what the request left."""

    name = "working"

    def __init__(self, *, fails: bool) -> None:
        self.asked = asyncio.Event()
        self.left: list[str] = []
        self.done: list[str] = []
        self._fails = fails

    async def run_once(self) -> bool:
        if self._fails and self.asked.is_set():
            raise RuntimeError("nothing inside can mend it")
        if not self.left:
            return False
        self.done.append(self.left.pop())
        return True

    async def wait(self) -> None:
        await self.asked.wait()
        await asyncio.sleep(0.01)


class Slow:
    """A service with one request that is answered only after it was told to stop."""

    def __init__(self, folder: Path, *, fails: bool = False) -> None:
        self.worker = Working(fails=fails)
        port, nobody = free_ports(2)
        self.url = f"http://127.0.0.1:{port}"
        settings = ServiceSettings(
            http=f"127.0.0.1:{port}",
            database=f"sqlite:///{folder}/slow.db",
            kafka=f"127.0.0.1:{nobody}",
        )
        service = Definition(
            name="tests.recipe_service",
            prefix="SLOW",
            settings=ServiceSettings,
            unit=SqlUnitOfWork,
            build=self.build,
        )
        self.process = Process(service, settings)

    async def keep(self) -> str:
        self.worker.asked.set()
        await self.process.stop.wait()
        await asyncio.sleep(0.2)
        self.worker.left.append("what was asked for")
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

    async def asked(self, http: httpx.AsyncClient) -> "asyncio.Task[httpx.Response]":
        """Bring it up and ask it; return what will be its answer."""
        while not await _listens(http):
            await happens(self.process.stop, 0.1)
        asked = asyncio.create_task(http.post("/keep"))
        await self.worker.asked.wait()
        return asked


async def _none(*_: object) -> None:
    """Have no timers."""


async def test_a_request_is_answered_although_a_loop_failed(tmp_path: Path) -> None:
    slow = Slow(tmp_path, fails=True)
    running = asyncio.create_task(slow.process.run())
    async with asyncio.timeout(20), httpx.AsyncClient(base_url=slow.url) as http:
        answer = await (await slow.asked(http))

        assert (answer.status_code, answer.json()) == (200, "kept")
        assert await running == 1


async def test_what_the_last_request_leaves_to_do_is_done(tmp_path: Path) -> None:
    slow = Slow(tmp_path)
    running = asyncio.create_task(slow.process.run())
    async with asyncio.timeout(20), httpx.AsyncClient(base_url=slow.url) as http:
        asked = await slow.asked(http)
        slow.process.stop.set()

        assert (await asked).json() == "kept"
        assert await running == 0
    assert slow.worker.done == ["what was asked for"]


async def _listens(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/healthz")).status_code < httpx.codes.INTERNAL_SERVER_ERROR
    except httpx.TransportError:
        return False
