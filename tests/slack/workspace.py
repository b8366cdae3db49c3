"""The workspace behind the strict fake: people, conversations, messages, and its rate limits."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.slack import blocks
from tocsin.testing import START

BOT = "xoxb-of-the-tests"
APP = "xapp-of-the-tests"
TEAM = "T0TOCSIN"
APP_ID = "A0TOCSIN"
MAX_TEXT = 40_000
TRIGGER_LIFE = timedelta(seconds=3)
# Calls in a span, as Slack documents its tiers; a message a second in one conversation.
LIMITS: dict[str, tuple[int, timedelta]] = {
    "chat.postMessage": (6, timedelta(seconds=4)),
    "chat.update": (60, timedelta(minutes=1)),
    "chat.postEphemeral": (110, timedelta(minutes=1)),
    "conversations.history": (60, timedelta(minutes=1)),
    "conversations.open": (60, timedelta(minutes=1)),
    "apps.connections.open": (2, timedelta(seconds=1)),
}


class SaysNoError(Exception):
    """Slack answers `ok: false` with this error."""


class TooManyError(Exception):
    """Slack answers 429, with so many seconds in Retry-After."""


@dataclass
class Message:
    """A message as the workspace shows it; `versions` counts its edits."""

    channel: str
    ts: str
    text: str
    blocks: list[dict[str, Any]]
    metadata: dict[str, Any]
    thread_ts: str = ""
    versions: int = 1
    posted_at: datetime = START

    @property
    def words(self) -> str:
        """Every word of it, as a reader sees it."""
        return "\n".join([self.text, *_words(self.blocks)])

    @property
    def buttons(self) -> dict[str, dict[str, Any]]:
        """Its buttons and selects, by what they are for."""
        elements = [
            element
            for block in self.blocks
            if block["type"] == "actions"
            for element in block["elements"]
        ]
        return {element["action_id"].partition(".")[0]: element for element in elements}


def _words(tree: Any) -> list[str]:
    if isinstance(tree, dict):
        own = [tree["text"]] if isinstance(tree.get("text"), str) else []
        return own + [word for value in tree.values() for word in _words(value)]
    if isinstance(tree, list):
        return [word for value in tree for word in _words(value)]
    return []


@dataclass
class Workspace:
    """What the methods work on. `now` is asked for every limit; a test may turn limits off."""

    now: Callable[[], datetime] = lambda: START
    people: set[str] = field(default_factory=lambda: {"U0ADA", "U0BOB", "U0EVE"})
    channels: set[str] = field(default_factory=lambda: {"C0PAYMENTS", "C0PLATFORM"})
    archived: set[str] = field(default_factory=lambda: {"C0OLD"})
    foreign: set[str] = field(default_factory=lambda: {"C0PRIVATE"})
    messages: list[Message] = field(default_factory=list)
    ephemeral: list[tuple[str, str, str]] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)
    triggers: dict[str, datetime] = field(default_factory=dict)
    calls: defaultdict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    refused: int = 0
    limited: bool = True

    def limit(self, method: str, about: str) -> None:
        """Count a call; raise TooManyError beyond the method's limit."""
        if not self.limited or method not in LIMITS:
            return
        most, span = LIMITS[method]
        key = f"{method} {about if method == 'chat.postMessage' else ''}"
        now = self.now()
        recent = [at for at in self.calls[key] if now - at < span]
        if len(recent) >= most:
            self.refused += 1
            raise TooManyError(max(int((recent[0] + span - now).total_seconds()) + 1, 1))
        self.calls[key] = [*recent, now]

    def conversation(self, name: Any) -> str:
        """Return the conversation of a name; a person's is the one with them."""
        if name in self.people:
            return f"D{name[1:]}"
        if name in self.archived:
            raise SaysNoError("is_archived")
        if name in self.foreign:
            raise SaysNoError("not_in_channel")
        if name in self.channels or (f"U{str(name)[1:]}" in self.people and str(name)[0] == "D"):
            return str(name)
        raise SaysNoError("channel_not_found")

    def post(self, asked: dict[str, Any]) -> Message:
        """chat.postMessage."""
        channel = self.conversation(asked.get("channel"))
        self._check(asked)
        thread = str(asked.get("thread_ts", ""))
        if thread and not any(one.ts == thread for one in self.messages):
            raise SaysNoError("thread_not_found")
        now = self.now()
        ts = f"{int(now.timestamp())}.{len(self.messages):06}"
        message = Message(
            channel,
            ts,
            asked.get("text", ""),
            asked.get("blocks") or [],
            asked.get("metadata") or {},
            thread,
            posted_at=now,
        )
        self.messages.append(message)
        return message

    def update(self, asked: dict[str, Any]) -> Message:
        """chat.update: only with the conversation's own name, never a person's."""
        if asked.get("channel") in self.people:
            raise SaysNoError("channel_not_found")
        channel = self.conversation(asked.get("channel"))
        found = [m for m in self.messages if (m.channel, m.ts) == (channel, asked.get("ts"))]
        if not found:
            raise SaysNoError("message_not_found")
        self._check(asked)
        message = found[0]
        message.text, message.blocks = asked.get("text", ""), asked.get("blocks") or []
        message.versions += 1
        return message

    def history(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """conversations.history, the newest first."""
        channel = self.conversation(asked.get("channel"))
        found = [one for one in self.messages if one.channel == channel and not one.thread_ts]
        with_metadata = asked.get("include_all_metadata") == "true"
        return [
            {"ts": one.ts, "text": one.text, "blocks": one.blocks}
            | ({"metadata": one.metadata} if with_metadata else {})
            for one in reversed(found)
        ][: int(asked.get("limit", 100))]

    def open_view(self, asked: dict[str, Any]) -> None:
        """views.open: once for each press, within three seconds."""
        issued = self.triggers.pop(str(asked.get("trigger_id")), None)
        if issued is None:
            raise SaysNoError("invalid_trigger_id")
        if self.now() - issued > TRIGGER_LIFE:
            raise SaysNoError("expired_trigger_id")
        view = asked.get("view") or {}
        try:
            blocks.check(view.get("blocks"))
            blocks.need(view.get("type") == "modal", "a modal")
            blocks.need(len(view["title"]["text"]) <= 24, "title: up to 24")
            blocks.need(len(view.get("private_metadata", "")) <= 3000, "private_metadata")
        except (blocks.WrongError, KeyError) as error:
            raise SaysNoError("invalid_arguments") from error
        self.views.append(view)

    def _check(self, asked: dict[str, Any]) -> None:
        text = asked.get("text") or ""
        if not text and not asked.get("blocks"):
            raise SaysNoError("no_text")
        if len(text) > MAX_TEXT:
            raise SaysNoError("msg_too_long")
        try:
            blocks.check(asked.get("blocks") or [])
        except blocks.WrongError as error:
            raise SaysNoError("invalid_blocks") from error
        metadata = asked.get("metadata")
        if metadata and not (metadata.get("event_type") and "event_payload" in metadata):
            raise SaysNoError("invalid_metadata_format")
