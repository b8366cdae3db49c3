"""What the system says happened: its topics from the first record on, its lists, its timelines."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from dev.chaos.town import OF_SERVICE, STREETS
from dev.ports import LOOPBACK
from dev.running import Running
from tocsin.errors import Undecodable
from tocsin.events import (
    CommandRefused,
    Envelope,
    Event,
    IncidentEvent,
    IncidentTriggered,
    NotificationDelivered,
    NotificationEvent,
    NotificationSent,
    NotificationUncertain,
    PageRequested,
    PageWithdrawn,
    ResponderUnreachable,
    decode,
)
from tocsin.topics import BY_NAME

TOPICS = ("incidents", "pages", "notifications")
READ_WITHIN = 600.0  # The whole of a long run; further looks read what is new.
AT_ONCE = 8
OK, MISSING = 200, 404


@dataclass(frozen=True, slots=True)
class PageFact:
    """A page as it was requested."""

    page_id: str
    incident: str
    responder: str
    level: int
    service: str


@dataclass
class Facts:
    """All of it, by identity."""

    alerts: dict[str, list[tuple[str, str | None, int]]] = field(default_factory=dict)
    incidents: dict[str, dict[str, Any]] = field(default_factory=dict)
    opened: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    versions: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    pages: dict[str, PageFact] = field(default_factory=dict)
    outcomes: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    uncertain: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    summarised: set[tuple[str, str, str]] = field(default_factory=set)
    differing: list[str] = field(default_factory=list)
    timelines: dict[str, str] = field(default_factory=dict)
    records: int = 0
    copies: int = 0
    unreadable: int = 0
    seen: dict[str, int] = field(default_factory=dict)  # The hash of each event, by its id.
    positions: defaultdict[TopicPartition, int] = field(default_factory=lambda: defaultdict(int))

    def take(self, records: Iterable[ConsumerRecord]) -> None:
        """Take up further records of one partition, in order."""
        for record in records:
            value = record.value or b""
            try:
                envelope = decode(value)
            except Undecodable:
                self.unreadable += 1
                continue
            self.records += 1
            # An event's key decides its partition, so a copy of it comes in the same one. What is
            # kept is small: a long run has a million of them.
            known = self.seen.get(envelope.event_id)
            if known is None:
                self.seen[envelope.event_id] = hash(value)
                self._take(envelope)
                continue
            self.copies += 1
            if known != hash(value):
                self.differing.append(envelope.event_id)

    def _take(self, envelope: Envelope[Event]) -> None:
        data = envelope.data
        if isinstance(data, IncidentEvent):
            self._take_incident(data)
        elif data.TYPE == CommandRefused.TYPE:
            self.refused.add(data.key)
        elif isinstance(data, PageRequested) and _is_ours(data.service):
            self.pages[data.page_id] = PageFact(
                data.page_id, data.incident_id, data.responder, data.level, data.service
            )
        elif isinstance(data, PageWithdrawn | ResponderUnreachable | NotificationEvent):
            self._take_outcome(data)

    def _take_incident(self, data: IncidentEvent) -> None:
        if isinstance(data, IncidentTriggered):
            if data.again:
                return  # No news.
            if data.alert is not None and _is_ours(data.service):
                self.opened[data.alert.dedup_key].add(data.incident_id)
        self.versions[data.incident_id].append(data.version)

    def _take_outcome(self, data: PageWithdrawn | ResponderUnreachable | NotificationEvent) -> None:
        self.outcomes[data.page_id].add(data.TYPE)
        if isinstance(data, NotificationUncertain):
            self.uncertain.add(data.notification_id)
        if isinstance(data, NotificationSent | NotificationDelivered) and data.summary_id:
            self.summarised.add((data.incident_id, data.responder, data.summary_id))


def _is_ours(service: str) -> bool:
    """Whether it is of the load, and not about Tocsin itself."""
    return service in OF_SERVICE


def brokers(system: Running) -> list[str]:
    """Return the addresses of a system's brokers."""
    return [f"{LOOPBACK}:{port}" for port, _ in system.layout.broker_ports().values()]


async def add_topics(facts: Facts, bootstrap: list[str]) -> None:
    """Read the topics on, from where they were read to the last time to where they end now."""
    places = [
        TopicPartition(f"tocsin.{name}", number)
        for name in TOPICS
        for number in range(BY_NAME[name].partitions)
    ]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    async with asyncio.timeout(READ_WITHIN):
        await consumer.start()
        try:
            consumer.assign(places)
            ends = await consumer.end_offsets(places)
            for place in places:
                consumer.seek(place, facts.positions[place])
            while any(facts.positions[place] < ends[place] for place in places):
                batches = await consumer.getmany(timeout_ms=500, max_records=5000)
                for place, batch in batches.items():
                    facts.take(batch)
                    facts.positions[place] = batch[-1].offset + 1
        finally:
            await consumer.stop()


async def add_lists(facts: Facts, system: Running) -> None:
    """Ask anew what intake lists."""
    facts.alerts.clear()
    facts.incidents.clear()
    async with _session(system) as session:
        for street in STREETS:
            url = f"{system.intake}/v1/alerts?limit=500&service={street.service}"
            async for item in _items(session, url):
                facts.alerts.setdefault(item["dedup_key"], []).append(
                    (item["status"], item["incident"], item["times_received"])
                )
            url = f"{system.intake}/v1/incidents?limit=500&service={street.service}"
            async for item in _items(session, url):
                facts.incidents[item["id"]] = item


async def add_timelines(facts: Facts, system: Running, incidents: Iterable[str]) -> None:
    """Add the timelines of these incidents."""
    waiting = iter(list(incidents))

    async def ask(session: aiohttp.ClientSession) -> None:
        for incident in waiting:
            url = f"{system.postmortem}/v1/timelines/{incident}"
            try:
                lines = [item["text"] async for item in _items(session, url)]
            except aiohttp.ClientResponseError as error:
                if error.status != MISSING:
                    raise
                continue
            facts.timelines[incident] = "\n".join(lines)

    async with _session(system) as session, asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(ask(session))


def _session(system: Running) -> aiohttp.ClientSession:
    headers = {"Authorization": f"Bearer {system.token}"}
    return aiohttp.ClientSession(
        headers=headers, raise_for_status=True, timeout=aiohttp.ClientTimeout(total=30)
    )


async def _items(session: aiohttp.ClientSession, url: str) -> AsyncIterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        async with session.get(url, params={"cursor": cursor} if cursor else None) as answer:
            page = await answer.json()
        for item in page["items"]:
            yield item
        cursor = page["next"]
        if not cursor:
            return
