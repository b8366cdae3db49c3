"""Mutations that know the structure of what they break, and bytes that know what JSON is."""

import gzip
import json
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import quote

NASTY: tuple[str, ...] = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "x\udfffy",
    "\ufeff\ufffe\uffff",
    "\u202eevil\u2066\u200b",
    "\x1b[31m\x1b]0;owned\x07",
    "line\r\nSet-Cookie: a=b",
    "<script>alert(1)</script>",
    "javascript:alert(1)",
    "=cmd|'/c calc'!A1",
    "' OR 1=1 --",
    "{{7*7}}${7*7}<%= 7 %>",
    "../../../../etc/passwd",
    "http://169.254.169.254/latest/meta-data",
    "👩‍👩‍👧‍👦" * 50,
    "Z̸̡̛͇̪̹̲̣̻̣̤̩̈́̾͋̏͜͝a" * 20,
    "a" * 300,
    "é" * 20_000,
    "(a+)+$",
    "NaN",
    "0",
    "-1",
    "1e400",
    "9" * 30,
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999-14:00",
    "2026-02-30T25:61:61Z",
    "2026-01-05T09:00:00.123456789+0530",
)
ENOUGH = 5_000
LARGEST = 500_000
NUMBERS: tuple[Any, ...] = (
    0,
    -1,
    1,
    2**31,
    2**53 + 1,
    2**63,
    -(2**63) - 1,
    10**30,
    10**400,
    0.1,
    -0.0,
    1e308,
    float("nan"),
    float("inf"),
)
OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [[]], {"": None}, [{}], "text")
TYPES: tuple[str, ...] = (
    "application/json",
    "application/json; charset=utf-16",
    "APPLICATION/JSON",
    "application/problem+json",
    "application/x-ndjson",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "text/plain",
    "text/xml",
    "",
    "é; \x01",
)


def mutated(rng: Random, value: Any) -> Any:
    """Return a value with one to four mutations."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        if len(repr(value)) > LARGEST:
            break
        value = _at_a_place(rng, value, rng.choice(_MUTATIONS))
    return value


def _at_a_place(rng: Random, value: Any, change: Callable[[Random, Any], Any]) -> Any:
    """Apply a change to a place in the tree: the deeper the tree, the deeper the places."""
    if isinstance(value, dict) and value and rng.random() < 0.8:
        name = rng.choice(list(value))
        return {**value, name: _at_a_place(rng, value[name], change)}
    if isinstance(value, list) and value and rng.random() < 0.8:
        index = rng.randrange(len(value))
        return [*value[:index], _at_a_place(rng, value[index], change), *value[index + 1 :]]
    return change(rng, value)


def anything(rng: Random, _value: Any = None) -> Any:
    """Return something of any type."""
    return rng.choice((rng.choice(NASTY), rng.choice(NUMBERS), rng.choice(OTHERS)))


def _without_a_part(rng: Random, value: Any) -> Any:
    if isinstance(value, dict) and value:
        gone = rng.choice(list(value))
        return {name: part for name, part in value.items() if name != gone}
    return value[: rng.randrange(len(value))] if isinstance(value, list | str) and value else None


def _with_one_more(rng: Random, value: Any) -> Any:
    if isinstance(value, dict):
        return {**value, rng.choice(NASTY): anything(rng)}
    return [*value, anything(rng)] if isinstance(value, list) else [value, value]


def _many_times(rng: Random, value: Any) -> Any:
    # What is large already is not multiplied: the fuzz is to last minutes, not days.
    count = rng.choice((2, 50, 300)) if len(repr(value)) < ENOUGH else 2
    if isinstance(value, dict):
        return value | {f"key {number}": anything(rng) for number in range(count)}
    return value * count if isinstance(value, list) else [value] * count


def _deep(rng: Random, value: Any) -> Any:
    for _ in range(rng.choice((5, 31, 33, 200))):
        value = {"a": value} if rng.random() < 0.5 else [value]
    return value


def _long(rng: Random, value: Any) -> Any:
    text = value if isinstance(value, str) and value else "x"
    return text * rng.choice((300, 5_000, 70_000)) if len(text) < 100 else text + "x"


_MUTATIONS: tuple[Callable[[Random, Any], Any], ...] = (
    anything,
    anything,
    lambda rng, _value: rng.choice(NASTY),
    lambda rng, _value: rng.choice(NUMBERS),
    _without_a_part,
    _with_one_more,
    _many_times,
    _deep,
    _long,
)


def encoded(rng: Random, value: Any) -> tuple[bytes, dict[str, str | bytes]]:
    """Return a value as the bytes of a body with their headers: mostly JSON, sometimes hardly."""
    body = _json(rng, value)
    headers: dict[str, str | bytes] = {"content-type": "application/json"}
    chosen = rng.randrange(16)
    if chosen < len(_SPOILED):
        return _SPOILED[chosen](rng, body), headers
    if chosen == len(_SPOILED):
        headers["content-type"] = rng.choice(TYPES)
    elif chosen == len(_SPOILED) + 1:
        headers["content-encoding"] = rng.choice(("gzip", "GZIP", "br", "gzip, gzip"))
        packed = gzip.compress(body, 1)
        return (packed if rng.random() < 0.5 else packed[: rng.randrange(20, 40)]), headers
    return body, headers


def _with_other_bytes(rng: Random, body: bytes) -> bytes:
    at = rng.randrange(len(body) + 1)
    return body[:at] + rng.randbytes(rng.choice((1, 3))) + body[at + 1 :]


def _in_another_encoding(rng: Random, body: bytes) -> bytes:
    return body.decode("utf-8", "replace").encode(rng.choice(("utf-16", "utf-8-sig")))


def _json(rng: Random, value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=rng.random() < 0.7)
    return text.encode("utf-8", rng.choice(("surrogatepass", "replace")))


def _with_duplicate_keys(body: bytes) -> bytes:
    return b'{"a":1,"a":[],' + body[1:] if body[:1] == b"{" and len(body) > 2 else body


_SPOILED: tuple[Callable[[Random, bytes], bytes], ...] = (
    lambda rng, body: body[: rng.randrange(len(body) + 1)],
    lambda rng, body: body + rng.choice((b"{}", b"\x00", b"]", b"\xff\xfe", b"\n" * 100)),
    _in_another_encoding,
    lambda _rng, body: _with_duplicate_keys(body),
    _with_other_bytes,
)


def as_parameter(rng: Random, given: str) -> str:
    """Return a path segment or a query value: as it was, or something nasty, quoted."""
    chosen = rng.choice((given, given, rng.choice(NASTY), str(rng.choice(NUMBERS)), given + "x"))
    if rng.random() < 0.1:
        return quote(chosen[:100].encode("utf-8", "surrogatepass"), safe="") + "%ff%FE"
    return quote(chosen[:2_000].encode("utf-8", "surrogatepass"), safe="")
