"""Real servers on this machine that answer by script: HTTP and SMTP."""

# ruff: noqa: ARG002 - aiosmtpd calls its handlers with these arguments.

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Received:
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HttpProvider:
    """Answers with what `script` says, the last line again and again.

    A line is bytes to send; `None` says nothing at all; `b""` closes without a word.
    """

    script: list[bytes | None]
    port: int = 0
    received: list[Received] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/ada"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._one(reader, writer):
                continue
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.received.append(Received(first.split()[1], headers, body))
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if answer is None:
            await reader.read()
            return False
        writer.write(answer)
        await writer.drain()
        return bool(answer) and b"connection: close" not in answer.lower()


def answer(status: int, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"content-length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@asynccontextmanager
async def http_provider(*script: bytes | None) -> AsyncIterator[HttpProvider]:
    provider = HttpProvider(list(script))
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    provider.port = server.sockets[0].getsockname()[1]
    try:
        yield provider
    finally:
        server.close()


@dataclass
class MailProvider:
    """Accepts mail, or answers a step as told: `rcpt`, `data`, `mail`."""

    answers: dict[str, str] = field(default_factory=dict)
    silent_at: str = ""
    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    sessions: set[int] = field(default_factory=set)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.sessions.add(id(session))
        if "mail" in self.answers:
            return self.answers["mail"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "rcpt" in self.answers:
            return self.answers["rcpt"]
        envelope.rcpt_tos.append(address)
        self.recipients.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        mail: Any = BytesParser(policy=default).parsebytes(envelope.content)
        self.mails.append(mail)
        if self.silent_at == "data":
            await asyncio.sleep(30)
        return self.answers.get("data", "250 accepted as m-1")


@asynccontextmanager
async def mail_provider(
    answers: dict[str, str] | None = None, *, silent_at: str = ""
) -> AsyncIterator[MailProvider]:
    provider = MailProvider(answers or {}, silent_at)
    controller = Controller(provider, hostname="127.0.0.1", port=0)
    # aiosmtpd's controller checks its own port by connecting; port 0 needs the real one.
    loop = asyncio.get_running_loop()
    server = await loop.create_server(controller.factory, "127.0.0.1", 0)
    provider.port = server.sockets[0].getsockname()[1]
    try:
        yield provider
    finally:
        server.close()


def texts(mail: EmailMessage) -> Sequence[str]:
    """Return the plain and the HTML text of a mail."""
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()
