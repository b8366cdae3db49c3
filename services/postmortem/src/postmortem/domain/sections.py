"""The sections of a postmortem: which there are, and the facts that events put in each.

What can be counted is compiled, and each line names the events it rests on. What only people know
is a prompt, and never invented. The same events give the same sections, in any order.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from postmortem.domain.alerting import alert_facts, detection_facts, impact_facts
from postmortem.domain.document import Block, Grid, Paragraph, Point, Points, Row, Said, Section
from postmortem.domain.facts import Facts
from postmortem.domain.metrics import moments, spoken, when
from postmortem.domain.response import (
    pager_facts,
    people_facts,
    recovery_facts,
    responder_facts,
)
from postmortem.domain.story import timeline_facts
from postmortem.domain.summary import summary_facts


@dataclass(frozen=True, slots=True)
class Spec:
    """A section as it is in every postmortem: with a `prompt` people write in it."""

    key: str
    heading: str
    prompt: str = ""
    facts: Callable[[Facts], tuple[Block, ...]] = lambda _known: ()


def _about(known: Facts) -> tuple[Block, ...]:
    opened = known.triggered
    cite = (opened.event_id,) if opened else ()
    number = f"number {opened.data.number}, " if opened else ""
    points = (
        Point(label="Incident", said=Said(text=f"{number}id {known.incident_id}", rests_on=cite)),
        Point(label="Service", said=Said(text=known.service or "unknown", rests_on=cite)),
        Point(
            label="Severity",
            said=Said(
                text=" → ".join(known.severities) or "unknown", rests_on=known.severities_rest_on
            ),
        ),
        Point(label="Status", said=Said(text=known.status, rests_on=known.status_rests_on)),
    )
    return (Points(points=points),)


def _times(known: Facts) -> tuple[Block, ...]:
    points = tuple(
        Row(cells=(name, when(moment.at)), rests_on=moment.rests_on)
        for name, moment in moments(known.events)
    )
    durations = tuple(
        Row(
            cells=(metric.name, "unknown" if metric.value is None else spoken(metric.value)),
            rests_on=metric.rests_on,
        )
        for metric in known.metrics
    )
    return (
        Grid(head=("moment", "time"), rows=points),
        Grid(head=("measure", "value"), rows=durations),
    )


def _evidence(known: Facts) -> tuple[Block, ...]:
    ids = "".join(f"{event_id}\n" for event_id in sorted(item.event_id for item in known.events))
    digest = hashlib.sha256(ids.encode()).hexdigest()
    text = f"{len(known.events)} events. SHA-256 of their ids, sorted, one a line: {digest}."
    return (Paragraph(said=(Said(text=text),)),)


SECTIONS = (
    Spec("about", "About", facts=_about),
    Spec(
        "summary",
        "Summary",
        "In three sentences: what happened, for how long, and who was hit?",
        summary_facts,
    ),
    Spec("times", "Times", facts=_times),
    Spec(
        "impact",
        "Impact",
        "Who was hit, how, and from when to when? It may have begun before the first alert.",
        impact_facts,
    ),
    Spec(
        "detection",
        "Detection",
        "How was it noticed? What would have told us in half the time?",
        detection_facts,
    ),
    Spec(
        "contributing-factors",
        "Contributing factors",
        "What had to come together? Conditions, not people.",
    ),
    Spec("paged", "Who was paged", facts=people_facts),
    Spec(
        "response",
        "Who responded",
        "How was it worked on? What helped to understand it?",
        responder_facts,
    ),
    Spec("alerts", "Alerts", facts=alert_facts),
    Spec("timeline", "Timeline", facts=timeline_facts),
    Spec(
        "recovery",
        "Recovery",
        "What ended the impact? Is the fix lasting, or for now?",
        recovery_facts,
    ),
    Spec("went-well", "What went well", "What helped, and would help again?"),
    Spec("went-badly", "What did not go well", "What made it longer or harder?"),
    Spec("luck", "Where we got lucky", "What could have made it much worse?"),
    Spec(
        "surprises",
        "What surprised us",
        "What did we believe that was not so? Which questions are open?",
    ),
    Spec(
        "action-items",
        "Action items",
        "Each with an owner, a date, and how we will know that it is done.",
    ),
    Spec("not-done", "Decided not to do", "What do we leave as it is, and why?"),
    Spec("pager", "How the pager did", facts=pager_facts),
    Spec("communications", "Communications", "Who was told what, and when?"),
    Spec("evidence", "Evidence", facts=_evidence),
)
WRITTEN = tuple(spec.key for spec in SECTIONS if spec.prompt)


def sections(known: Facts) -> tuple[Section, ...]:
    """Return every section with its facts, in reading order."""
    return tuple(
        Section(key=spec.key, heading=spec.heading, prompt=spec.prompt, facts=spec.facts(known))
        for spec in SECTIONS
    )
