"""The timeline as a section: few rows for a long story, and every event in exactly one of them."""

from postmortem.domain.collapse import Row as Burst
from postmortem.domain.collapse import rows
from postmortem.domain.document import Block, Grid, Paragraph, Row, Said
from postmortem.domain.facts import Facts
from postmortem.domain.sentences import clock_time


def timeline_facts(known: Facts) -> tuple[Block, ...]:
    """Return the rows, and the count that proves that none is left out."""
    entries = known.story
    shown = rows(entries)
    accounted = sum(len(row.entries) for row in shown)
    count = (
        f"{len(entries)} events in the log, {accounted} accounted for in {len(shown)} rows."
        " A time with ~ was moved behind its cause."
    )
    body = tuple(
        Row(
            cells=(_time(row), _what(row)),
            rests_on=tuple(entry.event_id for entry in row.entries),
        )
        for row in shown
    )
    return (
        Grid(head=("time", "what happened"), rows=body),
        Paragraph(said=(Said(text=count),)),
    )


def _time(row: Burst) -> str:
    return f"{'~' if row.entries[0].moved else ''}{clock_time(row.at)}"


def _what(row: Burst) -> str:
    note = row.entries[0].clock_note if len(row.entries) == 1 else ""
    return row.text + (f" ({note})" if note else "")
