"""`python -m escalation.adapters.reading_apart SINCE UNTIL`: a calendar in, spans as JSON out.

Recurrence is left to libraries. Events that were cancelled are none. A whole day stays one, without
an offset: it is a day where the person is.
"""

import json
import os
import resource
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import recurring_ical_events
from icalendar import Calendar, Component, Event
from icalendar.timezone import tzp

MOST_EVENTS = 5_000
MOST_SPANS = 500
SECONDS = 8
MEMORY = 192 * 1024 * 1024  # The largest of the tests' calendars takes a third of it.
NICE = 10
FIRST_TO_GO = "1000"
ZONE = "X-WR-TIMEZONE"
TIMES = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}


class RefusedError(Exception):
    """What is wrong with a calendar, in words for people."""


def main() -> None:
    """Read one calendar."""
    be_small(Path("/proc/self/oom_score_adj"))
    since, until = (date.fromisoformat(word) for word in sys.argv[1:3])
    answer: dict[str, object]
    try:
        answer = {"spans": spans_of(sys.stdin.buffer.read(), since, until)}
    except RefusedError as error:
        answer = {"error": str(error)}
    except MemoryError:
        answer = {"error": "it takes too much memory to read"}
    sys.stdout.write(json.dumps(answer))


def be_small(score: Path) -> None:
    """Take little, and where memory runs short go before the service."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.nice(NICE)
    with suppress(OSError):  # It is Linux's.
        score.write_text(FIRST_TO_GO, encoding="ascii")


def spans_of(body: bytes, since: date, until: date) -> list[tuple[str, str]]:
    """Return when the events of these days are, as documents write times."""
    found: set[tuple[str, str]] = set()
    for event in recurring_ical_events.of(_parsed(body)).between(since, until):
        if str(event.get("STATUS", "")).upper() != "CANCELLED":
            found.update(_span(event, since, until))
        if len(found) > MOST_SPANS:
            raise RefusedError(f"it has more than {MOST_SPANS} events from {since} to {until}")
    return sorted(found)


def _parsed(body: bytes) -> Component:
    calendar = Calendar.from_ical(_whole(body))
    for event in calendar.walk("VEVENT"):
        for name, _ in event.errors:
            if name in TIMES:  # Left out, it would make another time of it.
                raise RefusedError(f"the {name} of an event cannot be understood")
        if zone := _unknown_zone(event):
            raise RefusedError(f"its time zone {zone!r} is not known, nor described (VTIMEZONE)")
    _know_zone(calendar)
    _tell_apart(calendar)
    return calendar


def _know_zone(calendar: Component) -> None:
    """Name the zone of all events as the library knows it, whatever system has named it."""
    if zone := str(calendar.get(ZONE, "")):
        known = getattr(tzp.timezone(zone), "key", None)
        if known is None:
            raise RefusedError(f"its time zone {zone!r} ({ZONE}) is not known")
        calendar[ZONE] = known


def _tell_apart(calendar: Component) -> None:
    """Give each event an identity of its own: of two that share one the library reads one.

    Some programs write the same for all. A higher number (SEQUENCE) takes the place of a lower one.
    """
    seen: Counter[tuple[str, str]] = Counter()
    for event in calendar.walk("VEVENT"):
        if "RECURRENCE-ID" not in event:
            one = str(event.get("UID", "")), str(event.get("SEQUENCE", 0))
            if seen[one]:
                event["UID"] = f"{one[0]} {seen[one]}"
            seen[one] += 1


def _whole(body: bytes) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedError("it is not written in UTF-8") from error
    lines = text.strip().upper()
    if not lines.startswith("BEGIN:VCALENDAR"):
        raise RefusedError("it is not a calendar: it does not begin with BEGIN:VCALENDAR")
    if not lines.endswith("END:VCALENDAR"):
        raise RefusedError("it is cut off: it does not end with END:VCALENDAR")
    if lines.count("BEGIN:VEVENT") > MOST_EVENTS:
        raise RefusedError(f"it has more than {MOST_EVENTS} events")
    return text


def _unknown_zone(event: Component) -> str:
    """Return a zone of which nothing is known: times in it would be read hours off."""
    for name in TIMES & event.keys():
        found = event[name]
        for value in found if isinstance(found, list) else [found]:
            zone = value.params.get("TZID")
            if zone and any(_is_floating(one.dt) for one in getattr(value, "dts", [value])):
                return str(zone)
    return ""


def _is_floating(at: object) -> bool:
    first = at[0] if isinstance(at, tuple) else at  # A period begins somewhere.
    return isinstance(first, datetime) and first.tzinfo is None


def _span(event: Event, since: date, until: date) -> Iterator[tuple[str, str]]:
    """Yield when an event is, if it lasts; no longer than what is looked at."""
    begins: date = event.start
    first, last = (datetime.combine(day, time()) for day in (since, until))
    if isinstance(begins, datetime) and begins.tzinfo:
        first, last = first.replace(tzinfo=UTC), last.replace(tzinfo=UTC)
    ends = _time(event.end)
    if not isinstance(begins, datetime):  # Some programs end a day on itself.
        ends = max(ends, _time(begins + timedelta(days=1)))
    first, last = max(_time(begins), first), min(ends, last)
    if first < last:
        yield _text(first), _text(last)


def _time(at: date) -> datetime:
    if not isinstance(at, datetime):
        return datetime.combine(at, time())
    return at.astimezone(UTC) if at.tzinfo else at


def _text(at: datetime) -> str:
    return at.replace(microsecond=0).isoformat().replace("+00:00", "Z")


if __name__ == "__main__":
    main()
