"""A calendar as RFC 5545 writes it: events in UTC, lines of 75 octets."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from unicodedata import category

from escalation.domain.feed import Entry

LONGEST_LINE = 75  # Octets, the line break not counted.
_ESCAPED = {"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"}


def calendar_text(name: str, entries: Iterable[Entry], now: datetime) -> str:
    """Return the calendar of these entries; `now` is when they were worked out."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Tocsin//On call//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{_text(name)}",
        f"X-WR-CALNAME:{_text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
    ]
    for entry in entries:
        lines.extend(_event(entry, now))
    return "".join(f"{_folded(line)}\r\n" for line in [*lines, "END:VCALENDAR"])


def _event(entry: Entry, now: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{entry.uid}"
    yield f"DTSTAMP:{_utc(now)}"
    yield f"DTSTART:{_utc(entry.begins)}"
    yield f"DTEND:{_utc(entry.until)}"
    yield f"SUMMARY:{_text(entry.summary)}"
    yield f"DESCRIPTION:{_text(entry.description)}"
    yield "TRANSP:TRANSPARENT"  # Who is on call can still be invited.
    yield "END:VEVENT"


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    """Return a text value: escaped, and without the controls that no text may hold."""
    return "".join(_ESCAPED.get(one, one) for one in text if one == "\n" or not _is_control(one))


def _is_control(character: str) -> bool:
    return category(character) in {"Cc", "Cs"}


def _folded(line: str) -> str:
    parts: list[str] = []
    length = 0
    for character in line:
        size = len(character.encode())
        if length + size > LONGEST_LINE:
            parts.append("\r\n ")
            length = 1
        parts.append(character)
        length += size
    return "".join(parts)
