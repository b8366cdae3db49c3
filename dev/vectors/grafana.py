"""Grafana OnCall: calendars of events, a layer for each priority, overrides on top, swaps."""

import ast
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from dev.vectors.cases import Ask, Json
from dev.vectors.goalert import at
from dev.vectors.grafana_quality import quality
from dev.vectors.lanes import Span, joined, lanes
from escalation.domain.layer import FixedShift, Layer, Mode
from escalation.domain.override import Override
from escalation.domain.schedule import IsReachable, Schedule, Shift, everybody

UTC_ZONE = ZoneInfo("UTC")
FIRST = datetime.min.replace(tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
GAPS_AHEAD, QUALITY_AHEAD = timedelta(days=30), 7
PRIORITY = re.compile(r"^\[L(\d)\]\s*")
# Upstream's people were renamed when the cases were recorded; whoever else is named is nobody.
PERSON = re.compile(r"^user_\d+$")
BYTES = "b'"
GAPS = "gaps_for_next_days"
INSTANT = 2 * SECOND  # What a window without length becomes.
PRIMARY, OVERRIDES = "0", "1"
Rank = tuple[bool, int]


def schedule(config: Json) -> Ask:
    """Answer about a schedule of calendars."""

    def ask(query: Json) -> Json:
        if "at" in query:
            now = at(query["at"])
            found = _schedule(config, (now, now + SECOND), "replace")
            return {"on_call": sorted(found.on_call(now, _known(config)).responders)}
        if "days" in query:
            since, length = at(query["from"]), (query["days"] or QUALITY_AHEAD) * DAY
            found = _schedule(config, (since, since + length), "replace")
            return {"quality": quality(found, length, _known(config))}
        return _events(config, query)

    return ask


def is_person(name: str) -> bool:
    """Return whether upstream knew this person."""
    return bool(PERSON.match(name))


def _known(config: Json) -> IsReachable:
    """Return whom upstream knew; names in a text that was kept as bytes were not renamed."""
    texts = (config.get(name) or "" for name in ("ical_primary", "ical_overrides"))
    return everybody if any(text.startswith(BYTES) for text in texts) else is_person


def _events(config: Json, query: Json) -> Json:
    span = _window(config, query)
    mode: Mode = "add" if query["view"] == "filter_events" else "replace"
    found = _schedule(config, span, mode, query["options"].get("filter_by", ""))
    known = _known(config) if query["view"] == "final_events" else everybody
    people = lanes(_through(span, found.shifts(*span, known)))
    # Theirs: a calendar without events has no gaps, nor has a day that ends at 23:59:59.
    gaps = joined(("", one.begins, one.until) for one in found.gaps(*span)) if found.layers else {}
    long = [one for one in gaps.get("", []) if one[1] - one[0] > SECOND]
    return {
        "on_call": {} if query["view"] == GAPS else _named(config, people),
        "gaps": long if _shows_gaps(query) else [],
    }


def _through(span: Span, shifts: Sequence[Shift]) -> list[Shift]:
    """Return the shifts of a window; of one without length, those that go on through it."""
    if span[1] - span[0] > INSTANT:
        return list(shifts)
    return [one for one in shifts if (one.begins, one.until) == span]


def expected(config: Json, query: Json) -> Json:
    """Return upstream's events as when each person is on call, and when nobody is."""
    if "events" not in query["expected"]:
        return dict(query["expected"])
    since, until = _window(config, query)
    people: list[tuple[str, datetime, datetime]] = []
    gaps: list[tuple[str, datetime, datetime]] = []
    for event in query["expected"]["events"]:
        ends = at(event["end"]) + (SECOND if event["all_day"] else 0 * SECOND)
        span = max(at(event["start"]), since), min(ends, until)
        names = [*event["users"], *event["missing_users"]]
        people += [(name, *span) for name in names if span[0] < span[1]]
        gaps += [("", *span)] if event["is_gap"] else []
    return {"on_call": _named(config, joined(people)), "gaps": joined(gaps).get("", [])}


def _named(config: Json, people: dict[str, list[Span]]) -> Any:  # noqa: ANN401 - spans by name, or in order.
    """Return spans by person; where names in the calendar were not renamed, spans alone."""
    own = {name: spans for name, spans in people.items() if name}
    return own if _known(config) is is_person else sorted(own.values())


def _window(config: Json, query: Json) -> Span:
    """Return the window of a query; one without length becomes a second on either side."""
    if "from" not in query:
        now = at(config["now"])
        return now, now + GAPS_AHEAD
    since, until = at(query["from"]), at(query["to"])
    return (since, until) if since < until else (since - SECOND, until + SECOND)


def _shows_gaps(query: Json) -> bool:
    if query["view"] == GAPS:
        return True
    if query["view"] == "final_events" and "False" in query.get("args", ()):
        return False
    usual = "True" if query["view"] == "final_events" else "False"
    return bool(query["options"].get("with_gap", usual) == "True")


def _schedule(config: Json, span: Span, mode: Mode, only: str = "") -> Schedule:
    found: dict[Rank, list[FixedShift]] = {}
    for kind, name in ((PRIMARY, "ical_primary"), (OVERRIDES, "ical_overrides")):
        if only in {"", kind}:
            for priority, shift in _shifts(config, config.get(name) or "", span):
                found.setdefault((kind == OVERRIDES, priority), []).append(shift)
    layers = (
        Layer(f"{rank}", UTC_ZONE, fixed=tuple(found[rank]), mode=mode) for rank in sorted(found)
    )
    swaps = (
        Override(
            "swap", at(one["start"]), at(one["end"]), (one["benefactor"],), (one["beneficiary"],)
        )
        for one in config.get("shift_swaps") or ()
        if one["benefactor"]  # Else nobody has taken it.
    )
    return Schedule("calendars", tuple(layers), tuple(swaps))


def _shifts(config: Json, text: str, span: Span) -> Iterator[tuple[int, FixedShift]]:
    """Yield the events of a calendar in a span of time: priority, and a shift by hand."""
    if text.startswith(BYTES):  # Recorded as Python shows bytes.
        text = ast.literal_eval(text).decode()
    if "BEGIN:VCALENDAR" not in text:
        return
    calendar = icalendar.Calendar.from_ical(text)
    for event in recurring_ical_events.of(calendar).between(span[0] - DAY, span[1] + DAY):
        if event.get("STATUS") == "CANCELLED":
            continue
        summary = str(event.get("SUMMARY", "")).strip()
        level = PRIORITY.match(summary)
        begins, ends = _instant(event.start), _instant(event.end)
        begins = max(begins, _rotation_start(config, str(event.get("UID", ""))))
        if begins < ends and begins < span[1] and ends > span[0]:
            yield int(level[1]) if level else 0, FixedShift(begins, ends, _people(summary, level))


def _rotation_start(config: Json, uid: str) -> datetime:
    """Return from when a shift counts: upstream keeps that beside the calendar's text."""
    own = (one for one in config["shifts"] if isinstance(one, dict) and f"PK{one['id']}-" in uid)
    return max((at(one["rotation_start"]) for one in own), default=FIRST)


def _people(summary: str, level: re.Match[str] | None) -> tuple[str, ...]:
    names = summary[level.end() if level else 0 :].split(",")
    return tuple(name.strip().removesuffix("@example.com") for name in names)


def _instant(found: date) -> datetime:
    if not isinstance(found, datetime):
        return datetime.combine(found, time(), UTC)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
