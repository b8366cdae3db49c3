"""Calls to the outside that must not depend on anything of ours: the standard library, a thread.

No redirect is followed, no proxy asked, no body read: only whether it was taken.
"""

import asyncio
import http.client
import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from functools import partial
from urllib.parse import SplitResult, unquote, urlsplit

TIMEOUT = 10.0
TLS_PORT = 465
PLAIN_PORT = 25


class NotTakenError(OSError):
    """It was answered, and not taken."""


async def call(
    method: str,
    url: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    timeout: float = TIMEOUT,  # noqa: ASYNC109 - the socket's, in its thread.
) -> None:
    """Send one request; raise OSError unless it is answered 2xx in time."""
    await _in_thread(partial(_call, method, url, body, dict(headers or {}), timeout))


async def mail(server: str, message: EmailMessage) -> None:
    """Hand one mail to a server, `host:port` or `smtp(s)://user:password@host:port`.

    STARTTLS is used where it is offered, and a login only over TLS. Raise OSError if it is not
    taken.
    """
    await _in_thread(partial(_mail, server, message))


def place(url: str) -> str:
    """Return what may be shown of an address: paths and logins of webhooks are secrets."""
    parts = urlsplit(url)
    if parts.scheme == "mailto":
        return url
    return f"{parts.scheme}://{_host(parts)}"


async def _in_thread(work: partial[None]) -> None:
    # Each step has its own time limit; this is for the sum of many slow ones.
    async with asyncio.timeout(2 * TIMEOUT):
        await asyncio.to_thread(work)


def _call(method: str, url: str, body: bytes, headers: dict[str, str], timeout: float) -> None:
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    kind = http.client.HTTPConnection
    if parts.scheme == "https":
        kind = partial(http.client.HTTPSConnection, context=ssl.create_default_context())  # type: ignore[assignment]
    connection = kind(_host(parts), parts.port, timeout=timeout)
    try:
        connection.request(method, path, body, {"user-agent": "tocsin", **headers})
        status = connection.getresponse().status
    except (http.client.HTTPException, ValueError) as error:
        raise NotTakenError(f"the answer is not HTTP: {type(error).__name__}") from error
    finally:
        connection.close()
    if not 200 <= status < 300:  # noqa: PLR2004 - what success is.
        raise NotTakenError(f"answered {status}")


def _mail(server: str, message: EmailMessage) -> None:
    parts = urlsplit(server if "://" in server else f"smtp://{server}")
    context = ssl.create_default_context()
    try:
        with _connected(parts, context) as client:
            if parts.scheme == "smtp":
                client.ehlo()
                if client.has_extn("starttls"):
                    client.starttls(context=context)
            if parts.username:
                if not isinstance(client.sock, ssl.SSLSocket):
                    raise NotTakenError("the server offers no TLS, and a login is not sent without")
                client.login(unquote(parts.username), unquote(parts.password or ""))
            client.send_message(message)
    except smtplib.SMTPException as error:
        code = getattr(error, "smtp_code", "")
        raise NotTakenError(f"{type(error).__name__} {code}".strip()) from error


def _connected(parts: SplitResult, context: ssl.SSLContext) -> smtplib.SMTP:
    if parts.scheme == "smtps":
        port = parts.port or TLS_PORT
        return smtplib.SMTP_SSL(_host(parts), port, timeout=TIMEOUT, context=context)
    return smtplib.SMTP(_host(parts), parts.port or PLAIN_PORT, timeout=TIMEOUT)


def _host(parts: SplitResult) -> str:
    return parts.hostname or ""
