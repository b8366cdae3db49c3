"""Why somebody was paged, or nobody: each decision about an incident, with what it rested on.

Every service says in its events what it decided, by which rule and which version of the catalog.
Nothing is judged anew here: the answer, and what would have altered it, is put together from what
was told.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from postmortem.domain import (
    saying_announcements,
    saying_incidents,
    saying_notifications,
    saying_pages,
)
from postmortem.domain.instead import of_code
from postmortem.domain.saying import Said, Story, say
from postmortem.domain.sentences import clock_time
from postmortem.domain.timeline import timeline
from tocsin.events import Envelope, Event
from tocsin.why import NOBODY, Decision

# Each teaches `say` the events of one service.
TAUGHT = (saying_incidents, saying_pages, saying_notifications, saying_announcements)


@dataclass(frozen=True, slots=True)
class Why:
    """The answer in a few sentences, and the decisions in order."""

    incident_id: str
    answer: tuple[str, ...]
    decisions: tuple[Decision, ...]


def why(incident_id: str, envelopes: Sequence[Envelope[Event]]) -> Why:
    """Return what was decided about an incident, in the order of its story."""
    events = {envelope.event_id: envelope for envelope in envelopes}
    story, decisions = Story(), []
    for entry in timeline(envelopes):
        envelope = events[entry.event_id]
        story.at = clock_time(envelope.time)
        decisions += [_decision(envelope, one) for one in say(envelope.data, story)]
    return Why(incident_id, _answer(story), tuple(decisions))


def _answer(story: Story) -> tuple[str, ...]:
    """Return who was paged and why; where nobody was, why not."""
    if story.paged:
        ended = (f"Nobody is paged now: {story.answered}.",) if story.answered else ()
        return (*story.paged, *ended)
    if because := story.nobody or story.answered:
        return (f"{NOBODY}: {because}.",)
    if story.started:
        return (f"{NOBODY} yet: escalation has the incident, its first page is to come.",)
    return (f"{NOBODY} yet: nothing was heard of escalation; see `tocsin status`.",)


def _decision(envelope: Envelope[Event], said: Said) -> Decision:
    code, sentence, rule, inputs = said
    return Decision(
        at=envelope.time,
        code=code,
        sentence=sentence,
        by=envelope.source,
        rule=rule,
        catalog_version=getattr(envelope.data, "catalog_version", None),
        inputs={name: value for name, value in inputs.items() if value not in (None, "", [])},
        event_id=envelope.event_id,
        instead=of_code(code, envelope.data, sentence),
    )
