"""The host's HTTP to the outside, as a channel uses it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

ANSWER_SIZE = 64 * 1024


class NotSentError(Exception):
    """The request certainly did not leave: name, connection or TLS failed."""


class DeniedError(NotSentError):
    """The address leads to a place that this installation does not let out to."""


class NoAnswerError(Exception):
    """The request left, and no answer came: it may have been acted upon."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer; header names in lower case, the body cut at a bound."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Socket(Protocol):
    """A connection on which both sides speak in texts."""

    async def receive(self) -> str | None:
        """Return the next text; None when the other side has closed it."""
        ...

    async def send(self, text: str) -> None:
        """Send a text; raise NoAnswerError when the connection is lost."""
        ...

    async def close(self) -> None:
        """Close it."""
        ...


class Sockets(Protocol):
    """WebSockets to the outside, guarded as HTTP is."""

    async def connect(self, url: str, *, within: timedelta) -> Socket:
        """Connect `within` this time; raise NotSentError."""
        ...


class Http(Protocol):
    """HTTP to the outside, guarded: every address is checked, redirects are not followed."""

    async def post(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        within: timedelta,
        most: int = ANSWER_SIZE,
    ) -> HttpAnswer:
        """Post `within` this time; without an answer raise NotSentError or NoAnswerError only.

        Of the answer's body `most` bytes are read.
        """
        ...
