"""A long timeline in few rows: bursts become one row each, and no entry goes unaccounted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from postmortem.domain.timeline import TimelineEntry

READABLE = 100  # Up to so many entries a reader gets every one of them.
SILENCE = timedelta(minutes=5)
LONGEST_BURST = timedelta(minutes=10)
WORTH_FOLDING = 3
# What failed, and what a person did or has to know, is never folded.
FOLDS = {
    "alert-added": "alerts",
    "alert-resolved": "alerts",
    "page-requested": "pages",
    "page-withdrawn": "pages",
    "announcement-requested": "pages",
    "notification-sent": "notifications",
    "notification-delivered": "notifications",
    "notification-withdrawn": "notifications",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the report: one entry, or a burst of them."""

    at: datetime
    text: str
    entries: tuple[TimelineEntry, ...]


def rows(entries: Sequence[TimelineEntry]) -> tuple[Row, ...]:
    """Return the rows for these entries: each entry is in exactly one of them."""
    if len(entries) <= READABLE:
        return tuple(_row([entry]) for entry in entries)
    found = [_row([entry]) for entry in entries if entry.kind not in FOLDS]
    for subject in dict.fromkeys(FOLDS.values()):
        for burst in _bursts([entry for entry in entries if FOLDS.get(entry.kind) == subject]):
            found += [_row(burst)] if len(burst) > WORTH_FOLDING else [_row([one]) for one in burst]
    place = {entry.event_id: position for position, entry in enumerate(entries)}
    return tuple(sorted(found, key=lambda row: place[row.entries[0].event_id]))


def _bursts(entries: Sequence[TimelineEntry]) -> list[list[TimelineEntry]]:
    bursts: list[list[TimelineEntry]] = []
    for entry in entries:
        burst = bursts[-1] if bursts else []
        if not burst or _ends(burst, entry.at):
            bursts.append([entry])
        else:
            burst.append(entry)
    return bursts


def _ends(burst: Sequence[TimelineEntry], at: datetime) -> bool:
    return at - burst[-1].at >= SILENCE or at - burst[0].at >= LONGEST_BURST


def _row(entries: Sequence[TimelineEntry]) -> Row:
    first = entries[0]
    if len(entries) == 1:
        return Row(first.at, first.text, tuple(entries))
    counts = Counter(entry.kind.replace("-", " ") for entry in entries)
    parts = ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))
    until = entries[-1].at.strftime("%H:%M:%S")
    return Row(first.at, f"{len(entries)} events until {until}: {parts}", tuple(entries))
