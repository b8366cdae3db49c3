"""What a summary says: the most urgent first, a link to each, and nothing hidden."""

from dataclasses import replace
from datetime import timedelta

from notifier.domain import reply
from notifier.domain.incident import Incident
from notifier.domain.overdue import Part
from notifier.domain.rendering import render_summary
from tests.unit.notifier.making import SECRET, notification, page
from tocsin.channels import MessageDoc
from tocsin.testing import START

MINUTE = timedelta(minutes=1)
NOW = START + timedelta(hours=1)


def part(number: int, incident: Incident | None = None, **more: object) -> Part:
    at = START + number * MINUTE
    given = {"incident_id": f"inc-{number}", "number": number, "title": f"Queue {number}"}
    about = page(f"page-{number}", at, **(given | more))
    one = notification(
        f"n-{number}", page_id=f"page-{number}", incident_id=f"inc-{number}", due_since=at
    )
    return one.claim(NOW, summary="n-0.abc").notification, about, incident


def summary(*parts: Part, public_url: str = "https://t.example") -> MessageDoc:
    return render_summary(
        parts, public_url=public_url, token_of=lambda one: reply.link_token(SECRET, one)
    )


def test_the_text_of_a_summary() -> None:
    doc = summary(part(1), part(2, severity="warning", urgency="low"))
    one, two = (f"https://t.example/a/{reply.link_token(SECRET, f'page-{n}')}" for n in (1, 2))

    assert doc.text.splitlines() == [
        "2 incidents need you:",
        "late: the oldest of these pages was due at 09:01 UTC, 59 min ago",
        "#1 CRITICAL checkout: Queue 1, since 2026-01-05 09:01 UTC",
        one,
        "#2 WARNING checkout: Queue 2, since 2026-01-05 09:02 UTC",
        two,
    ]
    assert (doc.title, doc.purpose) == ("2 incidents need you", "page")
    assert (doc.late_seconds, doc.more, doc.alerts) == (59 * 60, 0, ())
    assert [(button.label, button.url) for button in doc.buttons] == [
        ("Acknowledge #1", one),
        ("Acknowledge #2", two),
    ]


def test_the_most_urgent_come_first_and_then_the_newest() -> None:
    doc = summary(
        part(1, severity="warning", urgency="low"),
        part(2, severity="error"),
        part(3, severity="critical"),
        part(4, severity="error"),
        part(5, severity="critical", urgency="low"),
    )

    assert [line.number for line in doc.incidents] == [3, 4, 2, 5, 1]
    assert (doc.incident_id, doc.severity, doc.urgency) == ("inc-3", "critical", "high")


def test_more_than_twenty_are_counted() -> None:
    doc = summary(*(part(number) for number in range(23)))

    assert [line.number for line in doc.incidents] == list(range(22, 2, -1))
    assert doc.more == 3
    assert doc.text.endswith("\nand 3 more")
    assert doc.title == "23 incidents need you"


def test_an_incident_is_told_as_it_stands() -> None:
    known = Incident("inc-1", version=2, number=1, title="Now it burns", severity="critical")
    doc = summary(part(1, known, severity="warning"), part(2))

    assert {line.title for line in doc.incidents} == {"Now it burns", "Queue 2"}


def test_two_pages_of_an_incident_are_one_line_with_the_link_of_the_later() -> None:
    one, about, _ = part(1)
    again = (
        replace(one, notification_id="n-9", page_id="page-9"),
        page("page-9", START + 50 * MINUTE, incident_id="inc-1", number=1, title="Queue 1"),
        None,
    )
    doc = summary((one, about, None), again, part(2))

    assert [line.number for line in doc.incidents] == [2, 1]
    assert doc.incidents[1].token == reply.link_token(SECRET, "page-9")


def test_a_repeat_says_so_and_hostile_words_are_visible() -> None:
    one, about, _ = part(1, title="\u202efdp.exe\x00")
    doc = summary((replace(one, repeat_possible=True), about, None), part(2))

    assert doc.repeat_possible
    assert "You may have had some of these before" in doc.text
    assert "\\u202efdp.exe\\x00" in doc.text


def test_without_an_address_of_ours_there_are_no_links() -> None:
    doc = summary(part(1), part(2), public_url="")

    assert doc.buttons == ()
    assert "://" not in doc.text
