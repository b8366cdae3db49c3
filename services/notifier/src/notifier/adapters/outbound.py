"""HTTP to the outside: guarded, kept alive, never redirected; it says whether a request left.

Our own small client, because the outcome of a page hangs on one question that general clients
blur - had the request left? - and because they cost several times the rest of a page.
"""

import asyncio
import base64
import ssl
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit

from notifier.adapters.connection import Connection
from notifier.adapters.egress import Egress
from tocsin.channels import HttpAnswer, NoAnswerError, NotSentError

IDLE = 3.0  # Shorter than any common server's keep-alive, so that none closes under our request.
LONGEST = 60.0  # After this a name is looked up, and checked, again.
MAX_IDLE = 16
USER_AGENT = "tocsin"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SAFE = "/%:@!$&'()*+,;=~-._"


@dataclass(frozen=True, slots=True)
class Target:
    """A URL, taken apart and safe to put on the wire."""

    scheme: str
    host: str
    port: int
    path: str
    authority: str
    authorization: str = ""

    @property
    def origin(self) -> tuple[str, str, int]:
        """What a connection can be shared within."""
        return self.scheme, self.host, self.port


@lru_cache(maxsize=4096)
def target_of(url: str) -> Target:
    """Return the parts of a URL; NotSentError says why it is not one that we call."""
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
        host = (parts.hostname or "").encode("idna").decode() if parts.hostname else ""
    except (ValueError, UnicodeError) as error:
        raise NotSentError("the address is not a URL") from error
    if parts.scheme not in _DEFAULT_PORTS:
        raise NotSentError("the address is neither http nor https")
    if not host or not host.isprintable() or " " in host:
        raise NotSentError("the address has no host")
    path = quote(parts.path or "/", safe=_SAFE)
    if parts.query:
        path += "?" + quote(parts.query, safe=_SAFE + "?")
    shown = f"[{host}]" if ":" in host else host
    authority = shown if port == _DEFAULT_PORTS[parts.scheme] else f"{shown}:{port}"
    return Target(
        parts.scheme, host, port, path, authority, _authorization(parts.username, parts.password)
    )


def _authorization(username: str | None, password: str | None) -> str:
    if username is None:
        return ""
    pair = f"{unquote(username)}:{unquote(password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


class OutboundHttp:
    """Connections by origin. No cookies, no redirects, no proxy, no body beyond a bound."""

    def __init__(self, egress: Egress, tls: ssl.SSLContext | None = None) -> None:
        """Let out what `egress` lets out; trust what `tls` trusts."""
        self._egress = egress
        self._tls = tls or ssl.create_default_context()
        self._idle: defaultdict[tuple[str, str, int], list[Connection]] = defaultdict(list)

    async def post(
        self, url: str, *, headers: Mapping[str, str], body: bytes, within: timedelta
    ) -> HttpAnswer:
        """Post; raise NotSentError or NoAnswerError, nothing else, when there is no answer."""
        target = target_of(url)
        request = _request(target, headers, body)
        deadline = asyncio.get_running_loop().time() + within.total_seconds()
        connection = self._reuse(target) or await self._connect(target, deadline)
        try:
            async with asyncio.timeout_at(deadline):
                answer = await connection.exchange(request)
        except TimeoutError as error:
            # A status without the rest of its body is an answer all the same.
            if (answered := connection.answer_so_far()) is not None:
                return answered
            raise NoAnswerError(f"no answer within {within.total_seconds():g} s") from error
        self._keep(target, connection)
        return answer

    def close(self) -> None:
        """Close what is idle."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    def _reuse(self, target: Target) -> Connection | None:
        now = time.monotonic()
        idle = self._idle.get(target.origin)
        while idle:
            connection = idle.pop()
            if connection.is_open and now - connection.idle_since < IDLE:
                return connection
            connection.close()
        return None

    def _keep(self, target: Target, connection: Connection) -> None:
        fresh = time.monotonic() - connection.opened_at < LONGEST
        idle = self._idle[target.origin]
        if connection.is_open and fresh and len(idle) < MAX_IDLE:
            idle.append(connection)
        else:
            connection.close()

    async def _connect(self, target: Target, deadline: float) -> Connection:
        try:
            async with asyncio.timeout_at(deadline):
                addresses = await self._egress.addresses(target.host, target.port)
                return await self._first(target, addresses)
        except TimeoutError as error:
            raise NotSentError("the connection was not made in time") from error

    async def _first(self, target: Target, addresses: list[str]) -> Connection:
        failure: OSError | None = None
        for address in addresses:
            try:
                _, connection = await asyncio.get_running_loop().create_connection(
                    Connection,
                    address,
                    target.port,
                    ssl=self._tls if target.scheme == "https" else None,
                    server_hostname=target.host if target.scheme == "https" else None,
                )
            except OSError as error:  # ssl.SSLError is one.
                failure = error
            else:
                return connection
        reason = failure.strerror or type(failure).__name__ if failure else "no address"
        raise NotSentError(f"no connection to {target.host!r}: {reason}") from failure


def _request(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [
        f"POST {target.path} HTTP/1.1",
        f"host: {target.authority}",
        f"user-agent: {USER_AGENT}",
        f"content-length: {len(body)}",
    ]
    if target.authorization:
        lines.append(f"authorization: {target.authorization}")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if any("\r" in line or "\n" in line for line in lines):
        raise NotSentError("a header has a line break in it")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body
