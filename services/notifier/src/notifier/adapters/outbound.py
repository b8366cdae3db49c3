"""HTTP to the outside by aiohttp: guarded, never redirected; it says whether a request left."""

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta
from functools import cache

from aiohttp import (
    AddrInfoType,
    ClientConnectionError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    InvalidURL,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver, AbstractStreamWriter, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_writer import StreamWriter
from aiohttp.payload import BytesPayload
from yarl import URL

from notifier.adapters.outbound_socket import OutboundSocket
from tocsin.channels import ANSWER_SIZE, DeniedError, HttpAnswer, NoAnswerError, NotSentError
from tocsin.egress import Egress

IDLE = 3.0  # Shorter than any common server's keep-alive, so that none closes under our request.
PER_HOST = 64  # Channels have bounds of their own below this.
USER_AGENT = "tocsin"
PING = 20.0
LARGEST = 1024 * 1024  # One message of a WebSocket.


class OutboundHttp:
    """Connections by origin. No cookies, no redirects, no proxy, no body beyond a bound."""

    def __init__(self, egress: Egress, tls: ssl.SSLContext | None = None) -> None:
        """Let out what `egress` lets out; trust what `tls` trusts."""
        self._egress = egress
        self._tls = tls or _trusted()
        self._session: ClientSession | None = None
        self._sessions = self._session_of_the_loop()

    async def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        within: timedelta,
        most: int = ANSWER_SIZE,
    ) -> HttpAnswer:
        """Post; raise NotSentError or NoAnswerError, nothing else, when there is no answer."""
        request = _Body(body)
        response: ClientResponse | None = None
        received = bytearray()
        try:
            async with asyncio.timeout(within.total_seconds()):
                if self._session is None:
                    self._session = await anext(self._sessions)
                response = await self._session.post(
                    _called(url), headers=headers, data=request, allow_redirects=False
                )
                if not request.was_begun:
                    raise NotSentError("the connection held an answer to nothing")
                await _read(response, received, most)
        except (ClientError, OSError, ValueError) as error:
            # A status without the rest of its body is an answer all the same.
            if response is None:
                raise _unanswered(error, within, has_left=request.was_begun) from error
        finally:
            if response is not None:
                response.close()  # A connection whose answer has been read whole is kept.
        return HttpAnswer(
            response.status,
            {name.lower(): value for name, value in response.headers.items()},
            bytes(received),
        )

    async def connect(self, url: str, *, within: timedelta) -> OutboundSocket:
        """Connect a WebSocket; raise NotSentError."""
        try:
            async with asyncio.timeout(within.total_seconds()):
                if self._session is None:
                    self._session = await anext(self._sessions)
                return OutboundSocket(
                    await self._session.ws_connect(
                        _called(url), heartbeat=PING, max_msg_size=LARGEST
                    )
                )
        except (ClientError, OSError, ValueError) as error:
            raise _unanswered(error, within, has_left=False) from error

    async def _session_of_the_loop(self) -> AsyncGenerator[ClientSession]:
        """Yield the one session. The event loop closes its generators when it ends itself."""
        connector = TCPConnector(
            ssl=self._tls,
            resolver=_CheckedNames(self._egress),
            # No cache: a name is looked up, and checked, for each connection.
            use_dns_cache=False,
            # Every socket is made here, also those to addresses that were written as such, which
            # no resolver is asked about.
            socket_factory=self._socket,
            keepalive_timeout=IDLE,
            limit=0,
            limit_per_host=PER_HOST,
        )
        async with ClientSession(
            connector=connector,
            cookie_jar=DummyCookieJar(),
            headers={"user-agent": USER_AGENT},
            skip_auto_headers=("accept", "accept-encoding"),
            timeout=ClientTimeout(total=None, sock_connect=None),  # `post` has one for it all.
            trust_env=False,
            auto_decompress=False,
        ) as session:
            yield session

    def _socket(self, target: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = target
        self._egress.check(str(address[0]))
        return socket.socket(family, kind, protocol)


class _CheckedNames(AbstractResolver):
    """Gives a name's addresses, all of them checked."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del family  # Both: the address decides.
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in await self._egress.addresses(host, port)
        ]

    async def close(self) -> None:
        """Nothing is held."""


class _Body(BytesPayload):
    """A request's body, which knows whether anybody has asked for it.

    aiohttp keeps the head back until the body comes, and asks for the body when there is a
    connection. So whatever fails before that has certainly not left; whatever fails after it may
    have. That holds whichever of aiohttp's many errors tells of the failure.
    """

    was_begun = False

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        if _has_been_answered(writer):
            return
        self.was_begun = True
        await super().write_with_length(writer, content_length)


def _has_been_answered(writer: AbstractStreamWriter) -> bool:
    """Return whether an answer is there already: it would be taken for that to this request."""
    if not isinstance(writer, StreamWriter) or not isinstance(writer.protocol, ResponseHandler):
        return False
    return writer.protocol.should_close


def _called(text: str) -> URL:
    url = URL(text)
    if url.scheme not in {"http", "https", "ws", "wss"} or not url.host:
        raise InvalidURL(text)
    return url


async def _read(response: ClientResponse, received: bytearray, most: int) -> None:
    while len(received) < most and (piece := await response.content.readany()):
        received += piece[: most - len(received)]


def _unanswered(error: Exception, within: timedelta, *, has_left: bool) -> Exception:
    """Return what a failure means. No address is told: an error must not map the inside."""
    if isinstance(error, TimeoutError):
        if has_left:
            return NoAnswerError(f"no answer within {within.total_seconds():g} s")
        return NotSentError("the connection was not made in time")
    if isinstance(error, ClientConnectionError):
        if has_left:
            return NoAnswerError("the connection was closed before an answer")
        return NotSentError(f"no connection: {_reason(error)}")
    if has_left:
        return NoAnswerError(f"the answer is not HTTP: {type(error).__name__}")
    if isinstance(error, InvalidURL):
        # It will not become one: no use in trying again.
        return DeniedError("the address is not a URL that is called")
    return NotSentError(f"the request cannot be made: {type(error).__name__}")


@cache  # Reading the system's certificates takes as long as building the rest of the service.
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


def _reason(error: Exception) -> str:
    # OpenSSL counts its errors by itself.
    if isinstance(error, OSError) and error.errno and not isinstance(error, ssl.SSLError):
        return os.strerror(error.errno)
    return type(error).__name__
