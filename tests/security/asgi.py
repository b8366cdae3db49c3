"""A client that hands bytes to an app as a server would: nothing is quoted, mended or refused."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.types import ASGIApp, Message

HeaderBytes = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Answer:
    """What an app answered, and how long it took."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]

    def json(self) -> Any:
        return orjson.loads(self.body)


async def call(
    app: ASGIApp,
    method: str,
    target: str,
    headers: Mapping[str, str | bytes] | None = None,
    body: bytes = b"",
) -> Answer:
    """Send one request; `target` is the path with its query, already quoted."""
    path, _, query = target.partition("?")
    raw = [(name.lower().encode("latin-1"), _bytes(text)) for name, text in (headers or {}).items()]
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("latin-1", "replace"),
        "query_string": query.encode("latin-1", "replace"),
        "root_path": "",
        "headers": [*raw, (b"content-length", str(len(body)).encode())],
        "client": ("192.0.2.7", 4711),
        "server": ("tocsin.example", 80),
        "state": {},
    }
    return await _exchange(app, scope, body)


async def _exchange(app: ASGIApp, scope: dict[str, Any], body: bytes) -> Answer:
    status, received, parts = 0, list[tuple[bytes, bytes]](), list[bytes]()
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            received.extend(message["headers"])
        else:
            parts.append(message.get("body", b""))

    started = time.perf_counter()
    await app(scope, receive, send)
    named = {name.decode("latin-1"): text.decode("latin-1") for name, text in received}
    return Answer(status, named, b"".join(parts), time.perf_counter() - started)


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1", "replace")
