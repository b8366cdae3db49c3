"""The exports: one file that loads and runs nothing, readable by ear, and the same as JSON."""

import re
import time
import tracemalloc
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from postmortem.domain.action_item import ActionItem, Promise
from postmortem.domain.document import Document
from postmortem.domain.facts import facts
from postmortem.domain.html import POLICY, page
from postmortem.domain.markdown import prose
from postmortem.domain.picture import picture
from postmortem.domain.postmortem import compiled, document
from postmortem.domain.report import report
from postmortem.domain.review import Review
from postmortem.domain.svg import drawing
from postmortem.domain.words import Words
from tests.unit.postmortem.stories import (
    ADA,
    BOB,
    INCIDENT,
    alert,
    at,
    envelope,
    night,
    resolved,
    triggered,
)
from tests.unit.postmortem.test_picture import storm
from tests.unit.postmortem.test_report import HOSTILE
from tocsin import events as e
from tocsin.events import Envelope, Event

GOLDEN = Path(__file__).parent / "golden"


def written(events: list[Envelope[Event]], words: str, title: str = "Mend it") -> Document:
    """Return a document with people's part, and its picture."""
    found = compiled(INCIDENT, events)
    assert found
    promise = Promise(title, title, at(0).date())
    item = ActionItem("act-1", found.postmortem_id, INCIDENT, promise, 1, BOB, at(0), BOB, at(0))
    said = {"impact": Words("impact", words, 1, ADA, at(5))} if words else {}
    review = Review(found.postmortem_id, INCIDENT, "in-review", 2, BOB, at(2000), found.basis)
    made = document(found, review, said, [item])
    return made.model_copy(update={"picture": drawing(picture(facts(INCIDENT, events)))})


class Tags(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(attrs)))
        if tag not in {"meta", "br", "rect", "path"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"rect", "path"} or (self.open and self.open[-1] == tag):
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize("kind", ["md", "html", "svg", "json"])
def test_a_night_gives_the_bytes_it_always_gave(kind: str) -> None:
    made = written(night(), "Checkout was slow:\n- for 25 minutes\n- for everybody")
    text = {
        "md": report(made),
        "html": page(made),
        "svg": made.picture,
        "json": made.model_dump_json(indent=2) + "\n",
    }[kind]
    assert text == (GOLDEN / f"night.{kind}").read_text(encoding="utf-8")


def test_a_page_loads_and_runs_nothing_and_is_whole() -> None:
    tags = Tags(page(written(night(), "Slow.")))
    assert tags.open == []
    names = {tag for tag, _ in tags.found}
    assert not names & {"script", "img", "link", "iframe", "object", "form", "input", "base"}
    styles = re.findall(r"<style>(.*?)</style>", page(written(night(), "Slow.")), re.DOTALL)
    assert len(styles) == 2
    for style in styles:
        assert "url(" not in style
        assert "@import" not in style
    assert POLICY.startswith("default-src 'none'")


def test_a_page_can_be_read_by_ear_and_keyboard() -> None:
    text = page(written(night(), "Slow."))
    tags = Tags(text)
    attributes = [(tag, dict(attrs)) for tag, attrs in tags.found]
    assert attributes[0] == ("html", {"lang": "en"})
    assert [tag for tag, _ in attributes if tag in {"h1", "main"}] == ["main", "h1"]
    assert all(one.get("scope") == "col" for tag, one in attributes if tag == "th")
    scrolled = [one for tag, one in attributes if tag == "figure" or one.get("class") == "wide"]
    assert scrolled
    assert all(one.get("tabindex") == "0" for one in scrolled)
    targets = {one["id"] for _, one in attributes if "id" in one}
    links = {str(one["href"]) for tag, one in attributes if tag == "a"}
    assert links
    assert {link.removeprefix("#") for link in links} <= targets


def test_the_page_says_what_the_markdown_says() -> None:
    made = written(night(), "Slow.")
    words = Tags(page(made)).words
    for section in made.sections:
        assert section.heading in words or section.key == "about"
    assert "11 events in the log, 11 accounted for in 11 rows." in words
    assert "In review since 2026-03-03 02:47:20 UTC, asked for by bob" in words


def hostile(title: str) -> Document:
    events = [
        envelope("a", 0, triggered(title=title, service=title, alert=alert(title=title))),
        envelope("b", 1, e.NoteAdded(incident_id=INCIDENT, version=2, by=BOB, text=title)),
        envelope("c", 2, resolved(3)),
    ]
    return written(events, " ".join(title.split()).replace("\x00", "").replace("\x1b", ""), title)


@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_words_make_no_markup_in_any_format(title: str) -> None:
    made, tame = hostile(title), hostile("x")
    assert Tags(page(made)).found == Tags(page(tame)).found
    assert not set("\x00\x1b\u202e\u200b") & set(page(made))
    both = [MarkdownIt("commonmark").enable("table").render(report(one)) for one in (made, tame)]
    ours, expected = (re.findall(r"<[a-z/][^>]*>", html) for html in both)
    assert ours == expected


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=120))
def test_no_words_make_more_than_paragraphs_and_lists(text: str) -> None:
    lines = "\n".join(prose(text)) if text.split() else ""
    html = MarkdownIt("commonmark").enable("table").enable("strikethrough").render(lines)
    allowed = {"<p>", "</p>", "<br />", "<ul>", "</ul>", "<li>", "</li>"}
    assert set(re.findall(r"<[^>]*>", html)) <= allowed


@pytest.mark.parametrize(
    "line",
    [
        "1. one",
        "12) twelve",
        "+ plus",
        "--- ",
        "===",
        "# head",
        "> quote",
        "    code",
        "~~~",
        "***",
    ],
)
def test_what_starts_a_block_elsewhere_starts_none_here(line: str) -> None:
    html = MarkdownIt("commonmark").render("\n".join(prose(f"before\n{line}\nafter")))
    assert set(re.findall(r"<[^>]*>", html)) == {"<p>", "</p>", "<br />"}
    assert line.strip() in re.sub(r"&gt;", ">", html)


def test_json_gives_the_document_again() -> None:
    made = written(night(), "Slow.")
    assert Document.model_validate_json(made.model_dump_json()) == made


def test_a_storm_is_exported_in_bounds() -> None:
    events = storm(10_000)
    tracemalloc.start()
    started = time.process_time()
    made = written(events, "A storm.")
    sizes = [len(text.encode()) for text in (page(made), report(made), made.model_dump_json())]
    assert time.process_time() - started < 60
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 300 * 1024 * 1024
    assert max(sizes) < 3 * 1024 * 1024
    text = report(made)
    assert "10000 events in the log, 10000 accounted for" in text
    assert {item.event_id for item in events} <= set(re.findall(r"`([^`]+)`", text))
