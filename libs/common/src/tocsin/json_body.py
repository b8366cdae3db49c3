"""JSON from strangers: parsed strictly, with limits, and errors that name the place."""

import json
from typing import Any

import orjson

from tocsin.errors import InputError

MAX_DEPTH = 32
MAX_KEYS_PER_OBJECT = 1_000
MAX_VALUES = 250_000


class BrokenJsonError(InputError):
    """The body is not JSON; the message names line and column."""


class ExcessiveJsonError(InputError):
    """The body is JSON, but too deep or too large to be a message; the message names the limit."""


def parse(body: bytes) -> Any:  # noqa: ANN401 - JSON is whatever was sent.
    """Return the value that `body` holds.

    Raises BrokenJsonError where it is not JSON (NaN and infinities are not), ExcessiveJsonError
    where it is deeper or has more keys than any message needs. Half a surrogate pair becomes
    U+FFFD: it is no reason to lose an alert.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if "depth" in str(error):
            raise ExcessiveJsonError(f"nested deeper than {MAX_DEPTH} levels") from error
        if "surrogate" not in str(error) or body[:1] not in b'{["':
            raise BrokenJsonError(f"not JSON: {error}") from error
        value = _with_surrogates_replaced(body)
    _check(value)
    return value


def _with_surrogates_replaced(body: bytes) -> Any:  # noqa: ANN401 - JSON.
    try:
        # The stock parser keeps lone surrogates; as JSON text again they are plain "?" pairs.
        loose = json.loads(body.decode("utf-8"), parse_constant=_refuse)
        text = json.dumps(loose, ensure_ascii=False)
        return orjson.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    except RecursionError as error:
        raise ExcessiveJsonError(f"nested deeper than {MAX_DEPTH} levels") from error
    except ValueError as error:
        raise BrokenJsonError(f"not JSON: {error}") from error


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _check(value: Any) -> None:  # noqa: ANN401 - JSON.
    seen = 0
    depth = 0
    level: list[Any] = [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise ExcessiveJsonError(f"nested deeper than {MAX_DEPTH} levels")
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict) and len(item) > MAX_KEYS_PER_OBJECT:
                raise ExcessiveJsonError(f"an object has more than {MAX_KEYS_PER_OBJECT} keys")
            below.extend(item.values() if isinstance(item, dict) else item)
        seen += len(below)
        if seen > MAX_VALUES:
            raise ExcessiveJsonError(f"more than {MAX_VALUES} values in one body")
        level = below
