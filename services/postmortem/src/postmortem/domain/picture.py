"""The picture of an incident: what is drawn where, before anything is drawn.

Whatever the incident's size, the picture is bounded: time is cut into columns, and a lane has one
mark for each column, the gravest in it, with a count of all.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from postmortem.domain.facts import Facts, Status
from postmortem.domain.sentences import clock_time
from postmortem.domain.timeline import TimelineEntry
from tocsin import events as e
from tocsin.events import Event

COLUMNS = 120
MOST_PEOPLE = 12
SHORTEST = timedelta(seconds=1)
# The gravest first: where a column holds several, the first of these is drawn.
GRAVEST = (
    *("failed", "uncertain", "resolved", "reopened", "answered", "reached", "sent"),
    *("asked", "withdrawn", "noted"),
)
OF_A_PERSON: dict[type[Event], str] = {
    e.PageRequested: "asked",
    e.PageWithdrawn: "withdrawn",
    e.NotificationSent: "sent",
    e.NotificationDelivered: "reached",
    e.NotificationFailed: "failed",
    e.NotificationUncertain: "uncertain",
    e.NotificationWithdrawn: "withdrawn",
    e.ResponderUnreachable: "failed",
}
OF_THE_INCIDENT: dict[type[Event], str] = {
    e.IncidentAcknowledged: "answered",
    e.IncidentSnoozed: "answered",
    e.IncidentResolved: "resolved",
    e.IncidentMerged: "resolved",
    e.IncidentReopened: "reopened",
    e.IncidentUnacknowledged: "reopened",
    e.EscalationExhausted: "failed",
    e.LevelSkipped: "failed",
    e.IncidentReassigned: "reopened",
    e.IncidentEscalated: "noted",
    e.NoteAdded: "noted",
}
STATUS: dict[type[Event], Status] = {
    e.IncidentTriggered: "triggered",
    e.IncidentAcknowledged: "acknowledged",
    e.IncidentSnoozed: "acknowledged",
    e.IncidentUnacknowledged: "triggered",
    e.IncidentReassigned: "triggered",
    e.IncidentReopened: "triggered",
    e.IncidentResolved: "resolved",
    e.IncidentMerged: "resolved",
}
WORST: tuple[Status, ...] = ("triggered", "acknowledged", "resolved")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a lane shows in one column: its gravest kind, and all of it in words."""

    column: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Lane:
    """A line of the picture."""

    name: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Columns from `start` up to, not including, `end` in one status."""

    start: int
    end: int
    status: Status


@dataclass(frozen=True, slots=True)
class Bar:
    """How many alerts fired, and ended, in one column."""

    column: int
    fired: int
    ended: int


@dataclass(frozen=True, slots=True)
class Picture:
    """What there is to draw, and the same in words for whoever cannot see it."""

    title: str
    words: str
    start: datetime
    end: datetime
    spans: tuple[Span, ...]
    bars: tuple[Bar, ...]
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class Scale:
    """Time in columns, in whole numbers, so that every machine draws the same."""

    start: datetime
    end: datetime

    def column(self, at: datetime) -> int:
        """Return the column that an instant falls in."""
        return min((at - self.start) * COLUMNS // (self.end - self.start), COLUMNS - 1)


Seen = tuple[TimelineEntry, Event]


def picture(known: Facts) -> Picture:
    """Return the picture of these facts; the same facts give the same picture."""
    seen = [(entry, item.data) for entry, item in zip(known.story, known.events, strict=True)]
    start = min(entry.at for entry, _ in seen)
    scale = Scale(start, max(*(entry.at for entry, _ in seen), start + SHORTEST))
    return Picture(
        title=f"Timeline of {known.title}",
        words=_words(known, scale),
        start=scale.start,
        end=scale.end,
        spans=tuple(_spans(seen, scale)),
        bars=tuple(_bars(seen, scale)),
        lanes=(
            Lane("incident", _marks(_of(seen, OF_THE_INCIDENT), scale)),
            *_people(seen, scale),
        ),
    )


def _of(seen: Iterable[Seen], kinds: dict[type[Event], str]) -> list[tuple[TimelineEntry, str]]:
    return [(entry, kinds[type(event)]) for entry, event in seen if type(event) in kinds]


def _people(seen: list[Seen], scale: Scale) -> Iterator[Lane]:
    found: dict[str, list[tuple[TimelineEntry, str]]] = {}
    for entry, event in seen:
        if (kind := OF_A_PERSON.get(type(event))) is not None:
            found.setdefault(str(getattr(event, "responder", "")), []).append((entry, kind))
        elif isinstance(event, e.IncidentAcknowledged) and event.by.name in found:
            found[event.by.name].append((entry, "answered"))
    people = list(found.items())
    for name, marks in people[:MOST_PEOPLE]:
        yield Lane(name, _marks(marks, scale))
    if rest := people[MOST_PEOPLE:]:
        together = [mark for _, marks in rest for mark in marks]
        yield Lane(f"{len(rest)} more people", _marks(together, scale))


def _marks(entries: Iterable[tuple[TimelineEntry, str]], scale: Scale) -> tuple[Mark, ...]:
    columns: dict[int, list[tuple[TimelineEntry, str]]] = {}
    for entry, kind in entries:
        columns.setdefault(scale.column(entry.at), []).append((entry, kind))
    return tuple(_mark(column, columns[column]) for column in sorted(columns))


def _mark(column: int, entries: list[tuple[TimelineEntry, str]]) -> Mark:
    first = min(entry.at for entry, _ in entries)
    if len(entries) == 1:
        return Mark(column, entries[0][1], f"{clock_time(first)}: {entries[0][0].text}")
    counts = Counter(kind for _, kind in entries)
    kinds = [kind for kind in GRAVEST if kind in counts]
    said = ", ".join(f"{counts[kind]} {kind}" for kind in kinds)
    return Mark(column, kinds[0], f"from {clock_time(first)}: {said}")


def _bars(seen: list[Seen], scale: Scale) -> Iterator[Bar]:
    fired: Counter[int] = Counter()
    ended: Counter[int] = Counter()
    for entry, event in seen:
        match event:
            case e.IncidentTriggered(alert=e.AlertSummary()) | e.AlertAdded():
                fired[scale.column(entry.at)] += 1
            case e.AlertResolved():
                ended[scale.column(entry.at)] += 1
    for column in sorted(fired.keys() | ended.keys()):
        yield Bar(column, fired[column], ended[column])


def _spans(seen: list[Seen], scale: Scale) -> Iterator[Span]:
    """Yield runs of columns; where the status changed within one, the worst of them is shown."""
    worst: dict[int, Status] = {}
    now: Status | None = None
    since = 0
    for entry, event in seen:
        column = scale.column(entry.at)
        if (then := STATUS.get(type(event))) is not None:
            _spread(worst, now, since, column)
            now, since = then, column
    _spread(worst, now, since, COLUMNS - 1)
    start = 0
    for column in range(1, COLUMNS + 1):
        if column == COLUMNS or worst.get(column) != worst.get(start):
            if (status := worst.get(start)) is not None:
                yield Span(start, column, status)
            start = column


def _spread(worst: dict[int, Status], status: Status | None, start: int, end: int) -> None:
    if status is None:
        return
    for column in range(start, end + 1):
        known = worst.get(column, status)
        worst[column] = min(known, status, key=WORST.index)


def _words(known: Facts, scale: Scale) -> str:
    kinds = Counter(type(item.data) for item in known.events)
    alerts = len(known.alerts)
    ended = sum(bool(alert.ended) for alert in known.alerts)
    sent = kinds[e.NotificationSent]
    answers = kinds[e.IncidentAcknowledged]
    return (
        f"From {clock_time(scale.start)} to {clock_time(scale.end)}:"
        f" {_many(alerts, 'alert')}, {ended} ended; {_many(sent, 'notification')} sent;"
        f" acknowledged {_many(answers, 'time')}; status {known.status}."
        " The tables of the postmortem say the same."
    )


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
