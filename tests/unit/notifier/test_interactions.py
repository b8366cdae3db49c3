"""A two-way channel of a third party, as small as one can be, and what the host makes of it."""

# ruff: noqa: ARG002 - the signatures are the Protocol's.

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import pytest

from notifier.adapters.attempts import Attempts
from notifier.adapters.channels import faults
from notifier.domain import reply
from notifier.domain.contact import ContactMethod
from notifier.domain.states import Delivered, Failed
from notifier.ports import Job
from tests.unit.notifier.making import SECRET, ada, notification, page
from tests.unit.notifier.world import World, acknowledged, said, triggered
from tocsin.catalog import Catalog
from tocsin.channels import (
    Accepted,
    Cap,
    ChannelInfo,
    Delivery,
    ExternalRef,
    Handshake,
    Heard,
    HttpReply,
    Ignored,
    Interaction,
    MessageDoc,
    RawRequest,
    Reaction,
    Receipt,
    Rejected,
    SendResult,
    Sink,
    TargetGone,
    Verified,
)
from tocsin.channels import Delivered as Arrived
from tocsin.events import AcknowledgeIncident, Command, ResolveIncident
from tocsin.testing import START

PHONE_BY_PIGEON = ContactMethod("phone", "pigeon", "the third roof")
KEY = b"the pigeons' own"

INFO = ChannelInfo("pigeon", Cap.SEND | Cap.CALLBACKS | Cap.LISTEN | Cap.RECONCILE)


@dataclass
class PigeonChannel:
    """Signs with HMAC, speaks JSON, answers `coo`."""

    info: ChannelInfo = INFO
    told: list[str] = field(default_factory=list)
    responses: list[Reaction] = field(default_factory=list)
    arrived: set[str] = field(default_factory=set)
    heard_live: asyncio.Queue[Heard] = field(default_factory=asyncio.Queue)
    live_reactions: list[Reaction] = field(default_factory=list)

    async def send(self, delivery: Delivery, doc: MessageDoc) -> SendResult:
        self.told.append(delivery.delivery_id)
        return Accepted(ExternalRef(delivery.delivery_id))

    async def reconcile(self, delivery: Delivery) -> SendResult | None:
        return Arrived() if delivery.delivery_id in self.arrived else None

    def verify(self, request: RawRequest, now: datetime) -> Verified | Rejected:
        given = request.headers.get("x-pigeon", "")
        expected = hmac.digest(KEY, request.body, "sha256").hex()
        if not given.isascii() or not hmac.compare_digest(given, expected):
            return Rejected("signature")
        return Verified(request)

    def parse(self, verified: Verified) -> Sequence[Heard]:
        found = json.loads(verified.request.body)
        match found:
            case {"challenge": text}:
                return [Handshake(HttpReply(body=text.encode(), content_type="text/plain"))]
            case {"receipt": identity, "ok": ok}:
                result: SendResult = Arrived() if ok else TargetGone("shot down")
                return [Receipt(found["id"], identity, result)]
            case {"press": action, "token": token}:
                return [Interaction(found["id"], found["who"], action, token)]
            case {"text": text}:
                return [Interaction(found["id"], found["who"], text=text)]
            case _:
                return [Ignored("only cooing")]

    def acknowledge(self, heard: Sequence[Heard]) -> HttpReply:
        return HttpReply(body=b"coo", content_type="text/plain")

    async def respond(self, interaction: Interaction, reaction: Reaction) -> None:
        self.responses.append(reaction)

    async def listen(self, sink: Sink) -> None:
        while True:
            self.live_reactions += await sink([await self.heard_live.get()])


@dataclass
class Loft:
    world: World
    pigeon: PigeonChannel
    http: httpx.AsyncClient

    async def hears(self, body: Mapping[str, Any], signature: str | None = None) -> httpx.Response:
        raw = json.dumps(body).encode()
        given = hmac.digest(KEY, raw, "sha256").hex() if signature is None else signature
        return await self.http.post("/i/pigeon/events", content=raw, headers={"x-pigeon": given})

    async def commands(self) -> list[Command]:
        return [one for one in await self.world.facts() if isinstance(one, Command)]


@pytest.fixture
async def loft() -> AsyncIterator[Loft]:
    user = ada(("high", "phone", "0s"))
    methods = tuple(one.model_copy(update={"channel": "pigeon"}) for one in user.contact_methods)
    world = World({"ada": user.model_copy(update={"contact_methods": methods})})
    pigeon = PigeonChannel()
    world.channels = {"pigeon": pigeon}
    world.start()
    await world.hears(said(triggered()))
    await world.pages("page-1")
    await world.facts()
    transport = httpx.ASGITransport(app=world.app.http)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as http:
        yield Loft(world, pigeon, http)


PRESS = {
    "id": "e-1",
    "who": "P-ADA",
    "press": "acknowledge",
    "token": reply.link_token(SECRET, "page-1"),
}


def test_it_is_a_channel() -> None:
    assert faults("pigeon", PigeonChannel()) == []


async def test_a_press_becomes_a_command_of_the_person_behind_the_identity(loft: Loft) -> None:
    answer = await loft.hears(PRESS)

    assert (answer.status_code, answer.text) == (200, "coo")
    (command,) = await loft.commands()
    assert isinstance(command, AcknowledgeIncident)
    assert (command.by.name, command.via, command.incident_id) == ("ada", "pigeon", "inc-1")
    assert [one.answer for one in loft.pigeon.responses] == ["done"]


