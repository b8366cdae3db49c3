"""HTTP on the wire: how large and how slow the head of a request may be.

The server bounds neither, so a stranger could fill the memory with one endless header, or hold all
connections with heads that never end. The body has bounds of its own (`tocsin.web_limits`).

A request may also have waited for us: a process that was stopped reads, when it goes on, what came
meanwhile, from senders that have long since told another replica more. The kernel knows for how
long, and each request says it (`waited`).
"""

import asyncio
import socket
import struct
from typing import Any

from starlette.requests import Request
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from tocsin.problems import PROBLEM, Problem

MAX_HEAD = 64 * 1024  # Request line and headers; proxies that are generous allow as much.
MAX_HEADERS = 100
HEAD_TIMEOUT = 10.0
_TOO_LARGE = f"The head of the request has more than {MAX_HEAD} bytes or {MAX_HEADERS} headers."


_LAST_DATA_RECEIVED = struct.Struct("=52xI")  # Milliseconds, in Linux' `struct tcp_info`.
_TCP_INFO = getattr(socket, "TCP_INFO", None)  # Other systems do not say.
_WAITED = "waited"
NO_WAIT = 1.0  # Seconds. The kernel counts in ticks: below this the moment of reading is truer.
TICK = 0.02


def waited(request: Request) -> float:
    """Return the seconds that a request lay unread in the kernel; 0 if it hardly did."""
    seconds: float = request.scope.get("state", {}).get(_WAITED, 0.0)
    return seconds


class TooLargeHeadError(Exception):
    """The head of the request is over a limit."""


class BoundedHttp(HttpToolsProtocol):
    """The server's protocol with bounds on the head; what it refuses, it refuses as a problem."""

    head_timeout = HEAD_TIMEOUT

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - handed on as they are.
        """Begin before the first head."""
        super().__init__(*given, **named)
        self._in_head = False
        self._head_bytes = 0
        self._is_too_large = False
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a head soon: a connection that says nothing is in somebody's way."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._head_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what arrives before a head is complete: the parser keeps all of it."""
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        self._head_bytes += len(data)
        if self._head_bytes > MAX_HEAD:
            self._is_too_large = True
            self.send_400_response(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Begin a head."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        self._expect_head()

    def on_headers_complete(self) -> None:
        """Judge the whole head: it may have come in one piece."""
        self._in_head, self._head_bytes = False, 0
        self._head_came()
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > MAX_HEAD or len(self.headers) > MAX_HEADERS:
            self._is_too_large = True
            raise TooLargeHeadError  # The parser stops, and `send_400_response` is called.
        self.scope["state"][_WAITED] = self._unread_for()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Say that this is no request, or one that is too large; then close."""
        wrong = Problem(400, "broken-request", msg)
        if self._is_too_large:
            wrong = Problem(431, "too-large-head", _TOO_LARGE)
        body = bytes(wrong.response().body)
        head = (
            f"HTTP/1.1 {wrong.status} {wrong.slug}\r\ncontent-type: {PROBLEM}\r\n"
            f"content-length: {len(body)}\r\nx-content-type-options: nosniff\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _unread_for(self) -> float:
        if _TCP_INFO is None:
            return 0.0
        try:
            found = self.transport.get_extra_info("socket").getsockopt(
                socket.IPPROTO_TCP, _TCP_INFO, _LAST_DATA_RECEIVED.size
            )
        except OSError:  # It is closed already, or is none of TCP.
            return 0.0
        seconds: float = _LAST_DATA_RECEIVED.unpack(found)[0] / 1000
        return seconds - TICK if seconds >= NO_WAIT else 0.0

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: it would be a log line for whoever asks for a web socket."""

    def _expect_head(self) -> None:
        self._head_came()
        self._head_timer = self.loop.call_later(self.head_timeout, self._no_head_came)

    def _head_came(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _no_head_came(self) -> None:
        cycle: RequestResponseCycle | None = self.cycle  # None until the first head came.
        if cycle is not None and not cycle.response_complete:
            self._expect_head()  # The answer to an earlier request is still on its way.
        else:
            self.transport.close()
