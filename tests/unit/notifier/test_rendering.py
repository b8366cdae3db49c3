"""What a message says, and that nothing in it is invisible."""

from dataclasses import replace

import pytest

from notifier.domain.incident import Incident
from notifier.domain.rendering import render
from notifier.domain.visible import shortened, visible
from tests.unit.notifier.making import notification, page
from tocsin.events import AlertSummary, Link

CRITICAL = AlertSummary(
    alert_id="a", dedup_key="d", title="Disk full", severity="critical", source="generic"
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("zwölf Käse 日本", "zwölf Käse 日本"),
        ("\u202ecod.exe", "\\u202ecod.exe"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\ufefftext", "\\ufefftext"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\r\nBcc: eve", "a\\x0d Bcc: eve"),
        ("nul\x00", "nul\\x00"),
        ("line\u2028break", "line\\u2028break"),
        ("\x85next", "\\x85next"),
        ("\U000e0041tag", "\\U000e0041tag"),
        ("tab\there", "tab here"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_lines_stay_where_they_are_wanted() -> None:
    assert visible("one\n\ttwo\x07", lines=True) == "one\n\ttwo\\x07"


def test_a_long_text_says_that_there_was_more() -> None:
    assert shortened("abcdef", 4) == "abc…"
    assert shortened("abcd", 4) == "abcd"


def test_the_text_of_a_page() -> None:
    doc = render(notification(), page(), None, public_url="https://t.example", token="T" * 22)

    assert doc.text.splitlines() == [
        "#7 CRITICAL checkout: Checkout is slow",
        "- p99 over 2 s",
        "Why you: policy payments > level 1 > user ada",
        "https://t.example/a/" + "T" * 22,
    ]
    assert doc.url == "https://t.example/a/" + "T" * 22
    assert [(one.action, one.url) for one in doc.buttons] == [
        ("acknowledge", "https://t.example/a/" + "T" * 22)
    ]


def test_who_is_asked_for_by_name_stands_on_no_level() -> None:
    why = ("asked for by ada: it lags", "user bob")
    facts = {
        named: {
            one.name for one in render(notification(), page(named=named, reason=why), None).facts
        }
        for named in (False, True)
    }
    assert facts[False] - facts[True] == {"Level"}
    doc = render(notification(), page(named=True, reason=why), None)
    assert "Why you: asked for by ada: it lags > user bob" in doc.text


@pytest.mark.parametrize(
    ("public_url", "token"), [("", "T" * 22), ("https://t.example", ""), ("", "")]
)
def test_without_a_page_to_lead_to_there_is_no_link(public_url: str, token: str) -> None:
    doc = render(notification(), page(), None, public_url=public_url, token=token)

    assert doc.buttons == ()
    assert doc.url == ""
    assert "://" not in doc.text


def test_an_only_alert_that_is_called_like_the_incident_is_not_named_twice() -> None:
    same = replace_title(CRITICAL, "Checkout is slow")
    doc = render(notification(), page(alerts=(same,)), None)

    assert doc.text.splitlines() == [
        "#7 CRITICAL checkout: Checkout is slow",
        "Why you: policy payments > level 1 > user ada",
    ]
    assert [alert.title for alert in doc.alerts] == ["Checkout is slow"]


@pytest.mark.parametrize(
    ("titles", "more", "named"),
    [
        (["Checkout is slow"], 1, ["- Checkout is slow", "and 1 more"]),
        (["Checkout is slow"] * 2, 0, ["- Checkout is slow"] * 2),
        (["Disk full"], 0, ["- Disk full"]),
    ],
)
def test_alerts_that_say_more_are_named(titles: list[str], more: int, named: list[str]) -> None:
    alerts = tuple(replace_title(CRITICAL, title) for title in titles)
    doc = render(notification(), page(alerts=alerts, more=more), None)

    assert doc.text.splitlines()[1:-1] == named


def test_a_repeat_says_so() -> None:
    doc = render(notification(repeat_possible=True), page(), None)

    assert doc.repeat_possible
    assert "You may have had this message before" in doc.text


def test_the_incident_as_it_stands_now_is_told() -> None:
    now = Incident(
        "inc-1",
        version=5,
        number=7,
        title="Checkout is down",
        service="checkout",
        severity="critical",
        alerts=(CRITICAL,),
        more=3,
    )
    doc = render(notification(), page(incident_version=2), now)

    assert doc.title == "Checkout is down"
    assert [alert.title for alert in doc.alerts] == ["Disk full"]
    assert doc.more == 3


def test_a_page_that_knows_more_than_we_do_wins() -> None:
    behind = Incident("inc-1", version=1, number=7, title="Old title", status="acknowledged")
    doc = render(notification(), page(incident_version=2), behind)

    assert doc.title == "Checkout is slow"
    assert doc.status == "triggered"


def test_more_than_twenty_alerts_are_counted() -> None:
    alerts = tuple(replace_title(CRITICAL, f"Alert {number}") for number in range(25))
    doc = render(notification(), page(alerts=alerts, more=2), None)

    assert len(doc.alerts) == 20
    assert doc.more == 7
    assert "and 7 more" in doc.text


def test_links_that_are_not_of_the_web_are_left_out() -> None:
    linked = CRITICAL.model_copy(
        update={
            "links": (
                Link(href="https://graphs.example/1", text="Graph"),
                Link(href="javascript:alert(1)"),
                Link(href="file:///etc/passwd"),
                Link(href="https://graphs.example/1", text="Again"),
            )
        }
    )
    doc = render(notification(), page(alerts=(linked,), runbook="https://r.example"), None)

    assert [link.href for link in doc.links] == ["https://r.example", "https://graphs.example/1"]


def test_an_update_says_what_became_of_it_and_has_no_button() -> None:
    done = Incident(
        "inc-1",
        version=5,
        status="resolved",
        number=7,
        title="Checkout is slow",
        answered_by="bob",
        answered_at_version=5,
    )
    doc = render(
        replace(notification(), purpose="update"),
        page(),
        done,
        public_url="https://t.example",
        token="T" * 22,
    )

    assert doc.text == "#7 is resolved: Checkout is slow"
    assert doc.buttons == ()
    assert doc.url == "https://t.example/a/" + "T" * 22
    assert ("Status", "resolved by bob") in [(one.name, one.value) for one in doc.facts]


def replace_title(alert: AlertSummary, title: str) -> AlertSummary:
    return alert.model_copy(update={"title": title})
