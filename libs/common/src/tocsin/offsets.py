"""Commits exact offsets a moment after the transactions they stand for, several batches at once.

The inbox is what keeps an effect from happening twice; offsets only say where to go on. A kill
before they are committed brings the last moments' batches again, to be passed over. On a revoke and
at a stop they are committed first, so that whoever is next starts where we ended.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

log = structlog.get_logger(__name__)
EVERY = 0.25
WITHIN = 5.0


class LazyOffsets:
    """The offsets of one consumer that are not committed yet."""

    def __init__(self) -> None:
        """Start with none."""
        self._consumer: Any = None
        self._ends: dict[TopicPartition, int] = {}
        self._later: asyncio.Task[None] | None = None

    def note(self, consumer: Any, records: Sequence[Any]) -> None:  # noqa: ANN401 - aiokafka's.
        """Remember that these records are handled; commit within a quarter of a second."""
        self._consumer = consumer
        for one in records:
            place = TopicPartition(one.topic, one.partition)
            self._ends[place] = max(self._ends.get(place, 0), one.offset + 1)
        if self._later is None or self._later.done():
            self._later = asyncio.create_task(self._commit_later())

    async def flush(self) -> None:
        """Commit what is not committed yet."""
        ends, self._ends = self._ends, {}
        if not ends:
            return
        try:
            async with asyncio.timeout(WITHIN):
                await self._consumer.commit(ends)
        except (KafkaError, IllegalStateError, TimeoutError) as error:
            log.info("offsets_not_committed", error=repr(error))

    async def _commit_later(self) -> None:
        while self._ends:
            await asyncio.sleep(EVERY)
            await self.flush()
