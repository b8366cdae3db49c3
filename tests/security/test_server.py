"""The server as it listens: heads and bodies that are huge, slow, ambiguous or no HTTP at all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest

from dev.ports import free_ports
from tests.security.house import INTEGRATION_KEY, House, bearer, house
from tocsin import http_protocol
from tocsin.serving import Server, server_of
from tocsin.settings import ServiceSettings
from tocsin.testing import eventually
from tocsin.web_limits import Limits

DEADLINE = 20.0
HOST = b"Host: tocsin.example\r\n"
KEY = f"X-Tocsin-Key: {INTEGRATION_KEY}\r\n".encode()
ALERT = b'{"title": "disk full"}'


class ImpatientHttp(http_protocol.BoundedHttp):
    """Waits for a head as long as a test may last."""

    head_timeout = 0.3


@pytest.fixture
async def port(foundation: Path, tmp_path: Path) -> AsyncIterator[int]:
    """Serve intake as its process does, on a real socket."""
    async with house(foundation, tmp_path) as found, listening(found) as port:
        yield port


@asynccontextmanager
async def listening(found: House, *, impatient: bool = False) -> AsyncIterator[int]:
    (port,) = free_ports(1)
    settings = ServiceSettings(http=f"127.0.0.1:{port}", database="sqlite:///x", drain_timeout=1)
    app = found.app("incident-intake")
    server = server_of(app, settings)
    if impatient:
        server.config.http = ImpatientHttp
        (limits,) = (one for one in app.user_middleware if "limits" in one.kwargs)
        limits.kwargs["limits"] = Limits(body_timeout=0.3)
    task = asyncio.create_task(server.serve())
    await eventually(lambda: started(server))
    yield port
    server.should_exit = True
    await task


async def started(server: Server) -> bool:
    return server.started


async def says(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """Send bytes, part by part; return everything that comes back until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(DEADLINE):
            try:
                for part in parts:
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(pause)
            except ConnectionError:
                pass  # It closed on us, which is what it should do with most of this.
            return await _rest(reader)
    finally:
        writer.close()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    received = b""
    try:
        while piece := await reader.read(65_536):
            received += piece
    except ConnectionError:
        pass
    return received


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def problem(answer: bytes) -> str:
    body = answer.partition(b"\r\n\r\n")[2]
    return str(orjson.loads(body)["type"]).removeprefix("urn:tocsin:problem:")


def post(body: bytes, *headers: bytes) -> bytes:
    more = b"".join(header + b"\r\n" for header in headers)
    length = (
        b""
        if any(b"ransfer-" in one or b"ength" in one for one in headers)
        else (b"Content-Length: %d\r\n" % len(body))
    )
    return (
        b"POST /v1/alerts/generic HTTP/1.1\r\n"
        + HOST
        + KEY
        + b"Connection: close\r\n"
        + length
        + more
        + b"\r\n"
        + body
    )


async def test_a_good_request_is_taken(port: int) -> None:
    answer = await says(port, post(ALERT))
    assert status(answer) == 202
    assert b"server:" not in answer.lower()


async def test_an_endless_header_is_refused_before_it_fills_the_memory(port: int) -> None:
    head = b"POST /v1/alerts/generic HTTP/1.1\r\nX-Endless: "
    answer = await says(port, head, *[b"x" * 16_384] * 5)
    assert (status(answer), problem(answer)) == (431, "too-large-head")
    # It closes without waiting for the end, which here never comes.
    more = await says(port, head, *[b"x" * 16_384] * 1_000)
    assert more == b"" or status(more) == 431


async def test_an_endless_address_is_refused(port: int) -> None:
    answer = await says(port, b"GET /", *[b"x" * 16_384] * 5)
    assert (status(answer), problem(answer)) == (431, "too-large-head")


async def test_a_head_that_comes_large_in_one_piece_is_refused(port: int) -> None:
    answer = await says(port, post(ALERT, b"X-Large: " + b"x" * 70_000))
    assert (status(answer), problem(answer)) == (431, "too-large-head")


