"""Connects the subscriptions to Kafka, again and again until it answers; drains them at the end."""

import asyncio
import socket
import time
from collections.abc import Sequence
from typing import Any

import structlog
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker

from tocsin import kafka, pulse, telemetry
from tocsin.bus import Consumer
from tocsin.kafka import DrainOnRevoke
from tocsin.pausing import happens
from tocsin.settings import ServiceSettings
from tocsin.turns import Turns

log = structlog.get_logger(__name__)
CHECK_SECONDS = 2.0


class Subscribers:
    """Every subscription of a service, on one broker connection."""

    def __init__(
        self, settings: ServiceSettings, name: str, consumers: Sequence[Consumer[Any]]
    ) -> None:
        """Consume for `consumers`."""
        self._settings = settings
        self._name = name
        self._consumers = consumers
        # Ours alone, and again ours after a crash: no two processes listen at one place.
        self._seat = f"{name}@{socket.gethostname()}:{settings.http}".replace(":", "-")
        self._broker: KafkaBroker | None = None
        self._drains: list[DrainOnRevoke] = []
        self._turns: Turns | None = None
        self.connected = False
        self.progress = time.monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Connect, watch, and drain when told to stop, or when one of them is dead."""
        while not stop.is_set() and not await self._connect():
            self.progress = time.monotonic()
            await happens(stop, 1.0)
        try:
            while not stop.is_set():
                await self._check()
                self.progress = time.monotonic()
                await happens(stop, CHECK_SECONDS)
        finally:
            if self._broker is not None:
                await self._drain(self._broker)
            if self._turns is not None:
                self._turns.close()

    def stalled(self) -> list[str]:
        """Return what is dead in consumers that still look alive to Kafka."""
        return pulse.stalled(self._broker) if self._broker and self.connected else []

    async def _connect(self) -> bool:
        settings = self._settings
        broker = kafka.broker_of(settings.kafka, self._name, settings.drain_timeout)
        turns = Turns(self._consumers)
        drains = [
            kafka.subscribe(broker, consumer, settings.topic_prefix, turns.of(consumer), self._seat)
            for consumer in self._consumers
        ]
        kafka.refuse_other_shapes(broker)
        try:
            async with asyncio.timeout(15):
                await broker.start()
            kafka.listen_patiently(broker)
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("kafka_away", error=repr(error))
            await _stopped(broker)
            return False
        self._broker, self._drains, self.connected = broker, drains, True
        self._turns = turns
        turns.watch(broker, settings.topic_prefix)
        log.info("consuming", consumers=[consumer.name for consumer in self._consumers])
        return True

    async def _drain(self, broker: KafkaBroker) -> None:
        # Stopping a subscriber takes its consumer away, and offsets cannot be committed without.
        for subscriber in broker.subscribers:
            subscriber.running = False
        await asyncio.gather(*(one.drain() for one in self._drains))
        kafka.leave_seats(broker)
        await broker.stop()

    async def _check(self) -> None:
        assert self._broker is not None
        if dead := pulse.stalled(self._broker):
            # Nothing inside can mend it; a new process can.
            raise RuntimeError("; ".join(dead))
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                self.connected = await self._broker.ping(timeout=CHECK_SECONDS)
        except (KafkaError, OSError, TimeoutError):
            self.connected = False
        prefix = self._settings.topic_prefix
        for group, waiting in (await pulse.lags(self._broker)).items():
            telemetry.CONSUMER_LAG.labels(group.removeprefix(prefix)).set(waiting)


async def _stopped(broker: KafkaBroker) -> None:
    try:
        async with asyncio.timeout(5):
            await broker.stop()
    except (KafkaError, OSError, TimeoutError) as error:
        log.debug("broker_discarded", error=repr(error))
