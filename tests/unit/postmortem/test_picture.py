"""The picture: the same bytes from the same events, bounded, inert, and told in words as well."""

import random
import re
import time
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings

from postmortem.domain.facts import facts
from postmortem.domain.picture import MOST_PEOPLE, Picture, Span, picture
from postmortem.domain.svg import drawing
from tests.unit.postmortem.stories import (
    BOB,
    INCIDENT,
    acknowledged,
    added,
    alert,
    alert_ended,
    at,
    envelope,
    logs,
    night,
    notification,
    reopened,
    resolved,
    triggered,
)
from tests.unit.postmortem.test_report import HOSTILE
from tocsin import events as e
from tocsin.events import Envelope, Event

SVG = "{http://www.w3.org/2000/svg}"
LARGEST = 300_000


def seen(events: list[Envelope[Event]]) -> Picture:
    return picture(facts(INCIDENT, events))


def drawn(events: list[Envelope[Event]]) -> str:
    return drawing(seen(events))


def test_a_night_is_seen_as_it_was() -> None:
    found = seen(night())
    assert (found.start, found.end) == (at(-30), at(1500))
    assert [lane.name for lane in found.lanes] == ["incident", "ada", "bob"]
    incident, ada, bob = found.lanes
    assert [mark.kind for mark in incident.marks] == ["answered", "resolved"]
    assert [mark.kind for mark in ada.marks] == ["reached"]
    assert ada.marks[0].text == "from 2026-03-03 02:14:01 UTC: 1 reached, 1 sent, 1 asked"
    assert [mark.kind for mark in bob.marks] == ["asked", "sent", "answered"]
    assert found.spans == (Span(0, 28, "triggered"), Span(28, 120, "acknowledged"))
    assert [(bar.fired, bar.ended) for bar in found.bars] == [(1, 0), (1, 0), (0, 1)]


def test_words_say_what_the_picture_shows() -> None:
    assert seen(night()).words == (
        "From 2026-03-03 02:13:30 UTC to 2026-03-03 02:39:00 UTC: 2 alerts, 1 ended;"
        " 2 notifications sent; acknowledged 1 time; status resolved."
        " The tables of the postmortem say the same."
    )
    root = ET.fromstring(drawn(night()))
    assert root.get("role") == "img"
    ids = str(root.get("aria-labelledby")).split()
    named = {one.get("id"): one for one in root if one.get("id")}
    assert [named[one].tag for one in ids] == [f"{SVG}title", f"{SVG}desc"]
    assert named[ids[0]].text == "Timeline of HighErrorRate"


def test_a_hundred_shuffles_draw_one_picture() -> None:
    events = night()
    expected = drawn(events)
    shuffler = random.Random(5)
    for _ in range(100):
        shuffler.shuffle(events)
        assert drawn([*events, events[0]]) == expected


@settings(max_examples=150, deadline=None)
@given(logs())
def test_any_log_is_drawn_within_its_frame(log: list[Envelope[Event]]) -> None:
    text = drawn([envelope("z", 0, triggered()), *log])
    root = ET.fromstring(text)
    wide, high = int(str(root.get("width"))), int(str(root.get("height")))
    for one in root.iter(f"{SVG}rect"):
        x, y = int(one.get("x", "0")), int(one.get("y", "0"))
        assert 0 <= x <= x + int(str(one.get("width"))) <= wide
        assert 0 <= y <= y + int(str(one.get("height"))) <= high
    assert "nan" not in text.lower()


def test_an_incident_of_no_length_has_a_picture() -> None:
    found = seen([envelope("a", 0, triggered(alert=alert())), envelope("b", 0, resolved(2))])
    assert (found.end - found.start).total_seconds() == 1
    assert {span.status for span in found.spans} == {"triggered", "resolved"}


def test_a_clock_that_runs_ahead_does_not_stretch_it() -> None:
    ahead = alert(started_at=at(86_000), received_at=at(0))
    found = seen([envelope("a", 0, triggered(alert=ahead)), envelope("b", 60, resolved(2))])
    assert (found.start, found.end) == (at(0), at(60))


def test_an_incident_that_is_open_again_is_triggered_to_the_end() -> None:
    found = seen(
        [*night(), envelope("e12", 1600, reopened(6)), envelope("e13", 2000, acknowledged(7))]
    )
    statuses = [span.status for span in found.spans]
    assert statuses == ["triggered", "acknowledged", "resolved", "triggered"]


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_stays_text(title: str) -> None:
    story = [
        envelope("a", 0, triggered(title=title, alert=alert(title=title))),
        envelope("b", 1, notification(e.NotificationSent, title)),
        envelope("c", 2, e.NoteAdded(incident_id=INCIDENT, version=2, by=BOB, text=title)),
        envelope("d", 3, resolved(3)),
    ]
    root = ET.fromstring(drawn(story))
    tags = {one.tag.removeprefix(SVG) for one in root.iter()}
    assert tags == {"svg", "title", "desc", "style", "rect", "path", "text"}
    names = {name for one in root.iter() for name in one.attrib}
    assert not {name for name in names if name.startswith("on") or "href" in name}


def storm(size: int) -> list[Envelope[Event]]:
    """A storm: thousands of alerts, notifications to a crowd, and notes."""
    events = [envelope("start", 0, triggered(alert=alert()))]
    for number in range(2, size):
        match number % 3:
            case 0:
                data: Event = added(number, alert(f"al-{number}", f"Alert {number} <b>"))
            case 1:
                data = alert_ended(number, alert_id=f"al-{number - 1}")
            case _:
                data = notification(
                    e.NotificationSent, f"person {number % 50}", notification_id=f"n{number}"
                )
        events.append(envelope(f"e{number:06d}", number / 2, data))
    return [*events, envelope("end", size, resolved(size + 1))]


def test_ten_thousand_events_are_drawn_small_and_soon() -> None:
    started = time.process_time()
    found = seen(storm(10_000))
    text = drawing(found)
    assert time.process_time() - started < 20
    assert len(text.encode()) < LARGEST
    assert len(found.lanes) == MOST_PEOPLE + 2
    assert found.lanes[-1].name == "38 more people"
    counted = sum(bar.fired + bar.ended for bar in found.bars)
    assert counted == 1 + sum(number % 3 != 2 for number in range(2, 10_000))
    many = re.findall(r"from [^:]+:\d\d:\d\d UTC: (\d+) sent", text)
    assert sum(map(int, many)) + text.count(" paged by ") == sum(
        number % 3 == 2 for number in range(2, 10_000)
    )
