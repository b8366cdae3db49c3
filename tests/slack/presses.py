"""What Slack sends when somebody acts, signed as the official library signs it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx
from slack_sdk.signature import Clock, SignatureVerifier

from notifier.adapters.channels.slack import signing
from tests.slack.server import Slack
from tests.slack.workspace import APP_ID, TEAM, Message
from tests.slack.world import PERSON, ChatWorld
from tocsin.application import Application
from tocsin.events import Command
from tocsin.testing import ManualClock

SIGNING = "8f742231b10e8888abcd99yyyzzz85a5"
HEARING = {"signing_secret": SIGNING, "team": TEAM, "app": APP_ID, "hooks": "https://slack.test/"}
FORM = "application/x-www-form-urlencoded"


@dataclass
class At(Clock):
    """The official library's clock, as ours stands."""

    seconds: float

    def now(self) -> float:
        return self.seconds


class Place(Protocol):
    """Where people act: the workspace, the time there, and the notifier that hears of it."""

    slack: Slack
    clock: ManualClock
    app: Application[Any]


@dataclass
class Clients:
    """People at Slack's clients."""

    place: Place
    count: int = 0
    team: str = TEAM
    app: str = APP_ID
    secret: str = SIGNING
    late: timedelta = timedelta(0)
    more: dict[str, str] = field(default_factory=dict)

    async def press(self, name: str, message: Message, verb: str, **more: Any) -> httpx.Response:
        """Press a button of a message, or choose the second option of a select."""
        element = message.buttons[verb]
        chosen: dict[str, Any] = (
            {"selected_option": element["options"][1]}
            if element["type"] == "static_select"
            else {"value": element["value"]}
        )
        self.count += 1
        act = {"action_id": element["action_id"], "action_ts": f"{self.count}.0", **chosen}
        said = self.payload(name, "block_actions") | {
            "container": {"message_ts": message.ts, "channel_id": message.channel},
            "actions": [act | more],
        }
        return await self.sends({"payload": json.dumps(said)})

    def payload(self, name: str, kind: str) -> dict[str, Any]:
        trigger = f"trigger-{self.count}"
        self.place.slack.workspace.triggers[trigger] = self.place.clock.now()
        return {
            "type": kind,
            "team": {"id": self.team, "domain": "tests"},
            "user": {"id": PERSON.get(name, name), "team_id": self.team},
            "api_app_id": self.app,
            "trigger_id": trigger,
            "response_url": self.place.slack.hook(f"press-{self.count}"),
        }

    async def writes_note(self, name: str, text: str) -> httpx.Response:
        """Fill in the dialog that was opened last."""
        view = self.place.slack.workspace.views[-1]
        self.count += 1
        said = self.payload(name, "view_submission")
        del said["response_url"]
        values = {"note": {"text": {"type": "plain_text_input", "value": text}}}
        said["view"] = {
            "id": f"V{self.count}",
            "private_metadata": view["private_metadata"],
            "state": {"values": values},
        }
        return await self.sends({"payload": json.dumps(said)})

    async def commands(self, name: str, text: str) -> httpx.Response:
        """Write a slash command."""
        self.count += 1
        return await self.sends(
            {
                "command": "/tocsin",
                "text": text,
                "user_id": PERSON.get(name, name),
                "team_id": self.team,
                "api_app_id": self.app,
                "channel_id": "C0PAYMENTS",
                "trigger_id": f"command-{self.count}",
                "response_url": self.place.slack.hook(f"command-{self.count}"),
            }
        )

    async def replies(self, name: str, message: Message, text: str, **more: Any) -> httpx.Response:
        """Write a reply in a message's thread."""
        self.count += 1
        event = {
            "type": "message",
            "user": PERSON.get(name, name),
            "text": text,
            "ts": f"9{self.count}.0",
            "thread_ts": message.ts,
            "channel": message.channel,
        }
        return await self.events({**event, **more})

    async def events(self, event: Mapping[str, Any], identity: str = "") -> httpx.Response:
        said = {
            "type": "event_callback",
            "team_id": self.team,
            "api_app_id": self.app,
            "event_id": identity or f"Ev{self.count}",
            "event": dict(event),
        }
        return await self.raw(json.dumps(said).encode(), "application/json")

    async def sends(self, form: Mapping[str, str]) -> httpx.Response:
        return await self.raw(urlencode(form).encode(), FORM)

    async def raw(self, body: bytes, kind: str) -> httpx.Response:
        """Send a body, signed by the official library."""
        at = (self.place.clock.now() - self.late).timestamp()
        stamp = str(int(at))
        try:
            signature = SignatureVerifier(self.secret, At(at)).generate_signature(
                timestamp=stamp, body=body
            )
        except UnicodeDecodeError:  # It signs words only.
            signature = signing.signature(self.secret, stamp, body)
        assert signature is not None
        headers = {
            "content-type": kind,
            "x-slack-request-timestamp": stamp,
            "x-slack-signature": signature,
        } | self.more
        transport = httpx.ASGITransport(app=self.place.app.http)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
            return await http.post("/i/slack/events", content=body, headers=headers)

    @property
    def told(self) -> list[str]:
        """What people were told privately, in order."""
        return [said["text"] for _, said in self.place.slack.told]


class Hands(Clients):
    """The same before a notifier alone, whose world shows what came of it."""

    @property
    def world(self) -> ChatWorld:
        assert isinstance(self.place, ChatWorld)
        return self.place


async def commands(hands: Hands) -> list[Command]:
    """Take the commands that were published."""
    return [one for one in await hands.world.facts() if isinstance(one, Command)]
