"""A broker in memory: topics with partitions, groups with offsets, at-least-once on demand."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from zlib import crc32

from tocsin.bus import Consumer, Record
from tocsin.errors import Unavailable
from tocsin.outgoing import Outgoing
from tocsin.topics import BY_NAME
from tocsin.unit_of_work import UnitOfWork

Partition = tuple[str, int]


@dataclass
class MemoryBroker:
    """Keeps records per partition; what a key holds stays in order. `away` refuses everything."""

    away: bool = False
    log: dict[Partition, list[Outgoing]] = field(default_factory=lambda: defaultdict(list))
    offsets: dict[tuple[str, Partition], int] = field(default_factory=dict)

    async def send(self, outgoing: Sequence[Outgoing]) -> None:
        """Append these, in order per key; raise Unavailable while away."""
        if self.away:
            raise Unavailable("the broker is away")
        for one in outgoing:
            partitions = BY_NAME[one.topic].partitions
            self.log[one.topic, crc32(one.key) % partitions].append(one)

    def records(self, topic: str) -> list[Outgoing]:
        """Return everything a topic holds, partition by partition."""
        return [
            one for (name, _), held in sorted(self.log.items()) if name == topic for one in held
        ]

    async def deliver(self, consumer: "Consumer[UnitOfWork]", limit: int = 500) -> int:
        """Hand a consumer its next batch and commit its offsets; return the batch's size."""
        topic = consumer.subscription.topic.name
        records: list[Record] = []
        ends: dict[Partition, int] = {}
        for place in sorted(place for place in self.log if place[0] == topic):
            start = self.offsets.get((consumer.name, place), 0)
            for offset in range(start, min(len(self.log[place]), start + limit - len(records))):
                one = self.log[place][offset]
                records.append(Record(topic, place[1], offset, one.key, one.value))
                ends[place] = offset + 1
        if records:
            await consumer.consume(records)
            self.offsets.update({(consumer.name, place): end for place, end in ends.items()})
        return len(records)

    def lose(self, topic: str) -> None:
        """Let every group be past what this topic holds, as if it had never been there."""
        for (name, partition), held in self.log.items():
            if name == topic:
                held.clear()
                for consumer, place in list(self.offsets):
                    if place == (name, partition):
                        self.offsets[consumer, place] = 0

    def rewind(self, consumer_name: str) -> None:
        """Forget a group's offsets: everything is delivered again."""
        for name, place in list(self.offsets):
            if name == consumer_name:
                self.offsets[name, place] = 0
