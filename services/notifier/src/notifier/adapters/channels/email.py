"""The channel `email`: one mail, one recipient, through the installation's SMTP server."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from email.headerregistry import Address

import aiosmtplib

from notifier.adapters.channels.letter import address_of, letter
from tocsin.channels import (
    Accepted,
    Cap,
    ChannelInfo,
    Config,
    Content,
    Context,
    Delivery,
    ExternalRef,
    Finding,
    MessageDoc,
    SendResult,
    TargetGone,
    Transient,
    Unknown,
)

CONNECT = 5.0
ENVELOPE = 3.0
DATA = 6.0
MAX_IDLE = 4
_PERMANENT = 500
_AUTH_CODES = frozenset({530, 534, 535, 538})
_SYSTEM_CODES = frozenset({521, 554})  # The server refuses us, not the recipient.


class EmailChannel:
    """Options: `smtp` (host:port), `from`, `username`, `password`, `starttls`, `tls`.

    `starttls` is `auto`, `always` or `never`; `tls` is for a server that wants it from the start.
    """

    info = ChannelInfo(
        name="email",
        caps=Cap.SEND | Cap.CHECK,
        deadline=timedelta(seconds=CONNECT + ENVELOPE + DATA),
        max_in_flight=8,
        max_in_flight_per_host=8,
    )

    def __init__(self, options: Mapping[str, str], context: Context) -> None:
        """Send through the server of the options; without one every mail is a Config failure."""
        del context
        host, _, port = options.get("smtp", "").rpartition(":")
        self._host = host.strip("[]")
        self._port = int(port or 0)
        self._from: Address | None = address_of(options["from"]) if options.get("from") else None
        self._username = options.get("username") or None
        self._password = options.get("password") or None
        self._starttls = {"always": True, "never": False}.get(options.get("starttls", "auto"))
        self._tls = options.get("tls", "") == "true"
        self._idle: list[aiosmtplib.SMTP] = []

    async def send(self, delivery: Delivery, doc: MessageDoc) -> SendResult:
        """Hand the mail over; which step failed says whether it may have gone."""
        if not self._host or self._from is None:
            return Config("no SMTP server is set up (NOTIFIER_SMTP, NOTIFIER_MAIL_FROM)")
        try:
            recipient = address_of(delivery.address)
            body = letter(delivery, doc, self._from).as_bytes()
        except ValueError:
            return TargetGone("the address is not a mail address")
        try:
            async with asyncio.timeout(CONNECT):
                client = await self._client()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return _not_connected(error)
        result = await self._hand_over(client, self._from.addr_spec, recipient.addr_spec, body)
        if isinstance(result, Accepted | TargetGone | Content):
            self._keep(client)
        else:
            client.close()
        return result

    async def check(self) -> list[Finding]:
        """Connect, and log in."""
        if not self._host or self._from is None:
            return [Finding(False, "NOTIFIER_SMTP or NOTIFIER_MAIL_FROM is not set")]
        try:
            async with asyncio.timeout(CONNECT):
                client = await self._connect()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return [Finding(False, f"cannot connect: {type(error).__name__}")]
        self._keep(client)
        return [Finding(True, "the SMTP server answers")]

    async def _hand_over(
        self, client: aiosmtplib.SMTP, sender: str, recipient: str, body: bytes
    ) -> SendResult:
        try:
            async with asyncio.timeout(ENVELOPE):
                await client.mail(sender)
                await client.rcpt(recipient)
        except (aiosmtplib.SMTPException, OSError) as error:
            return _refused(error)
        try:
            async with asyncio.timeout(DATA):
                answer = await client.data(body)
        except aiosmtplib.SMTPResponseException as error:
            return _refused(error)
        except (aiosmtplib.SMTPException, OSError) as error:
            return Unknown(f"no answer after the mail was sent: {type(error).__name__}")
        return Accepted(ExternalRef(message=" ".join(answer.message.split())[:200] or "accepted"))

    async def _client(self) -> aiosmtplib.SMTP:
        while self._idle:
            client = self._idle.pop()
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.rset()  # Fails when the server has closed it meanwhile.
                return client
            client.close()
        return await self._connect()

    async def _connect(self) -> aiosmtplib.SMTP:
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            timeout=CONNECT,
            use_tls=self._tls,
            start_tls=False if self._tls else self._starttls,
            username=self._username,
            password=self._password,
        )
        try:
            await client.connect()
        except BaseException:
            client.close()
            raise
        return client

    def _keep(self, client: aiosmtplib.SMTP) -> None:
        if len(self._idle) < MAX_IDLE:
            self._idle.append(client)
        else:
            client.close()


def _not_connected(error: Exception) -> SendResult:
    match error:
        case aiosmtplib.SMTPAuthenticationError(code=code) if code >= _PERMANENT:
            return Config(f"the SMTP server refuses the login: {code}")
        case ValueError():
            return Config("the SMTP settings are wrong")
        case _:
            return Transient(f"no connection to the SMTP server: {type(error).__name__}")


def _refused(error: Exception) -> SendResult:
    """Return what a refusal means. `SMTPRecipientRefused` and the others carry a code."""
    code = getattr(error, "code", 0)
    reason = f"SMTP {code}" if code else type(error).__name__
    if code < _PERMANENT:
        return Transient(reason)
    match error:
        case _ if code in _AUTH_CODES:
            return Config(reason)
        case aiosmtplib.SMTPRecipientRefused() if code not in _SYSTEM_CODES:
            return TargetGone(reason)
        case aiosmtplib.SMTPDataError():
            return Content(reason)
        case _:
            return Config(reason)
