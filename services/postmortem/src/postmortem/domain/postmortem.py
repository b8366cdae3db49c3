"""What happened, why, and what changes: compiled from events, and put together with people's part.

Facts are compiled from events alone, and always anew. What people write is kept apart, so that no
late event can touch it.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from postmortem.domain.action_item import ActionItem
from postmortem.domain.document import Document, Section
from postmortem.domain.facts import Facts, facts
from postmortem.domain.metrics import Metric
from postmortem.domain.report import report
from postmortem.domain.review import Basis, Review
from postmortem.domain.sections import sections
from postmortem.domain.timeline import TimelineEntry
from postmortem.domain.words import Words
from tocsin import ids
from tocsin.events import Envelope, Event, IncidentResolved, PostmortemDrafted, PostmortemEvent


@dataclass(frozen=True, slots=True)
class Postmortem:
    """The facts of an incident.

    `digest` is the SHA-256 of `text`, the draft that nobody wrote in yet; `events` counts what it
    was compiled from.
    """

    postmortem_id: str
    incident_id: str
    title: str
    service: str
    text: str
    digest: str
    events: int
    sections: tuple[Section, ...]
    known: Facts
    metrics: tuple[Metric, ...]
    resolved_at: datetime | None
    is_over: bool
    last_event_at: datetime

    @property
    def story(self) -> tuple[TimelineEntry, ...]:
        """The timeline."""
        return self.known.story

    @property
    def basis(self) -> Basis:
        """What a review that is asked for now begins with."""
        return Basis(self.digest, self.sections)


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
    """Return the facts that these events make; None when there are none."""
    known = facts(incident_id, evidence(envelopes))
    if not known.events:
        return None
    said = sections(known)
    text = report(_untouched(known, said))
    resolved = _resolve(known.events) if known.status == "resolved" else None
    return Postmortem(
        postmortem_id=postmortem_id(incident_id),
        incident_id=incident_id,
        title=known.title,
        service=known.service,
        text=text,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        events=len(known.events),
        sections=said,
        known=known,
        metrics=known.metrics,
        resolved_at=resolved.time if resolved else None,
        is_over=known.status in {"resolved", "merged"},
        last_event_at=max(item.time for item in known.events),
    )


def _untouched(known: Facts, said: tuple[Section, ...]) -> Document:
    return Document(
        postmortem_id=postmortem_id(known.incident_id),
        incident_id=known.incident_id,
        title=known.title,
        service=known.service,
        events=len(known.events),
        sections=said,
    )


def document(
    found: Postmortem, review: Review, words: Mapping[str, Words], items: Sequence[ActionItem]
) -> Document:
    """Return the facts together with what people made of them."""
    return Document(
        postmortem_id=found.postmortem_id,
        incident_id=found.incident_id,
        title=found.title,
        service=found.service,
        status=review.status,
        digest=found.digest,
        events=found.events,
        review_requested_by=review.requested_by,
        review_requested_at=review.requested_at,
        sections=tuple(
            _written(section, words[section.key]) if section.key in words else section
            for section in found.sections
        ),
        action_items=tuple(item.item for item in items),
    )


def _written(section: Section, words: Words) -> Section:
    return section.model_copy(
        update={
            "words": words.text,
            "words_version": words.version,
            "edited_by": words.edited_by,
            "edited_at": words.edited_at,
        }
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