async def test_too_many_headers_are_refused(port: int) -> None:
    many = [b"X-%d: y" % number for number in range(http_protocol.MAX_HEADERS)]
    assert status(await says(port, post(ALERT, *many))) == 431
    assert status(await says(port, post(ALERT, *many[:80]))) == 202


async def test_a_head_that_never_ends_is_not_waited_for(foundation: Path, tmp_path: Path) -> None:
    async with house(foundation, tmp_path) as found, listening(found, impatient=True) as port:
        assert await says(port, b"GET /healthz HTTP/1.1\r\n", b"X-1: y\r\n", pause=0.1) == b""
        assert await says(port) == b"", "nor is one that says nothing at all"


async def test_a_body_that_comes_a_byte_at_a_time_is_refused_in_time(
    foundation: Path, tmp_path: Path
) -> None:
    async with house(foundation, tmp_path) as found, listening(found, impatient=True) as port:
        head = post(b"", b"Content-Length: 1000")
        answer = await says(port, head, *(b" " for _ in range(5)), pause=0.02)
        assert (status(answer), problem(answer)) == (408, "too-slow")


async def test_a_body_over_the_limit_is_refused_before_it_is_read(port: int) -> None:
    answer = await says(port, post(b"", b"Content-Length: 9999999999"))
    assert (status(answer), problem(answer)) == (413, "too-large")


async def test_an_endless_chunked_body_is_refused(port: int) -> None:
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    answer = await says(port, post(b"", b"Transfer-Encoding: chunked"), *[chunk] * 200)
    assert answer == b"" or status(answer) == 413  # Closed while we were still sending.


@pytest.mark.parametrize(
    "headers",
    [
        (b"Content-Length: 5", b"Transfer-Encoding: chunked"),
        (b"Transfer-Encoding: chunked", b"Content-Length: 5"),
        (b"Content-Length: 5", b"Content-Length: 6"),
        (b"Content-Length: +5",),
        (b"Content-Length: 5, 5",),
        (b"Content-Length: -1",),
        (b"Content-Length: 0x5",),
        (b"Transfer-Encoding: chunked, identity",),
        (b"Transfer-Encoding: xchunked",),
        (b"Transfer-Encoding : chunked",),
        (b"X: a\x00b",),
        (b"X\x01: ab",),
        (b" folded: x",),
    ],
)
async def test_a_request_that_two_servers_would_read_differently_is_refused(
    port: int, headers: tuple[bytes, ...]
) -> None:
    smuggled = b"0\r\n\r\nGET /v1/incidents HTTP/1.1\r\n" + HOST + b"\r\n"
    answer = await says(port, post(smuggled, *headers))
    assert status(answer) == 400
    assert answer.count(b"HTTP/1.1 ") == 1, "what was smuggled was answered"


@pytest.mark.parametrize(
    "words",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET http://169.254.169.254/ HTTP/9.9\r\n\r\n",
        b"NONSENSE / HTTP/1.1\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x00" * 100 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_request_is_refused(port: int, words: bytes) -> None:
    answer = await says(port, words)
    assert (status(answer), problem(answer)) == (400, "broken-request")


async def test_a_web_socket_is_no_way_around(port: int) -> None:
    upgrade = b"Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    for path in (b"/v1/incidents", b"/healthz"):
        answer = await says(
            port,
            b"GET "
            + path
            + b" HTTP/1.1\r\n"
            + HOST
            + upgrade
            + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nConnection: close\r\n\r\n",
        )
        assert status(answer) == (200 if path == b"/healthz" else 401)


async def test_the_others_are_served_while_strangers_hold_connections(port: int) -> None:
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(200)]
    for _, writer in held:
        writer.write(b"POST /v1/alerts/generic HTTP/1.1\r\nContent-Length: 100\r\n")
    token = bearer("reader")["authorization"].encode()
    request = b"GET /v1/incidents HTTP/1.1\r\n" + HOST + b"Connection: close\r\n"
    assert status(await says(port, request + b"Authorization: " + token + b"\r\n\r\n")) == 200
    assert status(await says(port, post(ALERT))) == 202
    for _, writer in held:
        writer.close()
