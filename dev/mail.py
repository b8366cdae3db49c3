"""The mail catcher: takes every mail on loopback, shows it, and keeps it in `var/mail.jsonl`."""

import asyncio
import email
import email.policy
import json
import os
import signal
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from dev.layout import Layout
from dev.ports import LOOPBACK

LARGEST = 10_000_000
OK = "250 Message accepted for delivery"


class _Text(HTMLParser):
    """Keeps the words of an HTML part, and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        """Keep the text between tags."""
        self.words += [data.strip()] if data.strip() else []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the address of a link."""
        if tag == "a":
            self.words += [value for name, value in attrs if name == "href" and value]


class Catcher:
    """The SMTP handler: one file line and one readable block per mail."""

    def __init__(self, kept: Path) -> None:
        self._kept = kept

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Take one mail; the sender is told so only after it is in the file."""
        del server, session
        mail = read(envelope)
        with self._kept.open("a") as file:
            file.write(json.dumps(mail, ensure_ascii=False) + "\n")
        print(readable(mail), flush=True)
        return OK


def read(envelope: Envelope) -> dict[str, object]:
    """Return what matters of a mail as plain values."""
    content = envelope.content
    raw = content if isinstance(content, bytes) else (content or "").encode()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    return {
        "from": envelope.mail_from,
        "to": list(envelope.rcpt_tos),
        "subject": str(message["subject"] or ""),
        "date": str(message["date"] or ""),
        "message_id": str(message["message-id"] or ""),
        "headers": {name.lower(): str(value) for name, value in message.items()},
        "text": _text(message),
    }


def readable(mail: dict[str, object]) -> str:
    """Return a mail for a terminal; addresses stand whole on a line, so a click opens them."""
    to = ", ".join(map(str, mail["to"])) if isinstance(mail["to"], list) else ""
    head = f"From: {mail['from']}\nTo: {to}\nSubject: {mail['subject']}"
    return f"{'-' * 60}\n{head}\n\n{mail['text']}\n{'-' * 60}"


def _text(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    content = str(part.get_content())
    if part.get_content_subtype() != "html":
        return content.strip()
    parser = _Text()
    parser.feed(content)
    return "\n".join(parser.words)


async def catch(port: int, kept: Path) -> None:
    """Serve until asked to end by a signal."""
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.set)
    catcher = Catcher(kept)
    server = await loop.create_server(
        lambda: SMTP(catcher, data_size_limit=LARGEST, enable_SMTPUTF8=True, loop=loop),
        LOOPBACK,
        port,
    )
    print(f"catching mail on {LOOPBACK}:{port} into {kept}", flush=True)
    async with server:
        await ending.wait()


if __name__ == "__main__":
    _layout = Layout.of(os.environ)
    _layout.var.mkdir(parents=True, exist_ok=True)
    asyncio.run(catch(_layout.mail_port, _layout.mails))
