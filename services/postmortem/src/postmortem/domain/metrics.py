"""How long it took, by our own clock. Unknown is None, never zero; each names what it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from postmortem.domain.document import Ids
from postmortem.domain.recorded import clocks
from postmortem.domain.sentences import clock_time
from tocsin import events as e
from tocsin.events import Envelope, Event

MINUTE = 60


@dataclass(frozen=True, slots=True)
class Metric:
    """A duration and the ids of the events it was computed from; `value` is None when unknown."""

    name: str
    value: timedelta | None = None
    rests_on: Ids = ()

    @property
    def milliseconds(self) -> int | None:
        """The duration in whole milliseconds."""
        return None if self.value is None else self.value // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant and the event it comes from; `at` is None when unknown."""

    at: datetime | None = None
    rests_on: Ids = ()


def moments(events: Sequence[Envelope[Event]]) -> tuple[tuple[str, Moment], ...]:
    """Return the instants that everybody asks for, by name; by our clock but for the first."""
    opened = _first(events, e.IncidentTriggered)
    return (
        ("began, by the first alert's clock", _claimed(opened)),
        ("first signal received", _observed(opened)),
        ("opened", _of(opened)),
        ("first page sent", _of(_first_page(events))),
        ("acknowledged", _of(_first(events, e.IncidentAcknowledged))),
        ("resolved", _of(_resolved(events))),
    )


def _of(event: Envelope[Event] | None) -> Moment:
    return Moment(event.time, (event.event_id,)) if event else Moment()


def _claimed(event: Envelope[Event] | None) -> Moment:
    if event is None or not (alert := getattr(event.data, "alert", None)) or not alert.started_at:
        return Moment()
    times = clocks(event)
    return Moment(times.effective_at, (event.event_id,)) if times.is_credible else Moment()


def _observed(event: Envelope[Event] | None) -> Moment:
    return Moment(clocks(event).observed_at, (event.event_id,)) if event else Moment()


def when(at: datetime | None) -> str:
    """Return an instant as a table says it."""
    return clock_time(at) if at else "unknown"


def metrics(events: Sequence[Envelope[Event]]) -> tuple[Metric, ...]:
    """Return every duration that these events, in timeline order, allow; the others unknown."""
    triggered = _first(events, e.IncidentTriggered)
    return (
        _between("time to first page", triggered, _first_page(events)),
        _between("time to acknowledge", triggered, _acknowledged(events, "user")),
        _between("time to acknowledge by API token", triggered, _acknowledged(events, "token")),
        _between("time to resolve", triggered, _resolved(events)),
        _open_time(events),
    )


def spoken(duration: timedelta) -> str:
    """Return a duration as a person says it: `1 h 4 min`, `2 min 5 s`, `340 ms`."""
    if timedelta() < duration < timedelta(seconds=1):
        return f"{duration // timedelta(milliseconds=1)} ms"
    minutes, seconds = divmod(int(duration.total_seconds()), MINUTE)
    hours, minutes = divmod(minutes, MINUTE)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    said = [f"{number} {unit}" for number, unit in parts if number]
    return " ".join(said[:2]) or "0 s"


def _first(events: Sequence[Envelope[Event]], *kinds: type[Event]) -> Envelope[Event] | None:
    return min(
        (item for item in events if isinstance(item.data, kinds)),
        key=lambda item: (item.time, item.event_id),
        default=None,
    )


def _first_page(events: Sequence[Envelope[Event]]) -> Envelope[Event] | None:
    return _first(events, e.NotificationSent, e.NotificationDelivered)


def _acknowledged(events: Sequence[Envelope[Event]], by: str) -> Envelope[Event] | None:
    for item in events:
        if isinstance(item.data, e.IncidentAcknowledged) and item.data.by.kind == by:
            return item
    return None


def _resolved(events: Sequence[Envelope[Event]]) -> Envelope[Event] | None:
    """Return the resolve that stood: the last one, unless the incident was reopened after it."""
    last = None
    for item in events:
        match item.data:
            case e.IncidentResolved():
                last = item
            case e.IncidentReopened():
                last = None
    return last


def _between(name: str, start: Envelope[Event] | None, end: Envelope[Event] | None) -> Metric:
    if start is None or end is None:
        return Metric(name)
    return Metric(name, end.time - start.time, (start.event_id, end.event_id))


def _open_time(events: Sequence[Envelope[Event]]) -> Metric:
    """Add up the spans the incident was open; unknown while it is."""
    total, since, rests_on = timedelta(), None, []
    for item in events:
        match item.data:
            case e.IncidentTriggered() | e.IncidentReopened():
                since = item.time if since is None else since
            case e.IncidentResolved() if since is not None:
                total, since = total + (item.time - since), None
            case _:
                continue
        rests_on.append(item.event_id)
    if since is not None or not rests_on:
        return Metric("time open")
    return Metric("time open", total, tuple(rests_on))
