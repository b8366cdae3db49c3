"""Notifier in one process under a clock that the test moves: real handlers, sender and recorder."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from notifier import bootstrap
from notifier.adapters.memory import MemoryNotifierUnitOfWork
from notifier.domain.notification import Notification
from notifier.settings import NotifierSettings
from tests.unit.notifier.making import SECRET, ada, asked, requested
from tocsin.application import Application
from tocsin.bus import Consumer, Record
from tocsin.catalog import Catalog, User
from tocsin.channels import (
    Cap,
    Channel,
    ChannelInfo,
    Delivered,
    Delivery,
    ExternalRef,
    MessageDoc,
    SendResult,
)
from tocsin.events import (
    Actor,
    Envelope,
    Event,
    IncidentAcknowledged,
    IncidentTriggered,
    PageWithdrawn,
    decode,
    encode,
)
from tocsin.holder import CatalogHolder
from tocsin.lifecycle import Parts
from tocsin.testing import START, ManualClock, MemoryStore

BOB = Actor(kind="user", name="bob")
TWO_WAYS = ada(("high", "phone", "0s"), ("high", "mail", "5m"))


@dataclass
class FakeChannel:
    """A channel that answers by script, and can be held in the middle of a call."""

    info: ChannelInfo
    script: deque[SendResult | Exception] = field(default_factory=deque)
    told: list[tuple[str, str, MessageDoc]] = field(default_factory=list)
    hold: asyncio.Event | None = None
    refs: list[ExternalRef] = field(default_factory=list)

    async def send(self, delivery: Delivery, doc: MessageDoc) -> SendResult:
        self.told.append((delivery.delivery_id, delivery.address, doc))
        if self.hold is not None:
            await self.hold.wait()
        result = self.script.popleft() if self.script else Delivered()
        if isinstance(result, Exception):
            raise result
        return result

    async def update(self, delivery: Delivery, ref: ExternalRef, doc: MessageDoc) -> SendResult:
        self.refs.append(ref)
        return await self.send(delivery, doc)

    @property
    def pages(self) -> list[MessageDoc]:
        return [doc for _, _, doc in self.told if doc.purpose == "page"]

    @property
    def updates(self) -> list[MessageDoc]:
        return [doc for _, _, doc in self.told if doc.purpose != "page"]


class World:
    """What the tests see. A restart keeps the store and forgets everything in memory."""

    def __init__(self, users: dict[str, User] | None = None, *, loaded: bool = True) -> None:
        self.clock = ManualClock()
        self.store = MemoryStore(MemoryNotifierUnitOfWork)
        given = users if users is not None else {"ada": TWO_WAYS}
        catalog = Catalog(1, {("User", name): user for name, user in given.items()})
        self.catalog = CatalogHolder(catalog if loaded else None)
        self.phone = FakeChannel(ChannelInfo("webhook", Cap.SEND | Cap.UPDATE))
        self.mail = FakeChannel(ChannelInfo("email"))
        self.channels: dict[str, Channel] = {"webhook": self.phone, "email": self.mail}
        self.settings = NotifierSettings(
            secret=SECRET, public_url="https://t.example", database="postgresql://shared"
        )
        self.offset = 0
        self.app = self.start()

    def start(self) -> Application[Any]:
        """Start, or start again after a crash."""
        parts: Parts[Any] = Parts(self.store, self.clock, self.catalog, None)  # type: ignore[arg-type]
        self.app = bootstrap.build(self.settings, parts, self.channels)
        self.consumers = [
            Consumer("notifier", one, self.store, self.clock) for one in self.app.subscriptions
        ]
        return self.app

    async def hears(self, *envelopes: Envelope[Event]) -> None:
        """Take a batch from one topic."""
        records = []
        for envelope in envelopes:
            self.offset += 1
            records.append(Record(envelope.data.TOPIC, 0, self.offset, b"key", encode(envelope)))
        for consumer in self.consumers:
            if consumer.subscription.topic.name == envelopes[0].data.TOPIC:
                await consumer.consume(records)

    async def pages(self, *page_ids: str, **more: Any) -> None:
        """Take page requests, and let what is due be sent and recorded."""
        await self.hears(*(asked(requested(one, **more), self.clock.now()) for one in page_ids))
        await self.settles()

    async def settles(self) -> None:
        """Let everything under way finish and be recorded."""
        for _ in range(50):
            await asyncio.sleep(0)
        while await self.app.workers[0].run_once() or await self.app.workers[1].run_once():
            for _ in range(20):
                await asyncio.sleep(0)

    async def passes(self, duration: timedelta) -> None:
        """Let time pass, stopping at every timer on the way."""
        end = self.clock.now() + duration
        for _ in range(1000):
            due = await self.store.next_due()
            if due is None or due > end:
                break
            self.clock.move_to(due)
            await self.fires()
            await self.settles()
        self.clock.move_to(end)

    async def fires(self) -> None:
        """Fire the timers that are due."""
        async with self.store.begin() as uow:
            timers = await uow.take_due(self.clock.now(), 500)
            if timers:
                await self.app.on_timers(uow, timers, self.clock.now())

    async def facts(self) -> list[Event]:
        """Take what was published."""
        return [decode(one.value).data for one in await self.store.take_outbox()]

    async def told(self) -> list[str]:
        """Take what was published, as the names of events."""
        return [type(one).__name__ for one in await self.facts()]

    def notifications(self, purpose: str = "page") -> dict[str, Notification]:
        """Return what is stored, by contact method."""
        table: dict[str, Notification] = self.store.tables.get("notifications", {})
        return {one.contact.name: one for one in table.values() if one.purpose == purpose}

    def all(self) -> Sequence[Notification]:
        """Return everything stored."""
        return list(self.store.tables.get("notifications", {}).values())


def said(data: Event, at: datetime = START, identity: str = "") -> Envelope[Event]:
    """Put an event in an envelope."""
    if identity:
        return Envelope(data=data, time=at, source="test", event_id=identity)
    return Envelope(data=data, time=at, source="test")


def triggered(incident_id: str = "inc-1", version: int = 1) -> IncidentTriggered:
    return IncidentTriggered(
        incident_id=incident_id,
        version=version,
        number=7,
        title="Checkout is slow",
        service="checkout",
        severity="critical",
        urgency="high",
        source="generic",
    )


def acknowledged(version: int = 2, incident_id: str = "inc-1") -> IncidentAcknowledged:
    return IncidentAcknowledged(incident_id=incident_id, version=version, by=BOB)


def withdrawn(page_id: str = "page-1") -> PageWithdrawn:
    return PageWithdrawn(
        incident_id="inc-1", page_id=page_id, responder="ada", reason="reassigned to carol"
    )
