"""One HTTP/1.1 connection: a request out, its answer in, parsed by llhttp."""

import asyncio
import time
from typing import cast

import httptools

from tocsin.channels import HttpAnswer, NoAnswerError

MAX_BODY = 64 * 1024
MAX_HEADERS = 32 * 1024
_INFORMATIONAL = range(100, 200)


class Connection(asyncio.Protocol):
    """A connection that carries one request at a time."""

    def __init__(self) -> None:
        """Wait to be connected."""
        self.opened_at = time.monotonic()
        self.idle_since = self.opened_at
        self.reusable = False
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[HttpAnswer] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._reset()

    @property
    def is_open(self) -> bool:
        """Whether another request can be tried on it."""
        return self.reusable and self._transport is not None and not self._transport.is_closing()

    async def exchange(self, request: bytes) -> HttpAnswer:
        """Send a request and return its answer; NoAnswerError when the connection ends first."""
        assert self._transport is not None
        self.reusable = False
        self._reset()
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._answer
        except asyncio.CancelledError:
            self.close()
            raise

    def answer_so_far(self) -> HttpAnswer | None:
        """Return what has been answered, if the status and headers are here."""
        return self._result() if self._headers_complete else None

    def close(self) -> None:
        """Close the connection."""
        self.reusable = False
        if self._transport is not None:
            self._transport.close()

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is not a subclass of it.

    def data_received(self, data: bytes) -> None:
        """Feed the parser; what was not asked for, or is not HTTP, ends the connection."""
        if self._answer is None or self._answer.done():
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(f"the answer is not HTTP: {type(error).__name__}")

    def connection_lost(self, exc: Exception | None) -> None:
        """End the exchange: with what has arrived, if that is an answer."""
        del exc
        self.reusable = False
        if self._answer is not None and not self._answer.done():
            if self._headers_complete:
                self._answer.set_result(self._result())
            else:
                self._fail("the connection was closed before an answer")

    # httptools' side

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; too many of them are an attack."""
        self._size += len(name) + len(value)
        if self._size > MAX_HEADERS:
            self._fail("the answer's headers are too long")
            return
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The status is known: that is the answer, whatever becomes of the body."""
        self._status = self._parser.get_status_code()
        self._headers_complete = self._status not in _INFORMATIONAL

    def on_body(self, body: bytes) -> None:
        """Take the body up to its bound; after that only the status counts."""
        self._body += body[: MAX_BODY - len(self._body)]
        if len(self._body) >= MAX_BODY:
            self._settle()
            self.close()

    def on_message_complete(self) -> None:
        """The answer is whole, unless it was only informational."""
        if self._status in _INFORMATIONAL:
            self._reset()
            return
        self.reusable = self._parser.should_keep_alive()
        self._settle()
        self.idle_since = time.monotonic()
        if not self.reusable:
            self.close()

    def _settle(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(self._result())

    def _fail(self, reason: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(NoAnswerError(reason))
        self.close()

    def _result(self) -> HttpAnswer:
        return HttpAnswer(self._status, dict(self._headers), bytes(self._body))

    def _reset(self) -> None:
        self._status = 0
        self._headers: dict[str, str] = {}
        self._headers_complete = False
        self._body = bytearray()
        self._size = 0
