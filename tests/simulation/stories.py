"""What the topics say of each incident: read once, as it is acknowledged by the broker."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.simulation.broker import GroupBroker
from tests.simulation.world import ViolationError
from tocsin.events import (
    AlertAdded,
    Envelope,
    EscalateIncident,
    Event,
    IncidentAcknowledged,
    IncidentEvent,
    IncidentResolved,
    IncidentSnoozed,
    IncidentTriggered,
    IncidentUnacknowledged,
    NotificationEvent,
    PageRequested,
    PageWithdrawn,
    ResponderUnreachable,
    SeverityChanged,
    decode,
)

Status = str
# From which states each event may come. What is not here changes no state.
LEGAL: dict[type[IncidentEvent], tuple[set[Status], Status]] = {
    IncidentTriggered: ({""}, "triggered"),
    IncidentAcknowledged: ({"triggered", "acknowledged"}, "acknowledged"),
    IncidentSnoozed: ({"acknowledged"}, "acknowledged"),
    IncidentUnacknowledged: ({"acknowledged"}, "triggered"),
    IncidentResolved: ({"triggered", "acknowledged"}, "resolved"),
}
DECIDED = {"incidents", "pages", "notifications"}
OPEN_ONLY = (AlertAdded, SeverityChanged)
ANSWERS = (IncidentAcknowledged, IncidentSnoozed, IncidentResolved)
CALLS = (IncidentTriggered, IncidentUnacknowledged)


@dataclass
class Page:
    """A page that was asked for, and what became of it."""

    request: PageRequested
    at: datetime
    place: int  # How many had been asked for before.
    withdrawn: bool = False
    is_unreachable: bool = False
    outcomes: list[Any] = field(default_factory=list)


@dataclass
class Story:
    """One incident as its topics tell it."""

    incident_id: str
    service: str = ""
    status: Status = ""
    events: list[Envelope[IncidentEvent]] = field(default_factory=list)
    pages: dict[str, Page] = field(default_factory=dict)
    escalates: int = 0
    unreachable: int = 0
    event_ids: set[str] = field(default_factory=set)

    @property
    def version(self) -> int:
        """The latest."""
        return self.events[-1].data.version if self.events else 0

    @property
    def answered_at(self) -> int:
        """The version of the last answer."""
        return max((e.data.version for e in self.events if isinstance(e.data, ANSWERS)), default=0)


class Stories:
    """All incidents; everything is told of once, however often the broker has it."""

    def __init__(self, broker: GroupBroker) -> None:
        self._broker = broker
        self._read = 0
        self.by_id: dict[str, Story] = {}
        self.seen: dict[str, Envelope[Event]] = {}
        self.by_topic: defaultdict[str, list[Envelope[Event]]] = defaultdict(list)
        self.pages: dict[str, Page] = {}

    def read_on(self) -> Iterator[tuple[Story, Envelope[Event], datetime]]:
        """Take up what is new; yield each event of an incident after it was taken up."""
        fresh, self._read = self._broker.history[self._read :], len(self._broker.history)
        for kept in fresh:
            envelope = decode(kept.outgoing.value)
            if (before := self.seen.get(envelope.event_id)) is not None:
                # A sender's repeat is received at another time; what we decide is decided once.
                if kept.outgoing.topic in DECIDED and before.data != envelope.data:
                    told = f"{before.data}, then {envelope.data}"
                    raise ViolationError("what is told is told once", told)
                continue
            self.seen[envelope.event_id] = envelope
            self.by_topic[kept.outgoing.topic].append(envelope)
            incident_id = getattr(envelope.data, "incident_id", None)
            if incident_id is not None:
                story = self.by_id.setdefault(incident_id, Story(incident_id))
                story.event_ids.add(envelope.event_id)
                self._take(story, envelope)
                yield story, envelope, kept.at

    def _take(self, story: Story, envelope: Envelope[Any]) -> None:
        match envelope.data:
            case IncidentEvent():
                _take_incident(story, envelope)
            case PageRequested() as request:
                page = Page(request, envelope.time, len(self.pages))
                story.pages[request.page_id] = self.pages[request.page_id] = page
            case PageWithdrawn() | NotificationEvent() | ResponderUnreachable() as event if (
                event.page_id not in self.pages
            ):
                raise ViolationError("no page without a request", f"{event}")
            case PageWithdrawn(page_id=page_id):
                story.pages[page_id].withdrawn = True
            case ResponderUnreachable(page_id=page_id):
                story.pages[page_id].is_unreachable = True
                story.unreachable += 1
            case EscalateIncident():
                story.escalates += 1
            case NotificationEvent() as outcome:
                self.pages[outcome.page_id].outcomes.append(outcome)
            case _:
                pass


def _take_incident(story: Story, envelope: Envelope[IncidentEvent]) -> None:
    event = envelope.data
    if event.version != story.version + 1:
        told = f"{event.incident_id} has {event.TYPE} {event.version} after {story.version}"
        raise ViolationError("versions have no gap", told)
    came_from, leads_to = LEGAL.get(type(event), ({"triggered", "acknowledged", "resolved"}, ""))
    if isinstance(event, OPEN_ONLY):
        came_from = {"triggered", "acknowledged"}
    if story.status not in came_from:
        raise ViolationError("states are legal", f"{event.TYPE} while {story.status!r}")
    story.status = leads_to or story.status
    if isinstance(event, IncidentTriggered):
        story.service = event.service
    story.events.append(envelope)
