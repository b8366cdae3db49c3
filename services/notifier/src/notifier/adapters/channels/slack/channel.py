"""The channel `slack`: messages by a bot of the customer's own app."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from notifier.adapters.channels.slack.answering import Answers
from notifier.adapters.channels.slack.api import API, Answered, SlackApi
from notifier.adapters.channels.slack.blocks import Message, message_of
from notifier.adapters.channels.slack.hearing import Home
from notifier.adapters.channels.slack.listening import HOST, Listening
from notifier.adapters.channels.slack.pace import Pace
from notifier.adapters.channels.slack.signing import verified
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
    Heard,
    HttpReply,
    Interaction,
    MessageDoc,
    RateLimited,
    RawRequest,
    Reaction,
    Rejected,
    SendResult,
    Sink,
    TargetGone,
    Verified,
)

FIRST = timedelta(seconds=6)
SECOND = timedelta(seconds=3.5)
# As Slack documents: a message a second in one conversation, with bursts; tier 3, 50 a minute.
POSTS = (timedelta(seconds=1), 1)
# What is not a page leaves room for pages: the whole workspace has a limit that is not told.
OTHERS = (timedelta(seconds=1), 5)
EDITS = (timedelta(seconds=1.2), 5)
EVENT = "tocsin_delivery"
SEEN = 100  # So many of a conversation's last messages are looked at for one of ours.
SCOPES = frozenset({"chat:write", "im:write", "im:history", "channels:history", "commands"})
NO_TOKEN = Config("no bot token is set up (NOTIFIER_SLACK_BOT_TOKEN)")
ITS_TURN = "waits for its turn, as Slack's rate limit asks"
_CONVERSATION = re.compile(r"[UWCGD][A-Z0-9]{2,30}")
_MESSAGE = re.compile(r"[0-9]{1,20}\.[0-9]{1,10}")


class SlackChannel:
    """Options: `bot_token`, `signing_secret`, `app_token`, `team`, `app`, `api` and `hooks`.

    There may be two signing secrets, with a comma, while one replaces the other. Presses of
    `team` and `app` are heard. `api` and `hooks` are where Slack's API and answers are.

    An address is the id of a person (`U…`), who gets a direct message, or of a channel (`C…`).
    """

    info = ChannelInfo(
        name="slack",
        caps=Cap.SEND | Cap.UPDATE | Cap.IN_PLACE | Cap.RECONCILE | Cap.CHECK | Cap.CALLBACKS,
        deadline=FIRST + SECOND,
        max_in_flight=32,
        max_in_flight_per_host=32,
    )

    def __init__(self, options: Mapping[str, str], context: Context) -> None:
        """Call by the host's guarded HTTP."""
        token = options.get("bot_token", "")
        if token and not token.startswith("xoxb-"):
            raise ValueError("bot_token: is the one that starts with xoxb-")
        self._token = token
        self._secrets = tuple(filter(None, options.get("signing_secret", "").split(",")))
        app_token = options.get("app_token", "")
        self._hears = bool(self._secrets or app_token)
        team, app = options.get("team", ""), options.get("app", "")
        if self._hears and not (team and app):
            raise ValueError("team and app: say whose presses are heard (SLACK_TEAM, SLACK_APP)")
        self._home = Home(team, app)
        self._listening = _listening(options, context, self._home) if app_token else None
        caps = Cap.SEND | Cap.UPDATE | Cap.IN_PLACE | Cap.RECONCILE | Cap.CHECK | Cap.CALLBACKS
        self.info = replace(self.info, caps=caps | (Cap.LISTEN if app_token else caps))
        self._answers = Answers(
            context.http, SlackApi(context.http, options.get("api") or API, token), options
        )
        self._api = SlackApi(context.http, options.get("api") or API, token)
        self._posts = Pace(*POSTS)
        self._others = Pace(*OTHERS)
        self._edits = Pace(*EDITS)

    async def send(self, delivery: Delivery, doc: MessageDoc) -> SendResult:
        """Post the message; without its blocks, where Slack refuses them."""
        if not self._token:
            return NO_TOKEN
        if not _CONVERSATION.fullmatch(delivery.address):
            return TargetGone("the address is not the id of a person (U…) or a channel (C…)")
        if doc.purpose != "page":
            wait = self._others.wait("", delivery.delivery_id, delivery.at)
            if wait:
                return RateLimited(ITS_TURN, wait)
        where = {"channel": delivery.address, "metadata": _identity(delivery)}
        message = message_of(doc, hears=self._hears)
        said = await self._paced(self._posts, "chat.postMessage", where, message, delivery)
        return _referred(said)

    async def update(self, delivery: Delivery, ref: ExternalRef, doc: MessageDoc) -> SendResult:
        """Write the message anew as things stand."""
        if not self._token:
            return NO_TOKEN
        if not _MESSAGE.fullmatch(ref.message) or not _CONVERSATION.fullmatch(ref.conversation):
            return TargetGone("what is known of the message is not a reference of Slack's")
        where = {"channel": ref.conversation, "ts": ref.message}
        message = message_of(doc, hears=self._hears)
        said = await self._paced(self._edits, "chat.update", where, message, delivery)
        return _referred(said)

    async def reconcile(self, delivery: Delivery) -> SendResult | None:
        """Look for the message among the last ones; None where it is not, or cannot be seen."""
        conversation = delivery.address
        if conversation[:1] in {"U", "W"}:
            opened = await self._api.write(
                "conversations.open", {"users": conversation}, SECOND, delivery.at
            )
            if not isinstance(opened, dict):
                return None
            conversation = str(opened.get("channel", {}).get("id", ""))
        asked = {
            "channel": conversation,
            "limit": str(SEEN),
            "include_all_metadata": "true",
        }
        read = await self._api.read("conversations.history", asked, SECOND, delivery.at)
        if not isinstance(read, dict):
            return None
        for message in read.get("messages", ()):
            payload = message.get("metadata", {}).get("event_payload", {})
            if payload.get("delivery_id") == delivery.delivery_id:
                return Accepted(ExternalRef(str(message["ts"]), conversation))
        return None

    async def check(self) -> list[Finding]:
        """Ask Slack who we are."""
        if not self._token:
            return [Finding(False, NO_TOKEN.reason)]
        # The instant matters only to a Retry-After that is a date, and Slack gives seconds.
        said = await self._api.read("auth.test", {}, FIRST, datetime.min)  # noqa: DTZ901
        if not isinstance(said, dict):
            return [Finding(False, getattr(said, "reason", "Slack does not answer"))]
        who, where = said.get("user", "?"), said.get("team", "?")
        return [Finding(True, f"Slack knows us as {who} in {where} ({said.get('team_id', '?')})")]

    def verify(self, request: RawRequest, now: datetime) -> Verified | Rejected:
        """Check the signature on the raw bytes, and its time."""
        return verified(request, self._secrets, now)

    def parse(self, verified: Verified) -> Sequence[Heard] | Rejected:
        """Return what was pressed or written."""
        return self._home.heard(verified.request)

    def acknowledge(self, heard: Sequence[Heard]) -> HttpReply:
        """Say that it has arrived; the person is told by `respond`."""
        del heard
        return HttpReply()

    async def respond(self, interaction: Interaction, reaction: Reaction) -> None:
        """Tell whoever acted, and nobody else."""
        await self._answers.tell(interaction, reaction)

    async def listen(self, sink: Sink) -> None:
        """Hear by Socket Mode, where there is a token for it."""
        if self._listening is not None:
            await self._listening.listen(sink, self._answers.tell)

    async def _paced(
        self,
        pace: Pace,
        method: str,
        where: Mapping[str, Any],
        message: Message,
        delivery: Delivery,
    ) -> Answered | SendResult:
        line = where["channel"] if pace is self._posts else method
        wait = pace.wait(line, delivery.delivery_id, delivery.at, first=message.is_for_many)
        if wait:
            return RateLimited(ITS_TURN, wait)
        full = {**where, **_without_surprises(message.text), "blocks": message.blocks}
        said = await self._api.write(method, full, FIRST, delivery.at)
        if isinstance(said, Content):
            plain = {**where, **_without_surprises(message.text), "blocks": []}
            said = await self._api.write(method, plain, SECOND, delivery.at)
        if isinstance(said, RateLimited):
            until = delivery.at + (said.retry_after or timedelta(seconds=1))
            pace.hold(line, until)
            if pace is self._posts:
                self._others.hold("", until)
        return said


def _listening(options: Mapping[str, str], context: Context, home: Home) -> Listening:
    if context.sockets is None:
        raise ValueError("app_token: this host has no WebSockets")
    api = SlackApi(context.http, options.get("api") or API, options["app_token"])
    return Listening(api, context.sockets, home, options.get("socket_host") or HOST)


def _without_surprises(text: str) -> dict[str, Any]:
    """Return the text with everything off that would make more of it than it says."""
    return {
        "text": text,
        "mrkdwn": False,
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _identity(delivery: Delivery) -> dict[str, Any]:
    return {"event_type": EVENT, "event_payload": {"delivery_id": delivery.delivery_id}}


def _referred(said: Answered | SendResult) -> SendResult:
    if not isinstance(said, dict):
        return said
    return Accepted(ExternalRef(str(said.get("ts", "")), str(said.get("channel", ""))))
