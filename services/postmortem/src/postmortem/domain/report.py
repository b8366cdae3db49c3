"""A postmortem as Markdown: facts with their evidence, and empty prompts for what people know.

The same events give the same bytes, whatever order they arrived in.
"""

from collections.abc import Iterable
from datetime import datetime

from postmortem.domain.collapse import rows
from postmortem.domain.facts import AlertFacts, Facts, PagedFacts, alerts, facts, paged
from postmortem.domain.markdown import Footnotes, inline, table
from postmortem.domain.metrics import Metric, metrics, spoken
from postmortem.domain.sentences import clock_time
from postmortem.domain.timeline import TimelineEntry, timeline
from tocsin.events import Envelope, Event

TOLD_FIRST = frozenset({"time to acknowledge", "time to resolve"})
PROMPTS = (
    (
        "Impact",
        "Who was hit, how, and from when to when? It may have begun before the first alert.",
    ),
    ("Contributing factors", "What had to come together? Conditions, not people."),
    ("What went well", "What helped, and would help again?"),
    ("What did not go well", "What made it longer or harder?"),
    ("Where we got lucky", "What could have made it much worse?"),
    ("What surprised us", "What did we believe that was not so? Which questions are open?"),
    ("Action items", "Each with an owner, a date, and how we will know that it is done."),
)


def report(incident_id: str, envelopes: Iterable[Envelope[Event]]) -> str:
    """Return the draft that these events make."""
    known = facts(incident_id, envelopes)
    notes = Footnotes()
    durations = metrics(known.events)
    people = paged(known.events)
    parts = [
        _head(known, notes),
        _summary(known, durations, people, notes),
        _times(durations, notes),
        _people(people, notes),
        _alerts(alerts(known.events), notes),
        _timeline(timeline(known.events), notes),
        _prompts(),
    ]
    lines = [line for part in parts for line in [*part, ""]]
    return "\n".join([*lines, "## Evidence", "", *notes.lines(), ""])


def _head(known: Facts, notes: Footnotes) -> list[str]:
    opened = known.triggered
    cite = notes.cite([opened.event_id] if opened else [])
    number = f"number {opened.data.number}, " if opened else ""
    severity = " → ".join(known.severities) or "unknown"
    return [
        f"# Postmortem: {inline(known.title)}{cite}",
        "",
        (
            f"*Draft, compiled from {len(known.events)} events. Each statement names the events"
            " it rests on. What only people know is left for them to write.*"
        ),
        "",
        f"- Incident: {number}id {inline(known.incident_id)}{cite}",
        f"- Service: {inline(known.service) or 'unknown'}{cite}",
        f"- Severity: {severity}{notes.cite(known.severities_rest_on)}",
        f"- Status: {known.status}{notes.cite(known.status_rests_on)}",
    ]


def _summary(
    known: Facts, durations: Iterable[Metric], people: Iterable[PagedFacts], notes: Footnotes
) -> list[str]:
    said: list[str] = []
    if known.triggered:
        data = known.triggered.data
        at = clock_time(known.triggered.time)
        said.append(
            f"The incident was opened on {inline(data.service)} at {at}"
            f" by {inline(data.source)}.{notes.cite([known.triggered.event_id])}"
        )
    reached = [person for person in people if person.notifications]
    if reached:
        said.append(
            f"Paged: {', '.join(inline(person.responder) for person in reached)}."
            + notes.cite(event_id for person in reached for event_id in person.rests_on)
        )
    said += [
        f"{metric.name.capitalize()}: {spoken(metric.value)}.{notes.cite(metric.rests_on)}"
        for metric in durations
        if metric.value is not None and metric.name in TOLD_FIRST
    ]
    return ["## Summary", "", " ".join(said) or "Nothing but its events is known yet."]


def _times(durations: Iterable[Metric], notes: Footnotes) -> list[str]:
    body = [
        (
            metric.name,
            "unknown" if metric.value is None else spoken(metric.value),
            notes.cite(metric.rests_on),
        )
        for metric in durations
    ]
    return ["## Times", "", *table(("measure", "value", "evidence"), body)]


def _people(people: Iterable[PagedFacts], notes: Footnotes) -> list[str]:
    body = [
        (
            inline(person.responder),
            inline(", ".join(person.channels)) or "no channel tried",
            str(person.notifications),
            str(person.reached),
            str(person.failed),
            _when(person.first_at),
            notes.cite(person.rests_on),
        )
        for person in people
    ]
    head = ("person", "by", "sent", "known delivered", "failed attempts", "first sent", "evidence")
    return ["## Who was paged", "", *(table(head, body) if body else ["Nobody was paged."])]


def _alerts(found: Iterable[AlertFacts], notes: Footnotes) -> list[str]:
    body = [
        (
            f"alert {inline(alert.title)}",
            inline(alert.severity) or "unknown",
            inline(alert.source) or "unknown",
            _when(alert.started_at),
            f"{alert.ended} {_when(alert.ended_at)}" if alert.ended else "no end recorded",
            notes.cite(alert.rests_on),
        )
        for alert in found
    ]
    head = ("alert", "severity", "source", "began", "ended", "evidence")
    return ["## Alerts", "", *(table(head, body) if body else ["No alert belongs to it."])]


def _timeline(entries: tuple[TimelineEntry, ...], notes: Footnotes) -> list[str]:
    shown = rows(entries)
    body = [
        (
            f"{'~' if row.entries[0].moved else ''}{clock_time(row.at)}",
            _what(row.text, row.entries),
            notes.cite(entry.event_id for entry in row.entries),
        )
        for row in shown
    ]
    accounted = sum(len(row.entries) for row in shown)
    return [
        "## Timeline",
        "",
        *table(("time", "what happened", "evidence"), body),
        "",
        (
            f"{len(entries)} events in the log, {accounted} accounted for in {len(shown)} rows."
            " A time with ~ was moved behind its cause."
        ),
    ]


def _what(text: str, entries: tuple[TimelineEntry, ...]) -> str:
    note = entries[0].clock_note if len(entries) == 1 else ""
    return inline(text) + (f" ({inline(note)})" if note else "")


def _when(at: datetime | None) -> str:
    return clock_time(at) if at else "unknown"


def _prompts() -> list[str]:
    lines: list[str] = []
    for heading, prompt in PROMPTS:
        lines += [f"## {heading}", "", f"*{prompt}*", ""]
    return lines[:-1]
