"""What an entry's sentence leaves out: how, by which way, until when."""

from collections.abc import Iterable

from postmortem.domain.sentences import clock_time
from tocsin import events as e
from tocsin.events import Event


def details(event: Event) -> str:
    """Return what the sentence leaves out and somebody who looks closer wants: how, until when."""
    parts = [text for text in _parts(event) if text]
    return "; ".join(parts)


def _parts(event: Event) -> Iterable[str]:
    match event:
        case e.NotificationEvent():
            yield f"contact method {event.contact_method}, attempt {event.attempt}"
        case e.PageRequested():
            yield ", ".join(event.reason)
        case e.EscalationStarted():
            yield f"{event.levels} levels, repeat {event.repeat}, catalog {event.catalog_version}"
        case e.IncidentTriggered():
            yield event.rule
        case e.AlertResolved():
            yield f"received {_times(event.times_received)}"
        case _:
            yield f"via {via}" if (via := getattr(event, "via", "")) else ""
    if retry_at := getattr(event, "retry_at", None):
        yield f"another attempt at {clock_time(retry_at)}"
    if isinstance(event, e.IncidentAcknowledged) and event.until:
        yield f"until {clock_time(event.until)}"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
