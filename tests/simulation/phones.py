"""The telephones of the world, and the provider between them and the notifier."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.simulation.plan import Mood
from tocsin.channels import (
    Accepted,
    Cap,
    ChannelInfo,
    Delivered,
    Delivery,
    ExternalRef,
    Heard,
    HttpReply,
    Interaction,
    MessageDoc,
    RawRequest,
    Reaction,
    Receipt,
    Rejected,
    SendResult,
    TargetGone,
    Transient,
    Unknown,
    Verified,
)

if TYPE_CHECKING:
    from tests.simulation.process import Process

NAME = "device"
SLOW = 7.0  # Seconds, within what a call may take.


@dataclass
class Ring:
    """A message that reached a device, and whether the caller heard so."""

    number: int
    at: datetime
    moment: float
    address: str
    delivery_id: str
    attempt: int
    incident_id: str
    purpose: str
    is_repeat: bool
    link: str
    process: "Process"
    freezes: int
    was_frozen: bool  # Its process stood still between its last look and the call.
    answered: bool = False

    @property
    def owner(self) -> str:
        """Whose device it is."""
        return self.address.partition("/")[0]


class Phones:
    """What rang, and how the provider is minded."""

    def __init__(self) -> None:
        self.rings: list[Ring] = []
        self.moods: dict[str, list[Mood]] = {}
        self.answers: dict[tuple[str, int], list[str]] = {}
        self.receipts: set[str] = set()  # Deliveries that somebody said had arrived.
        self.on_ring: Callable[[Ring], None] = lambda _ring: None
        self.on_receipt: Callable[[str, str, float], None] = lambda _id, _what, _after: None

    def of(self, owner: str) -> list[Ring]:
        """Return what this person was sent with a link."""
        return [ring for ring in self.rings if ring.owner == owner and ring.link]

    def pages(self) -> list[Ring]:
        """Return what woke people."""
        return [ring for ring in self.rings if ring.purpose == "page"]

    def mood(self, address: str) -> Mood | None:
        """Return how the next call is answered."""
        waiting = self.moods.get(address)
        return waiting.pop(0) if waiting else None


class PhoneChannel:
    """Calls devices for one process of the notifier."""

    info = ChannelInfo(
        name=NAME,
        caps=Cap.SEND | Cap.UPDATE | Cap.CALLBACKS,
        deadline=timedelta(seconds=10),
        max_in_flight=3,
    )

    def __init__(self, phones: Phones, process: "Process") -> None:
        self._phones = phones
        self._process = process

    async def send(self, delivery: Delivery, doc: MessageDoc) -> SendResult:
        """Ring."""
        return await self._call(delivery, doc)

    async def update(self, delivery: Delivery, ref: ExternalRef, doc: MessageDoc) -> SendResult:
        """Say what became of it."""
        del ref
        return await self._call(delivery, doc)

    async def _call(self, delivery: Delivery, doc: MessageDoc) -> SendResult:
        freezes = self._process.freezes
        await self._process.reach("before call")
        mood = self._phones.mood(delivery.address)
        result: SendResult
        if mood == "refused":
            result = Transient("the device refuses")
        elif mood == "gone":
            result = TargetGone("the device is gone")
        else:
            ring = self._ring(delivery, doc, was_frozen=freezes != self._process.freezes)
            result = await self._answer(mood, delivery)
            await self._process.reach("after call")
            ring.answered = not isinstance(result, Unknown)
        told = self._phones.answers.setdefault((delivery.delivery_id, delivery.attempt), [])
        told.append(type(result).__name__)
        return result

    async def _answer(self, mood: Mood | None, delivery: Delivery) -> SendResult:
        match mood:
            case "lost":
                return Unknown("the connection broke after the request")
            case "hung":
                await asyncio.Future()
            case "slow":
                await asyncio.sleep(SLOW)
            case "accepted" | "told twice" | "lying":
                self._receipts(mood, delivery)
                return Accepted(ExternalRef(delivery.delivery_id))
            case _:
                pass
        return Delivered(ExternalRef(delivery.delivery_id))

    def _receipts(self, mood: Mood, delivery: Delivery) -> None:
        tell = self._phones.on_receipt
        self._phones.receipts.add(delivery.delivery_id)
        tell(delivery.delivery_id, "delivered", 2.0)
        if mood == "told twice":
            tell(delivery.delivery_id, "delivered", 0.0)
            tell(delivery.delivery_id, "delivered", 40.0)
        if mood == "lying":
            tell(delivery.delivery_id, "gone", 1.0)

    def _ring(self, delivery: Delivery, doc: MessageDoc, *, was_frozen: bool) -> Ring:
        links = {button.action: button.url for button in reversed(doc.buttons)}
        ring = Ring(
            number=len(self._phones.rings),
            at=self._process.clock.now(),
            moment=asyncio.get_running_loop().time(),
            address=delivery.address,
            delivery_id=delivery.delivery_id,
            attempt=delivery.attempt,
            incident_id=doc.incident_id,
            purpose=doc.purpose,
            is_repeat=doc.repeat_possible,
            link=links.get("acknowledge", ""),
            process=self._process,
            freezes=self._process.freezes,
            was_frozen=was_frozen,
        )
        self._phones.on_ring(ring)
        self._phones.rings.append(ring)
        return ring

    def verify(self, request: RawRequest, now: datetime) -> Verified | Rejected:
        """Trust the provider."""
        del now
        return Verified(request)

    def parse(self, verified: Verified) -> Sequence[Heard]:
        """Return the receipt that a callback holds."""
        told = json.loads(verified.request.body)
        result = Delivered() if told["what"] == "delivered" else TargetGone("it never arrived")
        return [Receipt(told["id"], told["delivery"], result)]

    def acknowledge(self, heard: Sequence[Heard]) -> HttpReply:
        """Say thanks."""
        del heard
        return HttpReply()

    async def respond(self, interaction: Interaction, reaction: Reaction) -> None:
        """Nobody acts here."""
        del interaction, reaction
