"""Socket Mode: heard as over HTTP, acknowledged when it is safe, and never heard twice."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from slack_sdk.socket_mode.response import SocketModeResponse

from notifier.adapters.channels.slack.channel import SlackChannel
from notifier.adapters.channels.slack.listening import Listening
from notifier.adapters.listener import Listener
from notifier.adapters.outbound import OutboundHttp
from tests.slack.presses import HEARING, Hands
from tests.slack.workspace import APP, BOT
from tests.slack.world import ChatWorld
from tocsin.channels import Context, DeniedError, NoAnswerError, NotSentError, Sink
from tocsin.egress import Egress
from tocsin.errors import Unavailable
from tocsin.events import AcknowledgeIncident


@dataclass
class FakeSocket:
    """One connection: what Slack says, and what it is told."""

    name: str
    log: list[str]
    says: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)
    told: list[dict[str, Any]] = field(default_factory=list)

    async def receive(self) -> str | None:
        return await self.says.get()

    async def send(self, text: str) -> None:
        self.told.append(json.loads(text))

    async def close(self) -> None:
        self.log.append(f"close {self.name}")

    def envelope(self, identity: str, kind: str, payload: object) -> None:
        said = {"envelope_id": identity, "type": kind, "payload": payload}
        self.says.put_nowait(json.dumps(said))


@dataclass
class FakeSockets:
    """Connects to the fake."""

    opened: list[FakeSocket] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    async def connect(self, url: str, *, within: timedelta) -> FakeSocket:
        del within
        assert url.startswith("wss://")
        socket = FakeSocket(str(len(self.opened)), self.log)
        self.log.append(f"open {socket.name}")
        self.opened.append(socket)
        return socket


class SocketWorld(ChatWorld):
    """A world that Slack cannot reach."""

    sockets: FakeSockets

    def connected(self) -> Hands:
        self.sockets = FakeSockets()
        options = {**HEARING, "app_token": APP, "socket_host": ".slack.test"}
        options |= {"bot_token": BOT, "api": self.slack.api}
        channel = SlackChannel(options, Context(self.near, "s", sockets=self.sockets))
        self.channels = {"slack": channel}
        super(ChatWorld, self).start()
        return Hands(self)

    @property
    def listener(self) -> Listener:
        (found,) = [one for one in self.app.workers if isinstance(one, Listener)]
        return found


async def turns(count: int = 50) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture
async def hands() -> AsyncIterator[Hands]:
    world = SocketWorld(**HEARING)
    await world.rings("inc-7")
    await world.facts()
    hands = world.connected()
    waiting = asyncio.create_task(world.listener.wait())
    await turns()
    yield hands
    waiting.cancel()
    assert world.listener._listening is not None
    world.listener._listening.cancel()
    await turns()


def world_of(hands: Hands) -> SocketWorld:
    assert isinstance(hands.world, SocketWorld)
    return hands.world


def press(hands: Hands, **more: Any) -> dict[str, Any]:
    (message,) = hands.world.in_channel()
    button = message.buttons["acknowledge"]
    act = {"action_id": button["action_id"], "action_ts": "1.0", "value": button["value"]}
    return {
        **hands.payload("ada", "block_actions"),
        "container": {"message_ts": message.ts, "channel_id": message.channel},
        "actions": [act],
        **more,
    }


async def acknowledgements(hands: Hands) -> int:
    return len([one for one in await hands.world.facts() if isinstance(one, AcknowledgeIncident)])


async def test_a_press_is_heard_acknowledged_and_answered(hands: Hands) -> None:
    (socket,) = world_of(hands).sockets.opened
    socket.says.put_nowait(json.dumps({"type": "hello"}))
    socket.envelope("e-1", "interactive", press(hands))
    await turns()

    assert await acknowledgements(hands) == 1
    assert socket.told == [SocketModeResponse(envelope_id="e-1").to_dict()]
    assert hands.told == ["You asked to acknowledge #7."]


async def test_the_same_press_in_two_envelopes_and_over_http_is_one(hands: Hands) -> None:
    (socket,) = world_of(hands).sockets.opened
    said = press(hands)
    socket.envelope("e-1", "interactive", said)
    socket.envelope("e-1", "interactive", said)
    await turns()
    await hands.sends({"payload": json.dumps(said)})

    assert await acknowledgements(hands) == 1
    assert [one["envelope_id"] for one in socket.told] == ["e-1", "e-1"]


async def test_the_new_connection_is_there_before_the_old_one_ends(hands: Hands) -> None:
    sockets = world_of(hands).sockets
    sockets.opened[0].says.put_nowait(json.dumps({"type": "disconnect", "reason": "warning"}))
    await turns()
    assert sockets.log == ["open 0", "open 1", "close 0"]
    sockets.opened[1].envelope("e-2", "interactive", press(hands))
    await turns()
    assert await acknowledgements(hands) == 1


async def test_the_connection_outlives_the_waits_of_its_worker(hands: Hands) -> None:
    for _ in range(3):
        waiting = asyncio.create_task(world_of(hands).listener.wait())
        await turns()
        waiting.cancel()
        await turns()
    assert world_of(hands).sockets.log == ["open 0"]


async def test_what_is_of_another_workspace_is_done_with_and_not_done(hands: Hands) -> None:
    (socket,) = world_of(hands).sockets.opened
    socket.envelope("e-1", "interactive", press(hands, api_app_id="A0OTHER"))
    socket.envelope("e-2", "slash_commands", {"nonsense": True})
    socket.envelope("e-3", "interactive", None)
    await turns()
    assert await acknowledgements(hands) == 0
    assert [one["envelope_id"] for one in socket.told] == ["e-1", "e-2", "e-3"]


async def test_what_could_not_be_kept_is_not_acknowledged(hands: Hands) -> None:
    listening = world_of(hands).channels["slack"]._listening  # type: ignore[attr-defined]
    assert isinstance(listening, Listening)
    sockets = world_of(hands).sockets

    async def away(heard: object) -> list[Any]:
        raise Unavailable("the database is away")

    sink: Sink = away
    task = asyncio.create_task(listening.listen(sink, world_of(hands).channels["slack"].respond))  # type: ignore[attr-defined]
    await turns()
    sockets.opened[-1].envelope("e-1", "interactive", press(hands))
    with pytest.raises(Unavailable):
        await task
    assert sockets.opened[-1].told == []
    assert sockets.log[-1] == "close 1"


async def test_a_lost_connection_is_opened_again_after_a_growing_wait(hands: Hands) -> None:
    waits: list[float] = []

    async def slept(seconds: float) -> None:
        waits.append(seconds)

    class Broken:
        async def listen(self, sink: Sink) -> None:
            del sink
            raise NoAnswerError("gone")

    listener = Listener("slack", Broken(), world_of(hands).listener._hear, slept)
    for _ in range(8):
        await listener.wait()
    assert waits == sorted(waits)
    assert waits[0] < 2
    assert waits[-1] >= 15


async def test_slack_cannot_send_us_elsewhere(hands: Hands) -> None:
    hands.world.slack.workspace.limited = False
    listening = world_of(hands).channels["slack"]._listening  # type: ignore[attr-defined]
    for url in (
        "https://evil.example",
        "https://slack.test.evil.example",
        "https://evilslack.test",
    ):
        hands.world.slack.url = url
        listening._api._base = f"{url}/api/"
        with pytest.raises(NoAnswerError, match="not its own"):
            await listening._open()


async def test_a_real_websocket_goes_both_ways_and_not_inside() -> None:
    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_bytes(b"passed over")
            await socket.send_str(f"heard {message.data}")
            if message.data == "end":
                await socket.close()
        return socket

    app = web.Application()
    app.router.add_get("/link", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"ws://127.0.0.1:{runner.addresses[0][1]}/link"
    within = timedelta(seconds=10)
    try:
        socket = await OutboundHttp(Egress(["127.0.0.0/8"])).connect(url, within=within)
        await socket.send("hello")
        assert await socket.receive() == "heard hello"
        await socket.send("end")
        assert await socket.receive() == "heard end"
        assert await socket.receive() is None
        with pytest.raises(DeniedError):
            await OutboundHttp(Egress()).connect(url, within=within)
        with pytest.raises(NotSentError):
            await OutboundHttp(Egress(["127.0.0.0/8"])).connect(url + "/no", within=within)
    finally:
        await runner.cleanup()
