"""HTTP stripped to the bone, so that a benchmark measures Tocsin and not its own client."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

CRLF2 = b"\r\n\r\n"
IDLE = 1.0  # Seconds after which a connection is opened anew.
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class _Receiver(asyncio.Protocol):
    def __init__(self, on_body: Callable[[bytes], None]) -> None:
        self._on_body = on_body
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's by type.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (head := self._buffer.find(CRLF2)) >= 0:
            end = head + len(CRLF2) + _content_length(bytes(self._buffer[:head]))
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[head + len(CRLF2) : end])
            del self._buffer[:end]
            self._on_body(body)
            assert self._transport is not None
            self._transport.write(ANSWER)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


async def receive(on_body: Callable[[bytes], None], port: int = 0) -> tuple[asyncio.Server, int]:
    """Answer every POST on loopback with 200; return the server and its port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Receiver(on_body), "127.0.0.1", port)
    return server, int(server.sockets[0].getsockname()[1])


@dataclass
class Sent:
    """What came of a load: per request its intended time, its answer's time and status."""

    intended: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    status: list[int] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """How many were answered 2xx."""
        return sum(200 <= status < 300 for status in self.status)  # noqa: PLR2004


class Sender:
    """Posts prepared bodies over keep-alive connections, at intended times whatever happens."""

    def __init__(self, host: str, port: int, path: str, key: str, connections: int) -> None:
        """Post to `path`; at most `connections` requests wait for their answer at once."""
        self._host, self._port = host, port
        self._head = (
            f"POST {path} HTTP/1.1\r\nhost: {host}\r\nx-tocsin-key: {key}\r\n"
            "content-type: application/json\r\ncontent-length: "
        ).encode()
        self._connections = connections

    async def send(self, bodies: list[bytes], rate: float | None) -> Sent:
        """Send each body at its time (`rate` per second; None: as fast as answers come)."""
        count = len(bodies)
        sent = Sent([0.0] * count, [0.0] * count, [0] * count)
        start = time.perf_counter() + 0.05
        numbers = iter(range(count))
        await asyncio.gather(
            *(
                self._connection(bodies, sent, numbers, start, rate)
                for _ in range(self._connections)
            )
        )
        return sent

    async def _connection(
        self,
        bodies: list[bytes],
        sent: Sent,
        numbers: Iterator[int],
        start: float,
        rate: float | None,
    ) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        for number in numbers:
            due = start + number / rate if rate else time.perf_counter()
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            if wait > IDLE:  # A server may close what nobody uses, just as it is used again.
                writer.close()
                reader, writer = await asyncio.open_connection(self._host, self._port)
            body = bodies[number]
            writer.write(self._head + str(len(body)).encode() + CRLF2 + body)
            head = await reader.readuntil(CRLF2)
            await reader.readexactly(_content_length(head[:-4]))
            sent.intended[number] = due
            sent.answered[number] = time.perf_counter()
            sent.status[number] = int(head[9:12])
        writer.close()
