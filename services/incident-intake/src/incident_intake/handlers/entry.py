"""What one request brings, as it goes to either place."""

from collections.abc import Sequence
from dataclasses import dataclass

from tocsin.events import Envelope, Event, encode
from tocsin.outgoing import Outgoing

Envelopes = Sequence[Envelope[Event]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One request's events, and the same as they go to Kafka."""

    envelopes: Envelopes
    outgoing: Sequence[Outgoing]


def entry_of(envelopes: Envelopes) -> Entry:
    """Return these events, encoded once."""
    outgoing = [
        Outgoing(each.data.TOPIC, each.data.key.encode(), encode(each), each.traceparent)
        for each in envelopes
    ]
    return Entry(envelopes, outgoing)
