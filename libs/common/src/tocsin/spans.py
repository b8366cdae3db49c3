"""Spans of time."""

from collections.abc import Iterable
from datetime import datetime

Span = tuple[datetime, datetime]  # From an instant until another, which is no longer part of it.


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the same time in spans that do not touch each other, in order."""
    found: list[Span] = []
    for begins, until in sorted(spans):
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(until, found[-1][1]))
        else:
            found.append((begins, until))
    return tuple(found)
