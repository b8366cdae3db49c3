"""An incident's story from its events: the same whatever order they arrive in, and how often.

Causality first (one aggregate by version, a reply after its cause), then effective time, then
the order of commit and the event's id. Every event gives exactly one entry.
"""

import heapq
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from postmortem.domain.details import details
from postmortem.domain.recorded import Clocks, actor_of, clocks
from postmortem.domain.sentences import Story, sentence
from tocsin.events import (
    Actor,
    AnnouncementRequested,
    Envelope,
    EscalationExhausted,
    EscalationStarted,
    Event,
    IncidentEvent,
    LevelSkipped,
    PageRequested,
    PageWithdrawn,
)

# A claimed time that contradicts causality is moved this far behind its cause.
STEP = timedelta(milliseconds=1)

Events = Mapping[str, Envelope[Event]]
Key = tuple[datetime, datetime, int, str]  # Effective time, commit, place in it, id.
# One decision has one commit; these of its facts follow from each other in this order.
DECIDED_TOGETHER: tuple[type[Event], ...] = (
    EscalationStarted,
    LevelSkipped,
    AnnouncementRequested,
    EscalationExhausted,
    PageRequested,
    PageWithdrawn,
)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of the story. `at` is the time shown; `moved` says that causality overruled a clock.

    `occurred_at` is the source's claim, `observed_at` our edge, `recorded_at` the commit.
    """

    at: datetime
    kind: str
    text: str
    event_id: str
    occurred_at: datetime
    observed_at: datetime
    recorded_at: datetime
    version: int | None = None
    causation_id: str | None = None
    by: Actor | None = None
    detail: str = ""
    clock_note: str = ""
    moved: bool = False


def timeline(envelopes: Iterable[Envelope[Event]]) -> tuple[TimelineEntry, ...]:
    """Return the entries of these events, in the order of the story."""
    events = {envelope.event_id: envelope for envelope in envelopes}
    times = {event_id: clocks(envelope) for event_id, envelope in events.items()}
    keys = {
        event_id: (times[event_id].effective_at, envelope.time, _place(envelope.data), event_id)
        for event_id, envelope in events.items()
    }
    causes = _causes(events)
    order = _causal_order(keys, causes)
    shown: dict[str, datetime] = {}
    for event_id in order:
        shown[event_id] = _shown_at(keys[event_id][0], [shown.get(c) for c in causes[event_id]])
    rank = {event_id: position for position, event_id in enumerate(order)}
    story = Story.of(events.values())
    return tuple(
        _entry(events[event_id], times[event_id], shown[event_id], story)
        for event_id in sorted(order, key=lambda event_id: (shown[event_id], rank[event_id]))
    )


def kind_of(event: Event) -> str:
    """Return the kind of an entry: the event's type without `tocsin.` and its version."""
    return event.TYPE.removeprefix("tocsin.").rpartition(".v")[0]


def _entry(envelope: Envelope[Event], times: Clocks, at: datetime, story: Story) -> TimelineEntry:
    return TimelineEntry(
        at=at,
        kind=kind_of(envelope.data),
        text=sentence(envelope.data, story),
        event_id=envelope.event_id,
        occurred_at=times.occurred_at,
        observed_at=times.observed_at,
        recorded_at=times.recorded_at,
        version=envelope.version,
        causation_id=envelope.causation_id,
        by=actor_of(envelope.data),
        detail=details(envelope.data),
        clock_note=times.note,
        moved=at != times.effective_at,
    )


def _place(event: Event) -> int:
    """Return where among what was decided together this stands; 0 for what stands alone."""
    kind = type(event)
    return DECIDED_TOGETHER.index(kind) + 1 if kind in DECIDED_TOGETHER else 0


def _causes(events: Events) -> dict[str, list[str]]:
    """Return, for each event, those in hand that must stand before it."""
    causes: dict[str, list[str]] = {event_id: [] for event_id in events}
    lives: dict[str, list[Envelope[Event]]] = {}
    for event_id, envelope in events.items():
        cause = envelope.causation_id
        if cause is not None and cause in events and cause != event_id:
            causes[event_id].append(cause)
        if isinstance(envelope.data, IncidentEvent):
            lives.setdefault(envelope.data.incident_id, []).append(envelope)
    for life in lives.values():
        life.sort(key=lambda item: (item.version or 0, item.time, item.event_id))
        for before, after in itertools.pairwise(life):
            causes[after.event_id].append(before.event_id)
    return causes


def _causal_order(keys: Mapping[str, Key], causes: Mapping[str, Sequence[str]]) -> list[str]:
    """Return all ids, each behind its causes, otherwise by time.

    Ids that claim to cause one another (nothing we publish, but anybody may) are released by time,
    so that the order is total.
    """
    waiting = {event_id: len(set(before)) for event_id, before in causes.items()}
    effects: dict[str, set[str]] = {event_id: set() for event_id in keys}
    for event_id, before in causes.items():
        for cause in before:
            effects[cause].add(event_id)
    blocked = sorted(keys, key=keys.__getitem__, reverse=True)
    ready = [keys[event_id] for event_id, count in waiting.items() if not count]
    heapq.heapify(ready)
    order: list[str] = []
    placed: set[str] = set()
    while len(order) < len(keys):
        event_id = heapq.heappop(ready)[-1] if ready else _next(blocked, placed)
        if event_id in placed:
            continue
        placed.add(event_id)
        order.append(event_id)
        for effect in effects[event_id]:
            waiting[effect] -= 1
            if not waiting[effect]:
                heapq.heappush(ready, keys[effect])
    return order


def _next(blocked: list[str], placed: set[str]) -> str:
    while blocked[-1] in placed:
        blocked.pop()
    return blocked.pop()


def _shown_at(effective: datetime, causes: Iterable[datetime | None]) -> datetime:
    latest = max((at for at in causes if at is not None), default=effective)
    return latest + STEP if effective < latest else effective
