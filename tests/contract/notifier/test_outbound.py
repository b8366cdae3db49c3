"""Had the request left? Asked of real servers that fail in every moment of a call."""

import asyncio
import logging
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from notifier.adapters.outbound import PER_HOST, OutboundHttp
from tests.contract.notifier.providers import answer, http_provider
from tocsin.channels import HttpAnswer, NoAnswerError, NotSentError
from tocsin.egress import Egress

LOOPBACK = ["127.0.0.0/8"]
QUICK = timedelta(milliseconds=200)
ENOUGH = timedelta(seconds=5)
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def http() -> OutboundHttp:
    return OutboundHttp(Egress(LOOPBACK))


async def post(to: OutboundHttp, url: str, within: timedelta = ENOUGH) -> HttpAnswer:
    return await to.post(url, headers={}, body=b"{}", within=within)


@asynccontextmanager
async def server(serve: Serve) -> AsyncIterator[str]:
    """A server that does what it is told, byte by byte."""
    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()


async def request_of(reader: asyncio.StreamReader) -> None:
    await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(2)


# ---------------------------------------------------------------- it had not left


async def test_nobody_listens() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/"
        with pytest.raises(NotSentError, match="refused"):
            await post(http(), url)


async def test_the_name_takes_too_long() -> None:
    async def forever(host: str, port: int) -> Sequence[str]:
        del host, port
        await asyncio.sleep(30)
        return ["127.0.0.1"]

    slow = OutboundHttp(Egress(LOOPBACK, resolve=forever))
    with pytest.raises(NotSentError, match="not made in time"):
        await post(slow, "http://push.example/", QUICK)


async def test_nobody_accepts_the_connection() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        with pytest.raises(NotSentError, match="not made in time"):
            await post(http(), f"http://127.0.0.1:{full.getsockname()[1]}/", QUICK)
        for one in waiting:
            one.close()


async def test_nobody_shakes_hands() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with server(silent) as at:
        with pytest.raises(NotSentError, match="not made in time"):
            await post(http(), f"https://{at}/", QUICK)


async def test_tls_that_is_none() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(answer(400))
        await reader.read()
        writer.close()

    async with server(plain) as at:
        with pytest.raises(NotSentError, match="no connection"):
            await post(http(), f"https://{at}/")


async def test_tls_asks_for_the_name_at_the_checked_address() -> None:
    hellos: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hellos.append(await reader.read(4096))
        writer.close()

    async def resolve(host: str, port: int) -> Sequence[str]:
        del host, port
        return ["127.0.0.1"]

    async with server(listen) as at:
        named = OutboundHttp(Egress(LOOPBACK, resolve=resolve))
        with pytest.raises(NotSentError):
            await post(named, f"https://push.example:{at.partition(':')[2]}/")

    assert b"push.example" in hellos[0]


async def test_every_connection_to_the_host_is_taken() -> None:
    async with http_provider(None) as provider:
        busy = http()
        held = [asyncio.create_task(post(busy, provider.url)) for _ in range(PER_HOST)]
        async with asyncio.timeout(5):
            while len(provider.received) < PER_HOST:  # noqa: ASYNC110 - the server has no event.
                await asyncio.sleep(0.01)
        with pytest.raises(NotSentError, match="not made in time"):
            await post(busy, provider.url, QUICK)

        assert provider.connections == PER_HOST
        for one in held:
            one.cancel()
        await asyncio.gather(*held, return_exceptions=True)


# ---------------------------------------------------------------- it may have been acted upon


async def test_no_answer() -> None:
    async with http_provider(None) as provider:
        with pytest.raises(NoAnswerError, match=r"no answer within 0\.2 s"):
            await post(http(), provider.url, QUICK)
        assert len(provider.received) == 1


async def test_a_kept_connection_is_closed_under_the_request() -> None:
    async with http_provider(answer(200), b"") as provider:
        one = http()
        await post(one, provider.url)
        with pytest.raises(NoAnswerError, match="closed before an answer"):
            await post(one, provider.url)

        # It was not sent a second time behind our back.
        assert (len(provider.received), provider.connections) == (2, 1)


async def test_the_connection_is_reset_after_the_request() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()

    async with server(reset) as at:
        with pytest.raises(NoAnswerError, match="closed before an answer"):
            await post(http(), f"http://{at}/")


@pytest.mark.parametrize("said", [b"HTTP/1.1 20", b"HTTP/1.1 200 OK\r\nx: 1\r\n", b"220 smtp\r\n"])
async def test_half_an_answer_is_none(said: bytes) -> None:
    async def stop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(said)
        await writer.drain()
        writer.close()

    async with server(stop) as at:
        with pytest.raises(NoAnswerError):
            await post(http(), f"http://{at}/")


# ---------------------------------------------------------------- it was answered


@pytest.mark.parametrize("ends", [True, False], ids=["closed", "silent"])
async def test_a_status_counts_without_its_body(ends: bool) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 202 Yes\r\nX-Id: 7\r\ncontent-length: 100\r\n\r\npart")
        if not ends:
            await reader.read()
        writer.close()

    async with server(cut) as at:
        found = await post(http(), f"http://{at}/", QUICK)

    assert found == HttpAnswer(202, {"x-id": "7", "content-length": "100"}, b"part")


async def test_a_body_without_end_is_cut() -> None:
    async with http_provider(answer(200, body=b"x" * 1_000_000)) as provider:
        found = await post(http(), provider.url)

    assert (found.status, len(found.body)) == (200, 64 * 1024)


async def test_a_connection_that_closed_while_idle_is_not_used() -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(answer(200))
        await writer.drain()
        writer.close()

    async with server(once) as at:
        one = http()
        for _ in range(3):
            assert (await post(one, f"http://{at}/")).status == 200
            await asyncio.sleep(0.05)


async def test_an_answer_to_nothing_is_not_taken_for_the_next() -> None:
    """Said while the connection was idle: the next request must not be believed delivered."""

    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(answer(200))
        await asyncio.sleep(0.05)
        writer.write(answer(200))
        seen.append(await reader.read())
        writer.close()

    seen: list[bytes] = []
    async with server(twice) as at:
        one = http()
        await post(one, f"http://{at}/")
        await asyncio.sleep(0.15)
        with pytest.raises(NotSentError, match="answer to nothing"):
            await post(one, f"http://{at}/")
        await asyncio.sleep(0.05)

    assert seen == [b""]


def test_what_is_open_at_the_end_of_the_loop_is_closed(
    caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    async def main() -> OutboundHttp:
        async with http_provider(answer(200)) as provider:
            one = http()
            await post(one, provider.url)
            return one

    with caplog.at_level(logging.DEBUG):
        used = asyncio.run(main())
    assert used._session is not None
    assert used._session.closed
    assert [one for one in caplog.messages if "nclosed" in one] == []
    assert [one for one in recwarn if "nclosed" in str(one.message)] == []
