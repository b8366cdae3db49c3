"""A request that came while the process stood still says how long it lay unread."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from dev.ports import free_ports
from tocsin.http_protocol import NO_WAIT, waited
from tocsin.serving import Server, server_of
from tocsin.settings import ServiceSettings
from tocsin.testing import eventually

pytestmark = pytest.mark.skipif(
    not hasattr(socket, "TCP_INFO"), reason="this system does not say how long data has lain"
)
ASK = b"GET /waited HTTP/1.1\r\nHost: tocsin.example\r\nConnection: close\r\n\r\n"


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async def say(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(waited(request)))

    (port,) = free_ports(1)
    settings = ServiceSettings(http=f"127.0.0.1:{port}", database="sqlite:///x", drain_timeout=1)
    server = server_of(Starlette(routes=[Route("/waited", say)]), settings)
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: _started(server))
    yield port
    server.should_exit = True
    await serving


async def _started(server: Server) -> bool:
    return server.started


@pytest.mark.parametrize(("stopped", "least", "most"), [(NO_WAIT + 0.3, NO_WAIT, 9), (0, 0, 0)])
async def test_a_request_says_how_long_it_lay_unread(
    port: int, stopped: float, least: float, most: float
) -> None:
    with contextlib.closing(socket.create_connection(("127.0.0.1", port))) as sender:
        sender.sendall(ASK)
        time.sleep(stopped)  # noqa: ASYNC251 - the server is in this process, and stands still.
        sender.setblocking(False)
        answer = await _all_of(sender)

    assert least <= float(answer.rpartition(b"\r\n")[2]) <= most


async def _all_of(sender: socket.socket) -> bytes:
    received = b""
    async with asyncio.timeout(10):
        while piece := await asyncio.get_running_loop().sock_recv(sender, 65_536):
            received += piece
    return received
