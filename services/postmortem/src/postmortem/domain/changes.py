"""What late facts changed since people looked: which events came, and which lines they changed."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from postmortem.domain.document import Part, Section, lines, rests_on
from postmortem.domain.timeline import TimelineEntry

MOST = 200


class LateEvent(Part):
    """An event that was not known then."""

    event_id: str
    at: datetime
    text: str


class Change(Part):
    """A line of a section as it was and as it is; None where there was, or is, none."""

    section: str
    before: str | None
    after: str | None


class Changes(Part):
    """What changed. `more` counts what is beyond those listed."""

    events: tuple[LateEvent, ...] = ()
    facts: tuple[Change, ...] = ()
    more: int = 0

    def __bool__(self) -> bool:
        """Return whether anything changed."""
        return bool(self.events or self.facts)


def changes(
    before: tuple[Section, ...], now: tuple[Section, ...], story: tuple[TimelineEntry, ...]
) -> Changes:
    """Return what the facts `now` say that those `before` did not, and the other way round."""
    known = rests_on(before)
    events = [
        LateEvent(event_id=entry.event_id, at=entry.at, text=entry.text)
        for entry in story
        if entry.event_id not in known
    ]
    old = {section.key: section for section in before}
    facts = [
        change for section in now for change in _changes(section.key, old.get(section.key), section)
    ]
    more = max(len(events) - MOST, 0) + max(len(facts) - MOST, 0)
    return Changes(events=tuple(events[:MOST]), facts=tuple(facts[:MOST]), more=more)


def _changes(key: str, before: Section | None, now: Section) -> Iterator[Change]:
    old, new = Counter(_said(before)), Counter(_said(now))
    gone, come = list((old - new).elements()), list((new - old).elements())
    for line in gone:
        # The first cell names a line: the same name is the same line, changed.
        heir = next((one for one in come if one[0] == line[0]), None)
        if heir is not None:
            come.remove(heir)
        yield Change(section=key, before=_text(line), after=_text(heir) if heir else None)
    for line in come:
        yield Change(section=key, before=None, after=_text(line))


def _said(section: Section | None) -> Iterator[tuple[str, ...]]:
    for block in section.facts if section else ():
        for line in lines(block):
            yield line.cells


def _text(cells: tuple[str, ...]) -> str:
    return " · ".join(cells)
