"""The second path itself: real mails and requests on loopback, and everything that can be refused."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from tocsin import outside
from tocsin.alarm import by_second_path, letter
from tocsin.findings import Alarm
from tocsin.outside import NotTakenError

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ALARM = Alarm("[Tocsin] things: 1 overdue", "what, since when\n", {"type": "alarm", "overdue": 1})


class Post:
    """A mail server: takes mails, or refuses whoever they are for."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuses = False

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        del server, session, options
        if self.refuses:
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        del server, session
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@pytest.fixture
async def post() -> AsyncIterator[tuple[Post, str]]:
    """Serve; yield the server and its `host:port`."""
    taken = Post()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(taken, loop=loop), "127.0.0.1", 0)
    yield taken, f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


@asynccontextmanager
async def web(answer: bytes) -> AsyncIterator[tuple[list[bytes], str]]:
    """Answer every request like this; yield what was asked, and the address."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        asked.append(head + await reader.readexactly(int(length or 0)))
        if answer:
            writer.write(answer)
            writer.close()
        else:
            await reader.read()  # Says nothing until the caller goes.

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield asked, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook/secret?a=b"
    server.close()


async def test_a_mail_says_it_all_and_that_a_machine_wrote_it(post: tuple[Post, str]) -> None:
    taken, server = post
    send = by_second_path(server, "Tocsin <tocsin@example.org>", lambda: NOW)
    await send("mailto:ops%2Boncall@example.org", ALARM)
    (mail,) = taken.mails
    assert mail["to"] == "ops+oncall@example.org"
    assert mail["from"] == "Tocsin <tocsin@example.org>"
    assert mail["subject"] == ALARM.subject
    assert mail["auto-submitted"] == "auto-generated"
    assert mail["message-id"].endswith("@example.org>")
    assert mail["date"] == "Mon, 05 Jan 2026 09:00:00 +0000"
    assert mail.get_content().replace("\r\n", "\n") == ALARM.text


async def test_a_mail_that_is_refused_was_not_taken(post: tuple[Post, str]) -> None:
    taken, server = post
    taken.refuses = True
    with pytest.raises(NotTakenError, match="SMTPRecipientsRefused"):
        await outside.mail(server, letter(ALARM, "t@example.org", "ops@example.org", NOW))


async def test_a_login_is_not_sent_in_clear(post: tuple[Post, str]) -> None:
    taken, server = post
    mail = letter(ALARM, "t@example.org", "ops@example.org", NOW)
    with pytest.raises(NotTakenError, match="offers no TLS"):
        await outside.mail(f"smtp://someone:secret@{server}", mail)
    assert taken.mails == []


async def test_a_webhook_gets_it_as_json_with_a_text_for_chats() -> None:
    async with web(b"HTTP/1.1 204 No Content\r\n\r\n") as (asked, url):
        await by_second_path("", "t@example.org", lambda: NOW)(url, ALARM)
    head, _, body = asked[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /hook/secret?a=b HTTP/1.1\r\n")
    assert b"content-type: application/json" in head.lower()
    assert json.loads(body) == {
        "type": "alarm",
        "overdue": 1,
        "text": "[Tocsin] things: 1 overdue\nwhat, since when\n",
    }


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n", "answered 500"),
        (b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n", "answered 410"),
        (b"SSH-2.0-OpenSSH\r\n", "not HTTP"),
    ],
)
async def test_what_is_not_a_yes_was_not_taken(answer: bytes, reason: str) -> None:
    async with web(answer) as (_, url):
        with pytest.raises(NotTakenError, match=reason):
            await outside.call("GET", url)


async def test_a_redirect_is_not_followed() -> None:
    async with web(b"HTTP/1.1 204 No Content\r\n\r\n") as (elsewhere, target):
        moved = b"HTTP/1.1 302 Found\r\nlocation: " + target.encode() + b"\r\n\r\n"
        async with web(moved) as (asked, url):
            with pytest.raises(NotTakenError, match="answered 302"):
                await outside.call("POST", url, b"{}")
    assert (len(asked), elsewhere) == (1, [])


async def test_who_says_nothing_is_not_waited_for() -> None:
    async with web(b"") as (_, url):
        with pytest.raises(TimeoutError):
            await outside.call("GET", url, timeout=0.2)


async def test_who_is_not_there_is_an_error_of_the_network() -> None:
    async with web(b"") as (_, url):
        pass
    with pytest.raises(OSError, match="refused"):
        await outside.call("GET", url)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://hooks.example.org/services/T0/B0/secret", "https://hooks.example.org"),
        ("https://user:secret@hooks.example.org:8443/x", "https://hooks.example.org"),
        ("mailto:ops@example.org", "mailto:ops@example.org"),
    ],
)
def test_an_address_is_shown_without_its_secrets(address: str, shown: str) -> None:
    assert outside.place(address) == shown
