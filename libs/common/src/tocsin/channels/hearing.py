"""What a channel hears: callbacks of its provider, and who pressed or wrote what."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from tocsin.channels.message import Action
from tocsin.channels.results import ExternalRef, SendResult


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A provider's request as it arrived; `path` is what follows `/i/<channel>`."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # Names in lower case.
    body: bytes


@dataclass(frozen=True, slots=True)
class Verified:
    """The signature fits: the platform said this. It does not say who the person is to us."""

    request: RawRequest


@dataclass(frozen=True, slots=True)
class Rejected:
    """It is not acted upon. The provider is told the status and no reason.

    401: the signature does not fit, or is too old; 403: it is of another workspace or app; 400: it
    is signed, and is not what the provider says.
    """

    reason: str
    status: Literal[400, 401, 403] = 401


@dataclass(frozen=True, slots=True)
class Interaction:
    """Somebody pressed a button (`action` and `token`) or wrote something (`text`).

    With an action, `text` is what it needs: how long to snooze (`1h`), the words of a note.
    `message` is the message that was pressed in, or written under.

    `external_id` names it at the provider and is the same on a redelivery. `subject` is the person
    as the platform knows them: the value of `chat.<channel>` of a User in the catalog.
    """

    external_id: str
    subject: str
    action: Action | None = None
    token: str = ""
    text: str = ""
    message: ExternalRef | None = None
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider tells what became of a message; `delivery_id` is what it was sent under."""

    external_id: str
    delivery_id: str
    result: SendResult


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What to answer to a provider's request."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Handshake:
    """The provider tests the address; `reply` is the answer it wants."""

    reply: HttpReply


@dataclass(frozen=True, slots=True)
class Ignored:
    """A request that means nothing to us."""

    reason: str


Heard: TypeAlias = Interaction | Receipt | Handshake | Ignored
# `ask-note`: ask for the words of a note, and come back with them; `told`: an answer to a question;
# `ignored`: it was not meant for us, and nobody is told anything.
Answer = Literal[
    "done",
    "already",
    "unknown-person",
    "unknown-incident",
    "not-understood",
    "ask-note",
    "told",
    "ignored",
]


@dataclass(frozen=True, slots=True)
class Reaction:
    """What became of an interaction; `text` is for the person who acted."""

    answer: Answer
    text: str


Sink: TypeAlias = Callable[[Sequence[Heard]], Awaitable[Sequence[Reaction]]]
