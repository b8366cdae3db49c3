"""How far a postmortem has come, in a sentence."""

from postmortem.domain.document import Document
from postmortem.domain.sentences import clock_time

HOW = "Each statement names the events it rests on."


def standing(document: Document) -> str:
    """Return how far it has come, by whom and when, and what it was compiled from."""
    base = f"compiled from {document.events} events. {HOW}"
    if document.number and document.published_at:
        when = clock_time(document.published_at)
        return f"Version {document.number}, published by {document.published_by} at {when}; {base}"
    if document.status == "in-review" and document.review_requested_at:
        when = clock_time(document.review_requested_at)
        return f"In review since {when}, asked for by {document.review_requested_by}; {base}"
    return f"Draft, {base} What only people know is left for them to write."
