"""Why somebody was paged, or nobody: each decision about an incident, with what it rested on.

Every service says in its events what it decided, by which rule and which version of the catalog.
Nothing is judged anew here: the answer, and what would have altered it, is put together from what
was told.
"""

from collections.abc import Iterable, Iterator, Sequence
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
# The decisions that page a person.
PAGES = frozenset({"paged", "last-resort"})
# The inputs that name people: whom it is about, and who did it.
ABOUT = ("responder", "not_paged", "to", "last_resort")
BY = ("by", "opened_by")


@dataclass(frozen=True, slots=True)
class Why:
    """The answer in a few sentences, and the decisions in order."""

    incident_id: str
    answer: tuple[str, ...]
    decisions: tuple[Decision, ...]

    @property
    def people(self) -> frozenset[str]:
        """Whom its decisions are about."""
        return frozenset(name for one in self.decisions for name in _named(one, ABOUT))

    def about(self, person: str) -> "Why":
        """Return what of it concerns one person: their pages, what came of them, what they did."""
        theirs = tuple(one for one in self.decisions if person in _named(one, (*ABOUT, *BY)))
        paged = tuple(one.sentence for one in theirs if one.code in PAGES)
        pages = {one.sentence for one in self.decisions if one.code in PAGES}
        rest = tuple(one for one in self.answer if one not in pages)
        none = f"No page to {person} is recorded for this incident."
        return Why(self.incident_id, (*(paged or (none,)), *rest), theirs)


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


def _named(decision: Decision, keys: Iterable[str]) -> Iterator[str]:
    """Yield the people whom these inputs of a decision name; a team is no person."""
    for key in keys:
        found = decision.inputs.get(key, [])
        for one in found if isinstance(found, list) else [found]:
            name = str(one).removeprefix("user:")
            if not name.startswith("team:"):
                yield name
