"""Request caps at the edge: size, gzip, slow bodies; the key in the path; what is counted."""

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import unquote

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tocsin import telemetry
from tocsin.failures import is_infrastructure
from tocsin.problems import Problem, unavailable
from tocsin.unpacking import BrokenBodyError, TooLargeError, Unpacking

log = structlog.get_logger(__name__)
KEY_PREFIX = "/k/"
_SECRET_PATHS = (KEY_PREFIX, "/a/")  # Keys of integrations, tokens of links: never repeated.
NUL = b"%00"
_PACKED = "packed"  # In the state of a request.
# What no answer says otherwise: nothing is guessed, kept, run, framed, or told to other sites.
_SECURITY_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"referrer-policy": b"no-referrer",
}
# Counted by their names; a stranger's invention is "other", or each would be a series for ever.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Limits:
    """How large and how slow a request may be. `ratio` bounds what gzip may expand to.

    `answer_within` bounds our own part: a database that stands still is told as 503, and soon.
    What takes long by its nature has `slow_within`: a whole catalog, a call to a provider. Answers
    at the paths in `endless` are streams, which end by themselves.
    """

    max_body: int = 5 * 1024 * 1024
    body_timeout: float = 10.0
    answer_within: float = 9.0
    slow_within: float = 90.0
    ratio: int = 100
    endless: frozenset[str] = frozenset()


def as_sent(scope: Scope, body: bytes) -> bytes:
    """Return the bytes of a body as they came, packed if they were: what its sender signed."""
    packed: bytes | None = scope.get("state", {}).get(_PACKED)
    return body if packed is None else packed


class RequestLimits:
    """ASGI middleware: reads the whole body within limits before the app sees the request.

    `/k/KEY/…` is rewritten to `/…`, the key kept in `scope["state"]["key"]`.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        """Wrap `app`."""
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500
        answered = False

        async def counted(message: Message) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status, answered = message["status"], True
                given = dict(message.get("headers", []))
                message["headers"] = [
                    *message.get("headers", []),
                    *(
                        (name, value)
                        for name, value in _SECURITY_HEADERS.items()
                        if name not in given
                    ),
                ]
            await send(message)

        try:
            await self._serve(scope, receive, counted)
        except Exception as error:
            # Outermost but for the server's own net: nothing of the error reaches the caller, since
            # messages of libraries may hold secrets.
            if answered:
                raise
            await _failed(error).response()(scope, receive, counted)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            telemetry.REQUESTS.labels(method, str(status)).inc()
            if scope["path"] not in self._limits.endless:
                telemetry.REQUEST_SECONDS.observe(time.perf_counter() - started)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if wrong := _nul_in_address(scope):
            await wrong.response()(scope, receive, send)
            return
        _take_key(scope)
        headers = dict(scope["headers"])
        try:
            async with asyncio.timeout(self._limits.body_timeout):
                body, packed = await self._body(headers, receive)
        except (TooLargeError, BrokenBodyError, TimeoutError) as error:
            await self._refusal(error).response()(scope, receive, send)
            return
        if packed is not None:
            scope["state"][_PACKED] = packed
        async with asyncio.timeout(_time_for(scope, self._limits)):
            await self._app(scope, _replay(body, receive), send)

    def _refusal(self, error: Exception) -> Problem:
        close = {"Connection": "close"}  # The rest of the body is not worth reading.
        if isinstance(error, TooLargeError):
            limit = self._limits.max_body
            return Problem(413, "too-large", f"The body is larger than {limit} bytes.", close)
        if isinstance(error, TimeoutError):
            return Problem(408, "too-slow", "The body did not arrive in time.", close)
        return Problem(400, "broken-body", str(error), close)

    async def _body(
        self, headers: dict[bytes, bytes], receive: Receive
    ) -> tuple[bytes, bytes | None]:
        """Return the body, and what it was unpacked from, if it was."""
        encoding = headers.get(b"content-encoding", b"identity").strip().lower()
        if encoding not in {b"identity", b"gzip", b""}:
            name = encoding.decode("latin-1")
            raise BrokenBodyError(f"Content-Encoding: {name!r} is not known; send gzip or nothing.")
        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._limits.max_body:
            raise TooLargeError
        unpacking = Unpacking(self._limits.max_body) if encoding == b"gzip" else None
        chunks: list[bytes] = []
        size = packed = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise BrokenBodyError("The connection closed before the body was complete.")
            more = message.get("more_body", False)
            chunk = message.get("body", b"")
            packed += len(chunk)
            if unpacking is not None:
                chunk = unpacking.unpacked(chunk)
            size += len(chunk)
            if size > self._limits.max_body or packed > self._limits.max_body:
                raise TooLargeError
            chunks.append(chunk)
        if unpacking is not None and packed and not unpacking.is_complete:
            raise BrokenBodyError("The gzip body is cut short.")
        return b"".join(chunks), None if unpacking is None else b"".join(unpacking.taken)


def _nul_in_address(scope: Scope) -> Problem | None:
    """Return what to answer where the address holds what no database takes as text."""
    if NUL in scope.get("raw_path", b""):
        path = scope["path"].replace("\x00", "\ufffd")
        where = "here" if path.startswith(_SECRET_PATHS) else f"at {path}"
        return Problem(404, "not-found", f"Nothing is {where}: a name has no NUL character.")
    if NUL in scope.get("query_string", b""):
        return Problem(400, "bad-query", "The query holds a NUL character.")
    return None


def _time_for(scope: Scope, limits: Limits) -> float | None:
    if scope["path"] in limits.endless:
        return None
    slow = scope["path"].endswith(("/test", "/verify", "/plan", "/rollback"))
    return limits.slow_within if slow or scope["method"] == "PUT" else limits.answer_within


def _take_key(scope: Scope) -> None:
    scope.setdefault("state", {})
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    if not raw.startswith(KEY_PREFIX.encode()):
        return
    key, slash, rest = raw[len(KEY_PREFIX) :].partition(b"/")
    if slash and key:
        scope["state"]["key"] = unquote(key.decode("latin-1"))
        scope["raw_path"] = b"/" + rest
        scope["path"] = unquote("/" + rest.decode("latin-1"))


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replayed() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


def _failed(error: Exception) -> Problem:
    if is_infrastructure(error):
        log.warning("request_unavailable", error=repr(error))
        return unavailable("A dependency does not answer; try again.")
    log.error("request_failed", exc_info=error)
    return Problem(500, "internal", "Something went wrong here; it was logged.")
