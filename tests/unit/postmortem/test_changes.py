"""What late facts changed: the events that came, and the lines that say something else now."""

from hypothesis import given, settings

from postmortem.domain.changes import MOST, changes
from postmortem.domain.postmortem import Postmortem, compiled
from tests.unit.postmortem.stories import (
    BOB,
    INCIDENT,
    at,
    envelope,
    logs,
    night,
    notification,
)
from tocsin import events as e
from tocsin.events import Envelope, Event


def made(events: list[Envelope[Event]]) -> Postmortem:
    found = compiled(INCIDENT, events)
    assert found
    return found


def test_the_same_facts_change_nothing() -> None:
    facts = made(night())
    assert not changes(facts.sections, facts.sections, facts.story)


def test_a_late_event_is_named_and_so_is_every_line_it_changes() -> None:
    before = made(night())
    late = envelope("e12", 330, notification(e.NotificationDelivered, "bob"), cause="e07")
    after = made([*night(), late])
    found = changes(before.sections, after.sections, after.story)
    assert [(one.event_id, one.at, one.text) for one in found.events] == [
        ("e12", at(330), "page reached bob by email")
    ]
    said = {(one.section, one.before, one.after) for one in found.facts}
    was = "bob · email · 1 · 0 · 0 · 2026-03-03 02:19:02 UTC"
    now = "bob · email · 1 · 1 · 0 · 2026-03-03 02:19:02 UTC"
    assert ("paged", was, now) in said
    added = ("timeline", None, "2026-03-03 02:19:30 UTC · page reached bob by email")
    assert added in said
    assert {one[0] for one in said} == {"paged", "timeline", "evidence"}


def test_what_is_gone_is_told_as_gone() -> None:
    late = envelope("e12", 330, notification(e.NotificationDelivered, "bob"), cause="e07")
    before, after = made([*night(), late]), made(night())
    found = changes(before.sections, after.sections, after.story)
    assert found.events == ()
    gone = [one for one in found.facts if one.after is None]
    assert "2026-03-03 02:19:30 UTC · page reached bob by email" in {one.before for one in gone}


def test_a_flood_of_late_facts_is_counted_beyond_what_is_listed() -> None:
    notes = [
        envelope(
            f"n{number:04d}",
            number,
            e.NoteAdded(incident_id=INCIDENT, version=number + 9, by=BOB, text=f"{number}"),
        )
        for number in range(500)
    ]
    before, after = made(night()), made([*night(), *notes])
    found = changes(before.sections, after.sections, after.story)
    assert (len(found.events), len(found.facts)) == (MOST, MOST)
    assert found.more >= 2 * (500 - MOST)


@settings(max_examples=100, deadline=None)
@given(logs())
def test_every_event_that_came_is_told(log: list[Envelope[Event]]) -> None:
    before, after = made(night()), made([*night(), *log])
    found = changes(before.sections, after.sections, after.story)
    late = {item.event_id for item in log} - {item.event_id for item in night()}
    assert {one.event_id for one in found.events} == late
