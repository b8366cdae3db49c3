"""Request caps at the edge, spoken to in ASGI: what a server would hand over."""

import asyncio
import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from tocsin.web_limits import Limits, RequestLimits, as_sent

MAX = 40_000
LIMITS = Limits(max_body=MAX, body_timeout=0.2)


@dataclass
class Answer:
    """What came of one request: the status, the body, and what the app behind saw."""

    status: int = 0
    headers: dict[bytes, bytes] | None = None
    body: bytes = b""
    seen: bytes | None = None
    scope: Scope | None = None
    chunks_taken: int = 0

    @property
    def slug(self) -> str:
        return str(json.loads(self.body)["type"]).removeprefix("urn:tocsin:problem:")


async def ask(
    *chunks: bytes,
    headers: dict[str, str] | None = None,
    path: bytes = b"/v1/alerts/generic",
    endless: bool = False,
    cut: bool = False,
) -> Answer:
    """Send one request in chunks; `endless` never ends the body, `cut` closes the connection."""
    answer = Answer()
    parts = chunks or (b"",)
    rest: Iterator[Message] = iter(
        {
            "type": "http.request",
            "body": part,
            "more_body": endless or cut or number < len(parts),
        }
        for number, part in enumerate(parts, 1)
    )

    async def receive() -> Message:
        for message in rest:
            answer.chunks_taken += 1
            return message
        if endless:
            await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], dict(message["headers"])
        else:
            answer.body += message.get("body", b"")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        answer.seen, answer.scope = message["body"], scope
        assert not message["more_body"]
        await send({"type": "http.response.start", "status": 202, "headers": []})
        await send({"type": "http.response.body", "body": b"accepted"})

    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": path.decode(),
        "raw_path": path,
        "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
    }
    await RequestLimits(app, LIMITS)(scope, receive, send)
    return answer


GZIP = {"content-encoding": "gzip"}


async def test_a_body_in_chunks_reaches_the_app_whole() -> None:
    answer = await ask(b"one ", b"two ", b"three")
    assert (answer.status, answer.seen) == (202, b"one two three")


async def test_no_body_is_a_body() -> None:
    assert (await ask()).seen == b""


async def test_a_body_of_exactly_the_limit_is_accepted() -> None:
    answer = await ask(b"x" * MAX, headers={"content-length": str(MAX)})
    assert answer.seen == b"x" * MAX


async def test_a_declared_length_over_the_limit_is_refused_before_a_byte_is_read() -> None:
    answer = await ask(b"x" * 100, headers={"content-length": str(MAX + 1)})
    assert (answer.status, answer.slug, answer.chunks_taken) == (413, "too-large", 0)
    assert answer.seen is None
    assert answer.headers is not None
    assert answer.headers[b"connection"] == b"close"


async def test_a_body_over_the_limit_without_a_length_is_refused_as_soon_as_it_is() -> None:
    answer = await ask(*[b"x" * 1_000 + bytes([n]) for n in range(100)])
    assert (answer.status, answer.slug, answer.chunks_taken) == (413, "too-large", 40)
    assert answer.seen is None


async def test_a_length_that_lies_does_not_help() -> None:
    answer = await ask(b"x" * (MAX + 1), headers={"content-length": "10"})
    assert answer.status == 413
    assert (await ask(b"x" * (MAX + 1), headers={"content-length": "-1"})).status == 413
    assert (await ask(b"x" * (MAX + 1), headers={"content-length": "²"})).status == 413


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", " gzip "])
async def test_gzip_is_unpacked_chunk_by_chunk(encoding: str) -> None:
    text = b'{"title": "disk full"}' * 20
    packed = gzip.compress(text)
    answer = await ask(
        *[packed[start : start + 7] for start in range(0, len(packed), 7)],
        headers={"content-encoding": encoding},
    )
    assert (answer.status, answer.seen) == (202, text)


async def test_a_gzip_bomb_is_refused_without_unpacking_it() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b"\0" * 1_000_000) for _ in range(50)) + packer.flush()
    assert len(bomb) > 40_000
    chunks = [bomb[start : start + 1_000] for start in range(0, len(bomb), 1_000)]
    answer = await ask(*chunks, headers=GZIP)
    # The first thousand bytes already unpack to a million.
    assert (answer.status, answer.slug, answer.chunks_taken) == (413, "too-large", 1)


async def test_gzip_in_gzip_is_unpacked_once() -> None:
    inner = gzip.compress(b"\0" * 5_000_000, 9)
    assert (await ask(gzip.compress(inner), headers=GZIP)).seen == inner


async def test_a_gzip_body_of_exactly_the_limit_is_accepted() -> None:
    assert (await ask(gzip.compress(b"x" * MAX), headers=GZIP)).status == 202
    assert (await ask(gzip.compress(b"x" * (MAX + 1)), headers=GZIP)).status == 413


