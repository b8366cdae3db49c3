"""What happened, why, and what changes.

    draft -> in review -> published

A draft is compiled from events alone. Review and publication come with the people who do them;
until then every postmortem is a draft.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from postmortem.domain.facts import facts
from postmortem.domain.metrics import Metric, metrics
from postmortem.domain.report import report
from tocsin import ids
from tocsin.events import Envelope, Event, IncidentResolved, PostmortemDrafted, PostmortemEvent


@dataclass(frozen=True, slots=True)
class Postmortem:
    """A draft. `digest` is the SHA-256 of `text`; `events` counts what it was compiled from."""

    postmortem_id: str
    incident_id: str
    title: str
    service: str
    status: Literal["draft"]
    text: str
    digest: str
    events: int
    metrics: tuple[Metric, ...]
    resolved_at: datetime | None
    last_event_at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """The postmortem as it now stands, and what to tell of it: nothing if its text is the same."""

    postmortem: Postmortem
    facts: tuple[PostmortemDrafted, ...]
    cause: Envelope[Event] | None = None


def postmortem_id(incident_id: str) -> str:
    """Return the id of an incident's postmortem: always the same one."""
    return ids.derived("postmortem", incident_id)


def evidence(envelopes: Iterable[Envelope[Event]]) -> tuple[Envelope[Event], ...]:
    """Return what a draft is compiled from: our own events would make each draft outdate itself."""
    return tuple(item for item in envelopes if not isinstance(item.data, PostmortemEvent))


def compiled(incident_id: str, envelopes: Iterable[Envelope[Event]]) -> Postmortem | None:
    """Return the draft that these events make; None when there are none."""
    known = facts(incident_id, evidence(envelopes))
    if not known.events:
        return None
    text = report(incident_id, known.events)
    resolved = _resolve(known.events) if known.status == "resolved" else None
    return Postmortem(
        postmortem_id=postmortem_id(incident_id),
        incident_id=incident_id,
        title=known.title,
        service=known.service,
        status="draft",
        text=text,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        events=len(known.events),
        metrics=metrics(known.events),
        resolved_at=resolved.time if resolved else None,
        last_event_at=max(item.time for item in known.events),
    )


def draft(
    incident_id: str, envelopes: Iterable[Envelope[Event]], previous_digest: str | None
) -> Decision | None:
    """Decide on the draft of a resolved incident; None while it is open.

    Late events make a new text under the same id; a text that did not change is told only once.
    """
    events = tuple(envelopes)
    found = compiled(incident_id, events)
    if found is None or found.resolved_at is None:
        return None
    if found.digest == previous_digest:
        return Decision(found, ())
    fact = PostmortemDrafted(
        postmortem_id=found.postmortem_id,
        incident_id=incident_id,
        title=found.title,
        digest=found.digest,
        events=found.events,
    )
    return Decision(found, (fact,), _resolve(events))


def _resolve(events: Iterable[Envelope[Event]]) -> Envelope[Event] | None:
    """Return the latest resolve by version."""
    return max(
        (item for item in events if isinstance(item.data, IncidentResolved)),
        key=lambda item: (item.version or 0, item.event_id),
        default=None,
    )
