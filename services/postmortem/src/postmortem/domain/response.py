"""What people did, and how the pager served them."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from postmortem.domain.document import Block, Grid, Paragraph, Point, Points, Row, Said
from postmortem.domain.facts import Facts, PagedFacts, paged
from postmortem.domain.metrics import when
from postmortem.domain.recorded import actor_of
from postmortem.domain.sentences import clock_time
from tocsin import events as e
from tocsin.durations import spoken
from tocsin.events import Envelope, Event

DID: dict[type[Event], str] = {
    e.IncidentAcknowledged: "acknowledged",
    e.IncidentSnoozed: "snoozed",
    e.IncidentReassigned: "reassigned",
    e.IncidentEscalated: "escalated",
    e.NoteAdded: "noted",
    e.IncidentMerged: "merged",
    e.IncidentResolved: "resolved",
    e.IncidentReopened: "reopened",
    e.EscalateIncident: "escalated",
}
Is = Callable[[Event], bool]


def people_facts(known: Facts) -> tuple[Block, ...]:
    """Return who was paged by what, and what is known to have reached them."""
    rows = tuple(_paged(person) for person in paged(known.events))
    if not rows:
        return (Paragraph(said=(Said(text="Nobody was paged."),)),)
    head = ("person", "by", "sent", "known delivered", "failed attempts", "first sent")
    return (Grid(head=head, rows=rows),)


def _paged(person: PagedFacts) -> Row:
    return Row(
        cells=(
            person.responder,
            ", ".join(person.channels) or "no channel tried",
            str(person.notifications),
            str(person.reached),
            str(person.failed),
            when(person.first_at),
        ),
        rests_on=person.rests_on,
    )


def responder_facts(known: Facts) -> tuple[Block, ...]:
    """Return what each person, or token, did, in the order they first did something."""
    found: dict[tuple[str, str], list[Envelope[Event]]] = {}
    for item in known.events:
        actor = actor_of(item.data)
        if actor is not None and actor.kind in {"user", "token"} and type(item.data) in DID:
            found.setdefault((actor.kind, actor.name), []).append(item)
    if not found:
        return (Paragraph(said=(Said(text="Nobody did anything that is recorded."),)),)
    rows = tuple(
        Row(
            cells=(
                ", ".join(dict.fromkeys(DID[type(item.data)] for item in items)),
                name if kind == "user" else f"the token {name}",
                clock_time(items[0].time),
            ),
            rests_on=tuple(item.event_id for item in items),
        )
        for (kind, name), items in found.items()
    )
    return (Grid(head=("did", "who", "first at"), rows=rows),)


def recovery_facts(known: Facts) -> tuple[Block, ...]:
    """Return how it ended, each time it did."""
    said = tuple(_endings(known.events))
    return (Paragraph(said=said or (Said(text="It is not resolved."),)),)


def _endings(events: Sequence[Envelope[Event]]) -> Iterator[Said]:
    for item in events:
        at = clock_time(item.time)
        match item.data:
            case e.IncidentResolved(reason="alerts-resolved"):
                text = f"Resolved at {at}: the last of its alerts ended."
            case e.IncidentResolved(by=by):
                text = f"Resolved by {by} at {at}."
            case e.IncidentReopened(by=by):
                text = f"Reopened by {by} at {at}."
            case e.IncidentMerged(into=into, by=by):
                text = f"Merged into {into} by {by} at {at}."
            case _:
                continue
        yield Said(text=text, rests_on=(item.event_id,))


def _late(event: Event) -> bool:
    return bool(getattr(event, "late_seconds", 0))


COUNTED: tuple[tuple[str, Is], ...] = (
    ("pages asked for", lambda event: isinstance(event, e.PageRequested)),
    ("sent late", _late),
    ("attempts that failed", lambda event: isinstance(event, e.NotificationFailed)),
    ("unknown whether sent", lambda event: isinstance(event, e.NotificationUncertain)),
    ("withdrawn unsent", lambda event: isinstance(event, e.NotificationWithdrawn)),
    ("people unreachable", lambda event: isinstance(event, e.ResponderUnreachable)),
    ("levels skipped", lambda event: isinstance(event, e.LevelSkipped)),
    ("policies exhausted", lambda event: isinstance(event, e.EscalationExhausted)),
)


def pager_facts(known: Facts) -> tuple[Block, ...]:
    """Return what went wrong between us and people, counted; our own failures are in the report."""
    return (Points(points=tuple(_counted(known.events, name, is_) for name, is_ in COUNTED)),)


def _counted(events: Sequence[Envelope[Event]], name: str, is_: Is) -> Point:
    found = [item for item in events if is_(item.data)]
    text = str(len(found))
    if late := max((int(getattr(item.data, "late_seconds", 0) or 0) for item in found), default=0):
        text += f", at worst {spoken(timedelta(seconds=late))}"
    return Point(label=name, said=Said(text=text, rests_on=tuple(item.event_id for item in found)))