async def test_a_gzip_body_that_is_cut_short_is_refused() -> None:
    packed = gzip.compress(b"a text that matters" * 10)
    for end in (1, 10, len(packed) // 2, len(packed) - 1):
        answer = await ask(packed[:end], headers=GZIP)
        assert (answer.status, answer.slug) == (400, "broken-body")
        assert answer.seen is None


@pytest.mark.parametrize("body", [b'{"title": "plain"}', b"\x1f\x8b\x08garbage", b"\0" * 40])
async def test_what_is_not_gzip_though_it_says_so_is_refused(body: bytes) -> None:
    answer = await ask(body, headers=GZIP)
    assert (answer.status, answer.slug) == (400, "broken-body")


async def test_gzip_of_several_members_is_read_whole() -> None:
    # Some senders join packed lines; every part of what they sent counts.
    answer = await ask(gzip.compress(b"one,") + gzip.compress(b"two"), headers=GZIP)
    assert (answer.status, answer.seen) == (202, b"one,two")


async def test_what_was_sent_is_known_beside_what_it_unpacks_to() -> None:
    packed = gzip.compress(b"one,") + gzip.compress(b"two")
    answer = await ask(packed[:7], packed[7:], headers=GZIP)
    assert answer.scope is not None
    assert as_sent(answer.scope, b"one,two") == packed
    plain = await ask(b"one,two")
    assert plain.scope is not None
    assert as_sent(plain.scope, b"one,two") == b"one,two"


async def test_gzip_of_several_members_keeps_to_the_limit() -> None:
    members = gzip.compress(b"x" * 16_000) * 3
    assert (await ask(members, headers=GZIP)).status == 413
    swarm = await ask(gzip.compress(b"") * 1_001, headers=GZIP)
    assert (swarm.status, swarm.slug) == (400, "broken-body")
    assert (await ask(gzip.compress(b"one") + b"junk", headers=GZIP)).status == 400


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "x"])
async def test_another_encoding_is_refused_by_its_name(encoding: str) -> None:
    answer = await ask(b"x", headers={"content-encoding": encoding})
    assert (answer.status, answer.slug) == (400, "broken-body")
    assert encoding in answer.body.decode()


async def test_a_body_that_never_ends_is_refused_in_time() -> None:
    answer = await ask(b"slow", endless=True)
    assert (answer.status, answer.slug) == (408, "too-slow")
    assert answer.seen is None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/incidents/1/acknowledge", 503),
        ("/v1/channels/email/test", 204),
        ("/v1/contacts/verify", 204),
        ("/v1/catalog/plan", 204),
        ("/v1/catalog/rollback", 204),
    ],
)
async def test_what_waits_for_a_provider_or_weighs_a_catalog_has_longer(
    path: str, status: int
) -> None:
    """Cut off in the middle of a mail, nobody would know whether its code was sent."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await asyncio.sleep(0.2)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    told: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            told.append(message["status"])

    scope = {"type": "http", "method": "POST", "path": path, "headers": []}
    await RequestLimits(app, Limits(answer_within=0.05, slow_within=30))(scope, receive, send)
    assert told == [status]


async def test_half_a_body_is_no_body() -> None:
    answer = await ask(b'{"title": "hal', cut=True)
    assert (answer.status, answer.slug, answer.seen) == (400, "broken-body", None)


@pytest.mark.parametrize(
    ("path", "key", "rest", "raw"),
    [
        (b"/k/abc/api/v2/alerts", "abc", "/api/v2/alerts", b"/api/v2/alerts"),
        (b"/k/a%2Fb/v1/alerts/generic", "a/b", "/v1/alerts/generic", b"/v1/alerts/generic"),
        (b"/k/a%20%C3%A9/x", "a é", "/x", b"/x"),
        (b"/k/abc/v2/alerts/a%2Fb", "abc", "/v2/alerts/a/b", b"/v2/alerts/a%2Fb"),
        (b"/k/abc/", "abc", "/", b"/"),
        (b"/k/abc/k/def/x", "abc", "/k/def/x", b"/k/def/x"),
    ],
)
async def test_the_key_in_the_path_is_taken_out_of_it(
    path: bytes, key: str, rest: str, raw: bytes
) -> None:
    answer = await ask(path=path)
    assert answer.scope is not None
    assert answer.scope["state"]["key"] == key
    assert answer.scope["path"] == rest
    assert answer.scope["raw_path"] == raw


@pytest.mark.parametrize("path", [b"/v1/k/abc", b"/k", b"/k/", b"/k/abc", b"/k//x", b"/K/abc/x"])
async def test_other_paths_stay_as_they_are(path: bytes) -> None:
    answer = await ask(path=path)
    assert answer.scope is not None
    assert "key" not in answer.scope["state"]
    assert answer.scope["path"] == path.decode()


@pytest.mark.parametrize("path", [b"/v1/incidents/a%00b", b"/k/a%00b/v1/alerts/generic"])
async def test_an_address_with_a_nul_is_refused(path: bytes) -> None:
    answer = await ask(path=path)
    assert (answer.status, answer.slug, answer.seen) == (404, "not-found", None)


async def test_what_is_not_http_passes_untouched() -> None:
    seen = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    async def never() -> Message:
        raise AssertionError("nothing is read")

    async def nothing(message: Message) -> None:
        raise AssertionError("nothing is sent")

    await RequestLimits(app, LIMITS)({"type": "lifespan"}, never, nothing)
    assert seen == ["lifespan"]


async def test_what_stands_still_behind_the_app_is_a_503_and_soon() -> None:
    told: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        told.append(message)

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        await asyncio.Event().wait()

    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/v1/incidents"}
    scope |= {"raw_path": b"/v1/incidents", "headers": []}
    await RequestLimits(app, Limits(answer_within=0.01))(scope, receive, send)
    assert told[0]["status"] == 503
    assert (b"retry-after", b"5") in told[0]["headers"]
    assert json.loads(told[1]["body"])["type"] == "urn:tocsin:problem:unavailable"
