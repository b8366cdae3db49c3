"""Channels and webhooks that a level told, in plain sentences: beside people, who are paged."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from tocsin.durations import spoken
from tocsin.events import (
    AnnouncementAttempted,
    AnnouncementRequested,
    AnnouncementWithdrawn,
    Event,
)


def requested(event: AnnouncementRequested) -> str:
    """Return what is to be told."""
    return f"{event.target} to be told (level {event.level} of {event.policy})"


def attempted(event: AnnouncementAttempted) -> str:
    """Return what became of an attempt."""
    match event.outcome:
        case "sent" | "delivered":
            return f"{event.target} told by {event.channel}{late(event)}"
        case "failed" if event.retry_at is None:
            return f"{event.target} not told, and given up: {event.reason}"
        case "failed":
            return f"telling {event.target} by {event.channel} failed: {event.reason}"
        case "uncertain":
            return f"unknown whether {event.target} was told by {event.channel}: {event.reason}"


def withdrawn(event: AnnouncementWithdrawn) -> str:
    """Return what was not told after all."""
    return f"telling {event.target} by {event.channel} withdrawn: {event.reason}"


def late(event: AnnouncementAttempted) -> str:
    """Return how late it was, as the end of a sentence."""
    length = timedelta(seconds=event.late_seconds)
    return f", {spoken(length)} late" if event.late_seconds else ""


# Each takes its own type alone: what the keys say, a type of the mapping cannot.
SENTENCES: Mapping[type[Event], Callable[[Any], str]] = {
    AnnouncementRequested: requested,
    AnnouncementAttempted: attempted,
    AnnouncementWithdrawn: withdrawn,
}
