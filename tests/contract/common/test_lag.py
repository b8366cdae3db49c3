"""How many records wait for a consumer, on a real Kafka."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from dev.kafka import KafkaServer
from tests.contract.common.test_bus import Heard, note, on_kafka, record
from tocsin import pulse
from tocsin.events import Envelope, Event
from tocsin.testing import eventually
from tocsin.unit_of_work import UnitOfWork

pytestmark = pytest.mark.kafka


class Slow(Heard):
    """Takes a batch in hand, and has it in hand until it may."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.may = asyncio.Event(), asyncio.Event()

    async def __call__(
        self, uow: UnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
    ) -> None:
        self.begun.set()
        await self.may.wait()
        await super().__call__(uow, envelopes, now)


async def test_what_waits_behind_a_batch_is_counted_until_it_is_read(
    kafka: KafkaServer, topic_prefix: str, tmp_path: Path
) -> None:
    slow = Slow()
    async with on_kafka(kafka, topic_prefix, tmp_path, slow) as world:
        await world.broker.start()

        async def waiting() -> int:
            (lag,) = (await pulse.lags(world.broker)).values()
            return lag

        async def seven_wait() -> bool:
            return await waiting() == 7

        async def nothing_waits() -> bool:
            return await waiting() == 0

        await world.publish(record(note("in hand")))
        await slow.begun.wait()
        await world.publish(*[record(note(f"behind {number}")) for number in range(7)])
        await eventually(seven_wait, within=20)
        slow.may.set()
        await eventually(nothing_waits, within=20)
        assert list(await pulse.lags(world.broker)) == [f"{topic_prefix}test.commands"]
