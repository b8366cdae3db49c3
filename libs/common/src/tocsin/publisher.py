"""Appends to Kafka with an idempotent producer of its own, rebuilt after any error."""

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from tocsin.errors import Unavailable
from tocsin.events import CONTENT_TYPE
from tocsin.outgoing import Outgoing
from tocsin.topics import MAX_MESSAGE_BYTES

log = structlog.get_logger(__name__)


class KafkaPublisher:
    """An idempotent producer of its own, rebuilt after any error.

    After one failed record aiokafka never gives its sequence number back, and the broker refuses
    the partition from then on: only a new producer recovers.
    """

    def __init__(
        self, bootstrap: Sequence[str], prefix: str, client_id: str, within: float
    ) -> None:
        """Connect on first use; each `send` may take `within` seconds."""
        self._bootstrap = list(bootstrap)
        self._prefix = prefix
        self._client_id = client_id
        self._within = within
        self._producer: AIOKafkaProducer | None = None
        self._turn = asyncio.Lock()
        self._stopping: set[asyncio.Task[None]] = set()

    async def send(self, outgoing: Sequence[Outgoing]) -> None:
        """Append these, in order per key; raise Unavailable if any may be missing."""
        producer = None
        try:
            async with asyncio.timeout(self._within):
                # Handed over one call after another, as they came; acks are awaited side by side.
                async with self._turn:
                    producer = await self._started()
                    acks = [await self._append(producer, one) for one in outgoing]
                await asyncio.gather(*acks)
        except (KafkaError, TimeoutError, OSError) as error:
            self._discard(producer)
            raise Unavailable(f"Kafka did not take it: {error!r}") from error
        except asyncio.CancelledError:
            self._discard(producer)  # What was in flight may or may not be there.
            raise

    async def close(self) -> None:
        """Flush and close, for at most a few seconds."""
        self._discard(self._producer)
        if self._stopping:
            await asyncio.wait(self._stopping, timeout=5)

    async def _append(self, producer: AIOKafkaProducer, one: Outgoing) -> "asyncio.Future[Any]":
        headers = [("content-type", CONTENT_TYPE)]
        if one.traceparent:
            headers.append(("traceparent", one.traceparent.encode()))
        future: asyncio.Future[Any] = await producer.send(
            self._prefix + one.topic, value=one.value, key=one.key, headers=headers
        )
        return future

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                client_id=self._client_id,
                acks="all",
                enable_idempotence=True,
                linger_ms=0,
                max_batch_size=256 * 1024,
                max_request_size=MAX_MESSAGE_BYTES,
                request_timeout_ms=15_000,
                retry_backoff_ms=50,
            )
            try:
                await producer.start()
            except BaseException:
                self._stop(producer)
                raise
            self._producer = producer
        return self._producer

    def _discard(self, producer: AIOKafkaProducer | None) -> None:
        if producer is not None and self._producer is producer:
            self._producer = None
            self._stop(producer)

    def _stop(self, producer: AIOKafkaProducer) -> None:
        # In the background: stopping waits for what is in flight, which may be for ever.
        task = asyncio.create_task(_stopped(producer))
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)


async def _stopped(producer: AIOKafkaProducer) -> None:
    try:
        async with asyncio.timeout(5):
            await producer.stop()
    except (KafkaError, TimeoutError, OSError) as error:
        log.debug("producer_discarded", error=repr(error))
