"""The second path: tells people what the first one cannot, by mail or webhook, directly.

Nothing on the way is ours: no Kafka, no notifier, no database. So it still rings when those are
what is broken.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from urllib.parse import unquote, urlsplit

import orjson
import structlog

from tocsin import outside, telemetry
from tocsin.backoff import Backoff
from tocsin.findings import Alarm

log = structlog.get_logger(__name__)
RETRY = Backoff(first=timedelta(seconds=5), ceiling=timedelta(minutes=1))
Send = Callable[[str, Alarm], Awaitable[None]]


class Alarms:
    """Every address that is to be told; each that fails is tried again by itself."""

    def __init__(
        self,
        addresses: Sequence[str],
        send: Send,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Tell `addresses` by `send`, which raises OSError where it was not taken."""
        self._addresses = tuple(dict.fromkeys(addresses))
        self._send = send
        self._monotonic = monotonic
        self._pending: dict[str, Alarm] = {}
        self._failures: dict[str, int] = {}
        self._again_at: dict[str, float] = {}

    @property
    def has_addresses(self) -> bool:
        """Whether anybody can be told at all."""
        return bool(self._addresses)

    @property
    def failing(self) -> list[str]:
        """The addresses that did not take the last alarm, without their secrets."""
        return [outside.place(address) for address in self._pending]

    async def send(self, alarm: Alarm) -> bool:
        """Tell everybody, each at its time; return whether anybody was told."""
        if not self._addresses:
            telemetry.ALARMS.labels("nowhere").inc()
            log.error("alarm", subject=alarm.subject, text=alarm.text)
            return False
        self._pending = dict.fromkeys(self._addresses, alarm)
        if any(self._is_due(address) for address in self._addresses):
            log.error("alarm", subject=alarm.subject, text=alarm.text)
        await self.catch_up()
        return len(self._pending) < len(self._addresses)

    async def catch_up(self) -> None:
        """Try those again that have not taken the last alarm, each at its time."""
        # All at once: one that is slow holds up no other.
        due = [
            (address, alarm) for address, alarm in self._pending.items() if self._is_due(address)
        ]
        await asyncio.gather(*(self._try(address, alarm) for address, alarm in due))

    def withdraw(self) -> None:
        """Tell nobody else of the last alarm: it is settled."""
        self._pending.clear()

    def _is_due(self, address: str) -> bool:
        return self._monotonic() >= self._again_at.get(address, 0.0)

    async def _try(self, address: str, alarm: Alarm) -> None:
        try:
            await self._send(address, alarm)
        except (OSError, TimeoutError, ValueError) as error:
            telemetry.ALARMS.labels("failed").inc()
            failures = self._failures[address] = self._failures.get(address, 0) + 1
            self._again_at[address] = self._monotonic() + RETRY.delay(failures).total_seconds()
            log.warning("alarm_not_taken", by=outside.place(address), error=repr(error))
            return
        telemetry.ALARMS.labels("sent").inc()
        self._failures.pop(address, None)
        self._again_at.pop(address, None)
        del self._pending[address]


def by_second_path(smtp: str, sender: str, now: Callable[[], datetime]) -> Send:
    """Return what sends an alarm: mails through the server `smtp`, webhooks to where they lead."""

    async def send(address: str, alarm: Alarm) -> None:
        parts = urlsplit(address)
        if parts.scheme == "mailto":
            await outside.mail(smtp, letter(alarm, sender, unquote(parts.path), now()))
            return
        # `text` is what chats' incoming webhooks show.
        body = orjson.dumps({**alarm.document, "text": f"{alarm.subject}\n{alarm.text}"})
        await outside.call("POST", address, body, {"content-type": "application/json"})

    return send


def letter(alarm: Alarm, sender: str, recipient: str, at: datetime) -> EmailMessage:
    """Return the mail that tells of an alarm."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = alarm.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = make_msgid("alarm", sender.rpartition("@")[2].rstrip("> "))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(alarm.text)
    return message
