"""What a summary can say from facts alone."""

from collections.abc import Iterator

from postmortem.domain.document import Block, Paragraph, Said
from postmortem.domain.facts import Facts, paged
from postmortem.domain.metrics import spoken
from postmortem.domain.sentences import clock_time

TOLD_FIRST = frozenset({"time to acknowledge", "time to resolve"})


def summary_facts(known: Facts) -> tuple[Block, ...]:
    """Return what was opened, who was paged, and how long it took."""
    said = tuple(_said(known))
    nothing = Said(text="Nothing but its events is known yet.")
    return (Paragraph(said=said or (nothing,)),)


def _said(known: Facts) -> Iterator[Said]:
    if opened := known.triggered:
        text = (
            f"The incident was opened on {opened.data.service} at {clock_time(opened.time)}"
            f" by {opened.data.source}."
        )
        yield Said(text=text, rests_on=(opened.event_id,))
    reached = [person for person in paged(known.events) if person.notifications]
    if reached:
        yield Said(
            text=f"Paged: {', '.join(person.responder for person in reached)}.",
            rests_on=tuple(event_id for person in reached for event_id in person.rests_on),
        )
    for metric in known.metrics:
        if metric.value is not None and metric.name in TOLD_FIRST:
            text = f"{metric.name.capitalize()}: {spoken(metric.value)}."
            yield Said(text=text, rests_on=metric.rests_on)
