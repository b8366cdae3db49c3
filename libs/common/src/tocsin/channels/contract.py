"""The channel itself, and its optional capabilities: one Protocol each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Flag, auto
from typing import Protocol, runtime_checkable

from tocsin.channels.hearing import (
    Heard,
    HttpReply,
    Interaction,
    RawRequest,
    Reaction,
    Rejected,
    Sink,
    Verified,
)
from tocsin.channels.message import Delivery, MessageDoc
from tocsin.channels.outbound import Http, Sockets
from tocsin.channels.results import ExternalRef, SendResult

API = 1
GROUP = "tocsin.channels"


class Cap(Flag):
    """What a channel can do besides sending."""

    SEND = auto()
    UPDATE = auto()  # `update`: tells what became of something it sent.
    RECONCILE = auto()  # `reconcile`: can ask its provider whether a message arrived.
    CALLBACKS = auto()  # `verify`, `parse`, `acknowledge`, `respond`: hears over HTTP.
    LISTEN = auto()  # `listen`: hears over a connection that it opens itself.
    CHECK = auto()  # `check`: can test its own set-up.
    IN_PLACE = auto()  # `update` changes the message itself: the newest state is all it needs.
    IDEMPOTENT = auto()  # The provider collapses a repeat with the same identity.


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """What the host must know of a channel. `deadline` bounds one send, connection included."""

    name: str
    caps: Cap = Cap.SEND
    api: int = API
    deadline: timedelta = timedelta(seconds=10)
    max_in_flight: int = 256
    max_in_flight_per_host: int = 16


@runtime_checkable
class Channel(Protocol):
    """A way to reach people. The class is made with its options and the host's `Context`."""

    info: ChannelInfo

    async def send(self, delivery: Delivery, doc: MessageDoc) -> SendResult:
        """Try once, within `info.deadline`."""
        ...


@runtime_checkable
class Updates(Protocol):
    """Cap.UPDATE."""

    async def update(self, delivery: Delivery, ref: ExternalRef, doc: MessageDoc) -> SendResult:
        """Tell what became of the message `ref`: change it, or say it beside it. Never pages."""
        ...


@runtime_checkable
class Reconciles(Protocol):
    """Cap.RECONCILE."""

    async def reconcile(self, delivery: Delivery) -> SendResult | None:
        """Return what became of an attempt that nobody saw end; None to send again."""
        ...


@runtime_checkable
class HearsCallbacks(Protocol):
    """Cap.CALLBACKS. `verify` and `parse` are pure and never raise on hostile input."""

    def verify(self, request: RawRequest, now: datetime) -> Verified | Rejected:
        """Check the signature on the raw bytes, in constant time, and the freshness."""
        ...

    def parse(self, verified: Verified) -> Sequence[Heard] | Rejected:
        """Return what the request says; Rejected where it is malformed, or of another workspace."""
        ...

    def acknowledge(self, heard: Sequence[Heard]) -> HttpReply:
        """Return the immediate answer, once what was heard is safe."""
        ...

    async def respond(self, interaction: Interaction, reaction: Reaction) -> None:
        """Tell the person who acted what became of it, privately."""
        ...


@runtime_checkable
class Listens(Protocol):
    """Cap.LISTEN."""

    async def listen(self, sink: Sink) -> None:
        """Hear until cancelled; raise when the connection is lost: the host calls again."""
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """A result of the self-test."""

    ok: bool
    text: str


@runtime_checkable
class Checks(Protocol):
    """Cap.CHECK."""

    async def check(self) -> Sequence[Finding]:
        """Test the set-up without telling anybody."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """What the host gives to every channel."""

    http: Http
    secret: str
    public_url: str = ""
    sockets: Sockets | None = None