async def test_a_press_delivered_twice_has_one_effect(loft: Loft) -> None:
    await loft.hears(PRESS)
    await loft.hears(PRESS)

    assert len(await loft.commands()) == 1
    assert [one.answer for one in loft.pigeon.responses] == ["done", "already"]


@pytest.mark.parametrize("signature", ["", "0" * 64, "ä", "x" * 10_000])
async def test_a_wrong_signature_is_401_and_has_no_effect(loft: Loft, signature: str) -> None:
    raw = json.dumps(PRESS).encode()
    answer = await loft.http.post(
        "/i/pigeon/events", content=raw, headers=[(b"x-pigeon", signature.encode())]
    )

    assert answer.status_code == 401
    assert "signature" not in answer.json().get("reason", "")
    assert await loft.commands() == []


async def test_somebody_the_catalog_does_not_know_can_press_nothing(loft: Loft) -> None:
    await loft.hears({**PRESS, "who": "P-EVE"})

    assert await loft.commands() == []
    assert [one.answer for one in loft.pigeon.responses] == ["unknown-person"]


async def test_somebody_who_has_left_can_press_nothing_any_more(loft: Loft) -> None:
    loft.world.catalog.replace(Catalog(2, {}))
    await loft.hears(PRESS)

    assert await loft.commands() == []


@pytest.mark.parametrize("token", ["", "A" * 22, "inc-1"])
async def test_a_token_that_is_none_has_no_effect(loft: Loft, token: str) -> None:
    await loft.hears({**PRESS, "token": token})

    assert await loft.commands() == []
    assert [one.answer for one in loft.pigeon.responses] == ["unknown-incident"]


async def test_a_stale_button_never_reopens(loft: Loft) -> None:
    await loft.world.hears(said(acknowledged()))
    await loft.world.facts()
    await loft.hears(PRESS)

    assert await loft.commands() == []
    assert loft.pigeon.responses == [Reaction("already", "Already acknowledged by bob.")]


@pytest.mark.parametrize("said_in", [PRESS, {"id": "e-1", "who": "P-ADA", "text": "ack 7"}])
async def test_who_was_asked_after_that_answers_for_themselves(
    loft: Loft, said_in: dict[str, str]
) -> None:
    await loft.world.hears(said(acknowledged()))
    await loft.world.pages("page-2", incident_version=3)
    await loft.world.facts()
    await loft.hears(said_in)

    (command,) = await loft.commands()
    assert isinstance(command, AcknowledgeIncident)
    assert [one.answer for one in loft.pigeon.responses] == ["done"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [("ack 7", AcknowledgeIncident), ("ack", AcknowledgeIncident), ("resolve 7", ResolveIncident)],
)
async def test_words_become_commands(loft: Loft, text: str, kind: type[Command]) -> None:
    await loft.hears({"id": "e-2", "who": "P-ADA", "text": text})

    (command,) = await loft.commands()
    assert isinstance(command, kind)


@pytest.mark.parametrize("text", ["ack 99", "hello", ""])
async def test_words_that_mean_nothing_are_answered(loft: Loft, text: str) -> None:
    await loft.hears({"id": "e-2", "who": "P-ADA", "text": text})

    assert await loft.commands() == []
    assert len(loft.pigeon.responses) == 1


async def test_a_handshake_is_answered(loft: Loft) -> None:
    answer = await loft.hears({"challenge": "echo me"})

    assert answer.text == "echo me"


async def test_a_body_that_is_too_large_is_refused(loft: Loft) -> None:
    answer = await loft.http.post("/i/pigeon/x", content=b"x" * (1024 * 1024 + 1))

    assert answer.status_code == 413


async def test_a_receipt_makes_sent_delivered(loft: Loft) -> None:
    await loft.hears({"id": "r-1", "receipt": loft.pigeon.told[0], "ok": True})

    assert isinstance(loft.world.notifications()["phone"].state, Delivered)
    assert await loft.world.told() == ["NotificationDelivered"]


async def test_a_bounce_fails_over(loft: Loft) -> None:
    await loft.hears({"id": "r-1", "receipt": loft.pigeon.told[0], "ok": False})

    assert isinstance(loft.world.notifications()["phone"].state, Failed)
    assert await loft.world.told() == ["NotificationFailed", "ResponderUnreachable"]


async def test_before_a_repeat_the_provider_is_asked() -> None:
    pigeon = PigeonChannel()
    repeat = (
        notification("n-1", contact=PHONE_BY_PIGEON, repeat_possible=True).claim(START).notification
    )
    job = Job(repeat, page(), None)
    attempts = Attempts({"pigeon": pigeon}, secret=SECRET, public_url="")

    pigeon.arrived.add("n-1")
    assert await attempts.attempt(job, START) == Arrived()
    assert pigeon.told == []

    pigeon.arrived.clear()
    assert isinstance(await attempts.attempt(job, START), Accepted)
    assert pigeon.told == ["n-1"]


async def test_what_is_heard_over_an_own_connection_counts_the_same(loft: Loft) -> None:
    (listener,) = [one for one in loft.world.app.workers if one.name == "notifier.pigeon"]
    assert not await listener.run_once()
    listening = asyncio.create_task(listener.wait())
    await loft.pigeon.heard_live.put(Interaction("live-1", "P-ADA", "acknowledge", PRESS["token"]))
    for _ in range(20):
        await asyncio.sleep(0)
    listening.cancel()

    assert len(await loft.commands()) == 1
    assert [one.answer for one in loft.pigeon.live_reactions] == ["done"]
