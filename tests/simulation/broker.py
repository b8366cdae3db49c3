"""The broker of the simulation: groups, positions, and everything a broker may do to a reader."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING
from zlib import crc32

from tocsin.bus import Record
from tocsin.outgoing import Outgoing
from tocsin.testing import MemoryBroker
from tocsin.testing.broker import Partition
from tocsin.topics import BY_NAME

if TYPE_CHECKING:
    from tests.simulation.process import Process

AT_ONCE = 40  # Records of one batch at most.


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that the broker has acknowledged, and when."""

    at: datetime
    outgoing: Outgoing


@dataclass(frozen=True, slots=True)
class Fetched:
    """A batch, and where its reader is behind it."""

    records: list[Record]
    ends: dict[Partition, int]


@dataclass
class Group:
    """The processes that read for one consumer, and how far each has read."""

    members: list["Process"] = field(default_factory=list)
    shift: int = 0
    silent_until: float = 0.0
    positions: dict[Partition, tuple["Process", int]] = field(default_factory=dict)

    def owner(self, place: Partition) -> "Process | None":
        """Return who reads this partition now."""
        if not self.members:
            return None
        ordered = sorted(self.members, key=lambda one: one.replica)
        return ordered[(place[1] + self.shift) % len(ordered)]


class GroupBroker(MemoryBroker):
    """A memory broker with groups. What it acknowledged is kept in `history`, in order."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self.now = now
        self.history: list[Kept] = []
        self.groups: defaultdict[str, Group] = defaultdict(Group)
        # Grows with all that may give a reader something to read; who had nothing, looks then.
        self._changes = 0
        self._had_nothing: dict[tuple[str, int], int] = {}

    async def send(self, outgoing: Sequence[Outgoing]) -> None:
        """Append these, and remember when."""
        await super().send(outgoing)
        self.history += [Kept(self.now(), one) for one in outgoing]
        self._changes += 1

    def append(self, outgoing: Sequence[Outgoing]) -> None:
        """Append these at once: what only somebody does who has no outbox."""
        for one in outgoing:
            place = (one.topic, crc32(one.key) % BY_NAME[one.topic].partitions)
            self.log[place].append(one)
            self.history.append(Kept(self.now(), one))
        self._changes += 1

    def join(self, name: str, process: "Process") -> None:
        """Let a process read for a group."""
        if process not in self.groups[name].members:
            self.groups[name].members.append(process)
            self._changes += 1

    def leave(self, name: str, process: "Process") -> None:
        """Give the partitions of a process to the others."""
        if process in self.groups[name].members:
            self.groups[name].members.remove(process)
            self._changes += 1

    def rebalance(self, name: str, back: int) -> None:
        """Move partitions on; offsets of some last batches were never committed."""
        group = self.groups[name]
        group.shift += 1
        group.positions.clear()
        self._changes += 1
        if back:
            for key in [key for key in self.offsets if key[0] == name]:
                self.offsets[key] = max(self.offsets[key] - back, 0)

    def double(self, topic: str, count: int) -> None:
        """Keep the last records of each partition once more, in their order."""
        for (name, _), held in self.log.items():
            if name == topic:
                again = held[-count:]
                held.extend(again)
                self.history += [Kept(self.now(), one) for one in again]
        self._changes += 1

    def _waiting(
        self, process: "Process", name: str, topic: str
    ) -> Iterator[tuple[Partition, int]]:
        group = self.groups[name]
        for place, held in self.log.items():
            if place[0] != topic:
                continue
            reader, position = group.positions.get(place, (None, 0))
            if reader is not process:
                position = self.offsets.get((name, place), 0)
            if position < len(held) and group.owner(place) is process:
                yield place, position

    def has_some(self, process: "Process", name: str, topic: str, moment: float) -> bool:
        """Return whether there is something for this process to read."""
        group = self.groups[name]
        if self.away or group.silent_until > moment or process not in group.members:
            return False
        if self._had_nothing.get((name, process.number)) == self._changes:
            return False
        found = any(True for _ in self._waiting(process, name, topic))
        if not found:
            self._had_nothing[name, process.number] = self._changes
        return found

    def fetch(self, process: "Process", name: str, topic: str, chance: Random) -> Fetched:
        """Hand out a batch: of some partitions, each from where its reader is."""
        waiting = sorted(self._waiting(process, name, topic))
        taken = chance.sample(waiting, chance.randint(1, len(waiting))) if waiting else []
        records: list[Record] = []
        ends: dict[Partition, int] = {}
        for place, position in taken:
            held = self.log[place]
            end = min(len(held), position + chance.choice((1, 2, AT_ONCE, AT_ONCE)))
            for offset in range(position, end):
                one = held[offset]
                records.append(Record(topic, place[1], offset, one.key, one.value))
            ends[place] = end
            self.groups[name].positions[place] = (process, end)
        return Fetched(records, ends)

    def put_back(self, process: "Process", name: str, fetched: Fetched) -> None:
        """Take up again where the committed offsets are."""
        positions = self.groups[name].positions
        self._changes += 1
        for place in fetched.ends:
            if positions.get(place, (None, 0))[0] is process:
                del positions[place]

    def commit(self, process: "Process", name: str, fetched: Fetched) -> None:
        """Commit offsets; of partitions that have moved meanwhile, none."""
        group = self.groups[name]
        for place, end in fetched.ends.items():
            if group.owner(place) is process and process in group.members:
                self.offsets[name, place] = end
