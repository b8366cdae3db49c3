"""The draft: the same bytes from the same events, every statement with its evidence, inert."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from postmortem.domain.markdown import inline
from postmortem.domain.postmortem import compiled
from tests.unit.postmortem.stories import (
    BOB,
    INCIDENT,
    acknowledged,
    added,
    alert,
    alert_ended,
    envelope,
    logs,
    night,
    reopened,
    resolved,
    triggered,
)
from tocsin import events as e
from tocsin.events import Envelope, Event

HOSTILE = [
    "<script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "![pixel](https://evil.example/p.png)",
    "<img src=x onerror=alert(1)>",
    "a | b | c",
    "line\nbreak\r\n\r\n# Heading",
    "`code` **bold** _it_ ~~x~~",
    "[^1]: forged evidence",
    "https://evil.example www.evil.example",
    "<https://evil.example>",
    "&lt;b&gt; &#60;",
    "back\\slash \\| \\",
    "\u202egnp.exe\u202c \u200b\x00\x1b[31m",
    "| --- |\n| x |",
    "$x$ @everyone {{template}}",
]


def report(incident_id: str, events: list[Envelope[Event]]) -> str:
    found = compiled(incident_id, events)
    return found.text if found else ""


def test_a_hundred_shuffles_give_one_text() -> None:
    events = night()
    expected = report(INCIDENT, events)
    shuffler = random.Random(3)
    for _ in range(100):
        shuffler.shuffle(events)
        assert report(INCIDENT, [*events, events[0]]) == expected


@settings(max_examples=200, deadline=None)
@given(logs(), st.data())
def test_any_log_gives_the_same_bytes_in_any_order_and_with_any_repeats(
    log: list[Envelope[Event]], data: st.DataObject
) -> None:
    repeats = data.draw(st.lists(st.sampled_from(log), max_size=5)) if log else []
    shuffled = data.draw(st.permutations([*log, *repeats]))
    assert report(INCIDENT, shuffled).encode() == report(INCIDENT, log).encode()


def test_it_says_what_happened() -> None:
    text = report(INCIDENT, night())
    assert "# Postmortem: HighErrorRate[^1]" in text
    assert "- Incident: number 7, id inc-1[^1]" in text
    assert "- Status: resolved[^" in text
    assert "| time to acknowledge | 5 min 21 s | [^" in text
    assert "| ada | email | 1 | 1 | 0 | 2026-03-03 02:14:02 UTC | [^" in text
    assert "| bob | email | 1 | 0 | 0 | 2026-03-03 02:19:02 UTC | [^" in text
    assert "expired 2026-03-03 02:24:00 UTC" in text
    assert "no end recorded" in text
    assert "11 events in the log, 11 accounted for in 11 rows." in text
    assert "## What surprised us" in text


def test_every_statement_names_its_events_and_every_event_is_named() -> None:
    text = report(INCIDENT, night())
    body, _, notes = text.partition("## Evidence")
    defined = dict(re.findall(r"^\[\^(\d+)\]: (.+)$", notes, re.MULTILINE))
    assert set(re.findall(r"\[\^(\d+)\]", body)) == set(defined)
    named = {event_id for line in defined.values() for event_id in re.findall(r"`([^`]+)`", line)}
    assert named == {envelope.event_id for envelope in night()}
    facts = [
        line for line in body.splitlines() if re.match(r"\| (~?2026|ada|bob|alert [A-Z])", line)
    ]
    assert len(facts) == 11 + 2 + 2
    assert all("[^" in line for line in facts)


def test_an_incident_that_is_open_again_says_so() -> None:
    events = [*night(), envelope("e12", 1600, reopened(6))]
    assert "- Status: triggered[^" in report(INCIDENT, events)


def test_events_without_the_one_that_opened_it_still_make_a_draft() -> None:
    text = report(INCIDENT, [envelope("a", 5, acknowledged(2))])
    assert "# Postmortem: Incident inc-1" in text
    assert "acknowledged by bob" in text


def rendered(markdown: str) -> str:
    html: str = MarkdownIt("commonmark").enable("table").enable("strikethrough").render(markdown)
    return html


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_stays_text(title: str) -> None:
    events = [
        envelope("a", 0, triggered(title=title, service=title, alert=alert(title=title))),
        envelope("b", 1, e.NoteAdded(incident_id=INCIDENT, version=2, by=BOB, text=title)),
        envelope("c", 2, resolved(3)),
    ]
    text = report(INCIDENT, events)
    tame = report(
        INCIDENT,
        [
            envelope("a", 0, triggered(title="x", service="x", alert=alert(title="x"))),
            envelope("b", 1, e.NoteAdded(incident_id=INCIDENT, version=2, by=BOB, text="x")),
            envelope("c", 2, resolved(3)),
        ],
    )
    html = rendered(text)
    assert re.findall(r"<[a-z/][^>]*>", html) == re.findall(r"<[a-z/][^>]*>", rendered(tame))
    assert text.count("\n") == tame.count("\n")
    assert not set("\x00\x1b\u202e\u200b") & set(text)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80))
def test_no_text_makes_markup(text: str) -> None:
    html = rendered(f"# x {inline(text)} y")
    assert re.findall(r"<[^>]*>", html) == ["<h1>", "</h1>"]
    (cell,) = re.findall(r"<td>", rendered(f"| a |\n|---|\n| x {inline(text)} y |"))
    assert cell == "<td>"


def test_a_very_long_title_is_cut_and_says_so() -> None:
    assert inline("x" * 5000) == "x" * 499 + "…"


def test_a_storm_fits_in_few_rows_and_loses_no_event() -> None:
    events = [envelope("start", 0, triggered(alert=alert()))]
    for number in range(2, 5000):
        data = (
            added(number, alert(f"al-{number % 180}", f"Alert {number % 180}"))
            if number % 3
            else alert_ended(number, alert_id=f"al-{number % 180}")
        )
        events.append(envelope(f"e{number:05d}", number / 2, data))
    events.append(envelope("end", 4000, resolved(5000)))
    text = report(INCIDENT, events)
    found = re.search(r"(\d+) events in the log, (\d+) accounted for in (\d+) rows", text)
    assert found
    total, accounted, rows = map(int, found.groups())
    assert (total, accounted) == (5000, 5000)
    assert rows <= 100
    for envelope_ in events:
        assert f"`{envelope_.event_id}`" in text
