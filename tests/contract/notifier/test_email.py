"""Mails as a person and a mail program see them, through a real SMTP server."""

from dataclasses import replace
from email.message import EmailMessage
from html.parser import HTMLParser

import pytest

from notifier.adapters.channels.letter import address_of
from tests.contract.notifier.providers import mail_provider, texts
from tests.contract.test_channels import DOC, HOSTILE, mail
from tocsin.channels import Accepted, AlertLine, Delivery, Fact, IncidentLine, MessageDoc
from tocsin.events import Link
from tocsin.testing import START


async def sent(doc: MessageDoc, delivery_id: str = "d-1") -> EmailMessage:
    async with mail_provider() as provider:
        result = await mail(provider.port).send(
            Delivery(delivery_id, "ada@example.org", 1, START), doc
        )
        assert isinstance(result, Accepted)
        assert provider.recipients == ["ada@example.org"]
        return provider.mails[0]


async def test_the_headers_of_a_page() -> None:
    found = await sent(DOC)

    assert found["Subject"] == "#7 CRITICAL: Checkout is slow"
    assert found["Message-ID"] == "<d-1@t.example>"
    assert found["In-Reply-To"] == found["References"] == "<inc-1@t.example>"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["To"] == "ada@example.org"
    assert found["Date"] == "Mon, 05 Jan 2026 09:00:00 +0000"


async def test_two_pages_of_an_incident_are_one_thread() -> None:
    first, second = await sent(DOC, "d-1"), await sent(DOC, "d-2")

    assert first["References"] == second["References"]
    assert first["Message-ID"] != second["Message-ID"]


async def test_both_forms_carry_the_link_and_the_alerts() -> None:
    plain, html = texts(await sent(DOC))

    for text in (plain, html):
        assert "https://t.example/a/" + "T" * 22 in text
        assert "https://graphs.example/1" in text
    assert "p99 over 2 s" in html


async def test_an_only_alert_that_is_called_like_the_incident_is_not_named_twice() -> None:
    alone = AlertLine(DOC.title, "critical", "generic", description="p99 is 3 s")
    _, html = texts(await sent(replace(DOC, alerts=(alone,))))
    _, bare = texts(await sent(replace(DOC, alerts=(replace(alone, description=""),))))
    _, more = texts(await sent(replace(DOC, alerts=(alone,), more=2)))

    for text, bodies in ((html, 1), (bare, 1), (more, 2)):
        assert text.partition("<body")[2].count(DOC.title) == bodies
    assert "p99 is 3 s" in html


async def test_a_repeat_says_so_in_its_subject() -> None:
    found = await sent(replace(DOC, repeat_possible=True))

    assert found["Subject"] == "(repeat possible) #7 CRITICAL: Checkout is slow"
    assert "You may have had this message before" in texts(found)[1]


async def test_a_late_page_says_so_in_both_forms() -> None:
    late = "late: this page was due at 08:43 UTC, 17 min ago"
    plain, html = texts(await sent(replace(DOC, late=late, text=f"{DOC.text}\n{late}")))

    assert late in plain
    assert late in html


async def test_a_summary_names_each_incident_with_its_link_in_no_ones_thread() -> None:
    lines = tuple(
        IncidentLine(
            f"inc-{n}",
            n,
            f"Queue <{n}>",
            "checkout",
            "critical",
            "high",
            START,
            "",
            f"https://t/{n}",
        )
        for n in (1, 2)
    )
    text = "2 incidents need you:\nhttps://t/1\nhttps://t/2"
    found = await sent(replace(DOC, title="2 incidents need you", text=text, incidents=lines))
    plain, html = texts(found)

    assert found["Subject"] == "2 incidents need you"
    assert found["In-Reply-To"] is found["References"] is None
    for number in (1, 2):
        assert plain.count(f"https://t/{number}") == 1
        assert f'href="https://t/{number}"' in html
        assert f"<bdi>Queue &lt;{number}&gt;</bdi>" in html


class Tags(HTMLParser):
    """Collects what a browser would build."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)


async def test_hostile_words_stay_words() -> None:
    doc = replace(
        DOC,
        title=HOSTILE,
        facts=(Fact("Why", HOSTILE),),
        alerts=(AlertLine(HOSTILE, "critical", "generic", description=HOSTILE),),
        links=(Link(href='https://x.example/"><img src=x>', text=HOSTILE),),
        text="plain",
    )
    found = await sent(doc)

    assert found["Bcc"] is None
    assert "\\u202e" in found["Subject"]
    assert "\\x1b" in found["Subject"]
    plain, html = texts(found)
    tags = Tags()
    tags.feed(html)
    assert not {"script", "b", "img", "iframe"} & tags.found
    for text in (plain, html):
        assert not set(text) & {"\u202e", "\x1b", "\x00"}


async def test_a_subject_stays_within_bounds() -> None:
    found = await sent(replace(DOC, title="ü" * 5000))

    assert len(found["Subject"]) <= 200
    assert found["Subject"].endswith("…")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "a@b,c@d",
        "ada@example.org\r\nBcc: eve@x",
        "ä@example.org",
        "ada@",
        "@x",
        "a b@c d",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError):
        address_of(text)


@pytest.mark.parametrize("text", ["ada@example.org", "Ada L <ada@example.org>", "a+b@sub.example"])
def test_what_is_an_address(text: str) -> None:
    assert "@" in address_of(text).addr_spec


async def test_a_notice_is_in_no_thread_and_has_no_number() -> None:
    notice = replace(
        DOC,
        purpose="notice",
        title="You are on call in 1 h: web",
        text="You are on call in 1 h: web",
        incident_id="",
        number=0,
        severity="info",
        facts=(Fact("Until then", "adam"),),
        buttons=(),
        alerts=(),
    )
    found = await sent(notice)

    assert found["Subject"] == "You are on call in 1 h: web"
    assert found["In-Reply-To"] is None
    assert found["References"] is None
    plain, html = texts(found)
    assert "#0" not in plain + html
    assert "adam" in html
