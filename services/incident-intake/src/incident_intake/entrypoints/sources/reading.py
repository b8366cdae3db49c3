"""Reading JSON from strangers: each function names the place of what it refuses."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from incident_intake.domain.bounds import LATEST_YEAR, cut, fitting
from incident_intake.domain.message import AlertMessage, Parsed
from tocsin.errors import InputError
from tocsin.events import Link

MAX_TITLE = 1024
MAX_TEXT = 16_384
MAX_LABELS = 200
MAX_LABEL = 4096
MAX_LINKS = 20
MAX_REASONS = 20
_ZONELESS_TAIL = re.compile(r"([+-]\d{2}):?(\d{2})$")


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """Return text that every database and every channel takes: no NUL, no half characters."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return cut(text, limit)


def mapping(value: Any, place: str) -> Mapping[str, Any]:  # noqa: ANN401 - JSON.
    """Return an object."""
    if not isinstance(value, dict):
        raise InputError(f"{place}: must be an object")
    return value


def items(value: Any, place: str) -> list[Any]:  # noqa: ANN401 - JSON.
    """Return an array; absent counts as empty."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise InputError(f"{place}: must be an array")
    return value


def string(value: Any, place: str, limit: int = MAX_TEXT) -> str:  # noqa: ANN401 - JSON.
    """Return text, cleaned; absent counts as empty."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InputError(f"{place}: must be a string")
    return clean(value, limit)


def required(value: Any, place: str, limit: int = MAX_TEXT) -> str:  # noqa: ANN401 - JSON.
    """Return text that must not be blank."""
    if value is None:
        raise InputError(f"{place}: is required")
    found = string(value, place, limit)
    if not found.strip():
        raise InputError(f"{place}: must not be blank")
    return found


def one_of(value: Any, place: str, allowed: Iterable[str]) -> str:  # noqa: ANN401 - JSON.
    """Return one of a few words."""
    words = list(allowed)
    if not isinstance(value, str) or value not in words:
        raise InputError(f"{place}: must be one of {', '.join(words)}")
    return value


def labels(value: Any, place: str, *, exact: bool = False) -> dict[str, str]:  # noqa: ANN401 - JSON.
    """Return labels. Numbers and booleans become text, as people expect; `exact` refuses them.

    No value is cut yet: the fingerprint is computed over these; `bounded` is what is kept.
    """
    found: dict[str, str] = {}
    for name, content in mapping({} if value is None else value, place).items():
        if isinstance(content, str):
            text = content
        elif exact or isinstance(content, dict | list):
            raise InputError(f"{place}.{clean(name, 100)}: must be a string")
        else:
            text = _scalar(content)
        found[clean(name, MAX_LABEL)] = clean(text, len(text))
    if len(found) > MAX_LABELS:
        raise InputError(f"{place}: has more than {MAX_LABELS} labels")
    return found


def bounded(labels: Mapping[str, str]) -> dict[str, str]:
    """Return labels as they are kept: cut where an event could not carry them."""
    return fitting(labels, MAX_LABEL)


def _scalar(content: Any) -> str:  # noqa: ANN401 - JSON.
    if content is None:
        return ""
    return str(content).lower() if isinstance(content, bool) else str(content)


def instant(value: Any, place: str) -> datetime | None:  # noqa: ANN401 - JSON.
    """Return an instant in UTC; absent, empty and the year 1 (Go's zero time) are None.

    Takes RFC 3339 with up to 9 digits of a second, offsets without a colon, and no zone as UTC.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise InputError(f"{place}: must be a time such as 2026-01-31T09:30:00Z")
    try:
        found = datetime.fromisoformat(_ZONELESS_TAIL.sub(r"\1:\2", value.strip()))
    except ValueError as error:
        raise InputError(f"{place}: must be a time such as 2026-01-31T09:30:00Z") from error
    if found.year <= 1:
        return None
    if found.year > LATEST_YEAR:
        raise InputError(f"{place}: the year {found.year} is too far away")
    return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)


def link(href: Any, text: str) -> tuple[Link, ...]:  # noqa: ANN401 - JSON.
    """Return a link in a tuple; nothing for what is not an http(s) address."""
    if not isinstance(href, str):
        return ()
    address = clean(href, MAX_LABEL)
    if not address.startswith(("http://", "https://")):
        return ()
    return (Link.model_construct(href=address, text=clean(text, 200)),)


def each(values: Iterable[Any], place: str, convert: Callable[[Any, str], AlertMessage]) -> Parsed:
    """Convert every item; one that cannot be read takes none of the others with it."""
    messages: list[AlertMessage] = []
    unreadable: list[str] = []
    for index, value in enumerate(values):
        try:
            messages.append(convert(value, f"{place}[{index}]"))
        except InputError as error:
            unreadable.append(str(error))
    if len(unreadable) > MAX_REASONS:
        more = len(unreadable) - MAX_REASONS
        unreadable = [*unreadable[:MAX_REASONS], f"and {more} more"]
    return Parsed(tuple(messages), tuple(unreadable))
