"""Bounds: how much of what a tool says is taken over, so that every event fits its topic.

What is cut is still there whole in the raw body, which is kept beside the first event.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

FIRST_YEAR = 1970
LATEST_YEAR = 9000  # Later years overflow once an offset or a grace is added to them.
LABEL_BYTES = 64 * 1024  # Of all labels of an alert, names and values.
WIDEST = 4  # Bytes of a character in UTF-8.


def in_calendar(at: datetime) -> datetime:
    """Return the instant in UTC; ValueError where its year cannot be reckoned with."""
    # Its own year first: at the ends of the calendar there is no UTC to convert to.
    if FIRST_YEAR - 1 <= at.year <= LATEST_YEAR + 1:
        instant = at.astimezone(UTC)
        if FIRST_YEAR <= instant.year <= LATEST_YEAR:
            return instant
    raise ValueError(f"the year must be from {FIRST_YEAR} to {LATEST_YEAR}")


def cut(text: str, limit: int) -> str:
    """Return at most so many characters of a text; where it was cut, it says so."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def fitting(labels: Mapping[str, str], value: int, budget: int = LABEL_BYTES) -> dict[str, str]:
    """Return labels with values of at most `value` characters, all within `budget` bytes.

    The longest are cut, not the last: what is small stays exact.
    """
    found = {name: cut(text, value) for name, text in labels.items()}
    if sum(len(name) + len(text) for name, text in found.items()) * WIDEST <= budget:
        return found
    bounded: dict[str, tuple[str, str]] = {}
    left, smallest_first = budget, sorted(found.items(), key=_size)
    for count, (name, text) in enumerate(smallest_first):
        share = left // (len(found) - count)
        short = _cut_bytes(name, share // 2)
        bounded[name] = short, _cut_bytes(text, share - _bytes(short))
        left -= _size(bounded[name])
    return dict(bounded[name] for name in found)


def _size(label: tuple[str, str]) -> int:
    return _bytes(label[0]) + _bytes(label[1])


def _bytes(text: str) -> int:
    return len(text.encode())


def _cut_bytes(text: str, limit: int) -> str:
    encoded = text.encode()
    if len(encoded) <= limit:
        return text
    return encoded[: max(0, limit - len("…".encode()))].decode(errors="ignore") + "…"
