"""Outbox to inbox: per key in the order of commits, nothing lost, no repeat without a cause."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from tests.stateful.machine import CRASHES, Crash, Killable, Machine, run_machine
from tocsin.application import Subscription
from tocsin.bus import Consumer, Record
from tocsin.errors import Unavailable
from tocsin.events import Actor, AddNote, Envelope, Event, decode
from tocsin.outgoing import Outgoing
from tocsin.relay import LEASE, Relay
from tocsin.sql import SqlUnitOfWork
from tocsin.testing import MemoryStore, MemoryUnitOfWork
from tocsin.topics import COMMANDS
from tocsin.unit_of_work import UnitOfWork

Fate = Literal["taken", "refused", "taken in part", "taken, but no answer", "slow"]
FATES: tuple[Fate, ...] = (
    "taken",
    "taken",
    "taken",
    "refused",
    "taken in part",
    "taken, but no answer",
    "slow",
)
KEYS = ("a", "b", "c")
ADA = Actor(kind="user", name="ada")


@dataclass
class Log:
    """What Kafka holds, in order; each send has the fate that the machine chose for it."""

    fate: Fate = "taken"
    records: list[tuple[str, Outgoing]] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[None]] | None = None
    acked: defaultdict[bytes, list[str]] = field(default_factory=lambda: defaultdict(list))


@dataclass
class Producer:
    """The producer of one relay; `life` tells this relay from those before and after it."""

    log: Log
    life: str

    async def send(self, outgoing: Sequence[Outgoing]) -> None:
        fate, self.log.fate = self.log.fate, "taken"
        if fate == "refused":
            raise Unavailable("refused")
        if fate == "slow" and self.log.meanwhile:
            await self.log.meanwhile()
        # In part: one key's partition has lost its leader, the others take what is theirs.
        lost = outgoing[0].key if fate == "taken in part" else None
        taken = [one for one in outgoing if one.key != lost]
        self.log.records += [(self.life, one) for one in taken]
        if fate in {"taken in part", "taken, but no answer"}:
            raise Unavailable("no answer")
        for one in outgoing:
            self.log.acked[one.value].append(self.life)


class Relaying(Machine):
    """Two relays of one service over one outbox, and a consumer that may die as well."""

    def __init__(self) -> None:
        super().__init__("sqlite", "tests.recipe_service", MemoryUnitOfWork, SqlUnitOfWork)
        self.log = Log()
        self.lives = 0
        self.committed: dict[str, list[str]] = {key: [] for key in KEYS}
        self.relays = [self.started(), self.started()]
        self.offset = 0
        self.effects = Killable(MemoryStore(MemoryUnitOfWork))
        subscription: Subscription[UnitOfWork] = Subscription(COMMANDS, self.handle, (AddNote,))
        self.consumer_of_log = Consumer("things", subscription, self.effects, self.clock)

    def started(self) -> Relay:
        self.lives += 1
        assert self.database is not None
        return Relay(self.database, Producer(self.log, f"life {self.lives}"), self.clock)

    async def handle(
        self, uow: UnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
    ) -> None:
        """What a consumer does with it, in the transaction with its inbox."""
        del now
        await uow.publish(envelopes)

    # ------------------------------------------------------------- the service commits
    @rule(keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=5))
    def service_commits(self, keys: list[str]) -> None:
        self.run(self.commits(keys))

    async def commits(self, keys: list[str]) -> None:
        notes = []
        for key in keys:
            text = f"{key}{len(self.committed[key]) + 1}"
            notes.append(AddNote(incident_id=key, by=ADA, text=text))
            self.committed[key].append(text)
        async with self.store.begin() as uow:
            await uow.publish([Envelope(note, self.clock.now(), "things") for note in notes])

    @rule(keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=5))
    def service_dies_before_its_commit(self, keys: list[str]) -> None:
        before = {key: [*texts] for key, texts in self.committed.items()}
        assert self.killed(self.commits(keys), "before the commit")
        self.committed = before

    # ------------------------------------------------------------- the relays
    @rule(number=st.integers(0, 1), fate=st.sampled_from(FATES))
    def relay_flushes(self, number: int, fate: Fate) -> None:
        self.log.fate = fate
        self.log.meanwhile = self.other_takes_over(1 - number)
        try:
            self.run(self.relays[number].flush())
        except Unavailable:
            assert fate not in {"taken", "slow"}
        finally:
            self.log.fate = "taken"

    def other_takes_over(self, number: int) -> Callable[[], Awaitable[None]]:
        async def meanwhile() -> None:
            """The call takes longer than the lease: the other relay gets it, and sends."""
            self.log.meanwhile = None
            self.time_goes(LEASE + timedelta(seconds=1))
            await self.commits(["a", "b"])
            await self.relays[number].flush()
            await self.relays[number].forget_sent()

        return meanwhile

    @rule(number=st.integers(0, 1))
    def relay_deletes_what_was_sent(self, number: int) -> None:
        self.run(self.relays[number].forget_sent())

    @rule(number=st.integers(0, 1), politely=st.booleans())
    def relay_is_restarted(self, number: int, politely: bool) -> None:
        """Killed, or stopped: then it sends what is left and gives its lease back."""
        if politely:
            stop = asyncio.Event()
            stop.set()
            self.run(self.relays[number].run(stop))
        self.relays[number] = self.started()

    @rule(seconds=st.sampled_from([0.5, 2.0, 4.0, 6.0]))
    def time_passes(self, seconds: float) -> None:
        self.time_goes(timedelta(seconds=seconds))

    def time_goes(self, duration: timedelta) -> None:
        self.clock.advance(duration)
        for relay in self.relays:  # Their own clock is the monotonic one, which we cannot move.
            relay._lease._held_until -= duration.total_seconds()
            relay._sent_since -= duration.total_seconds()

    # ------------------------------------------------------------- the consumer
    @rule(size=st.integers(1, 6), crash=st.sampled_from(CRASHES), back=st.integers(0, 4))
    def consumer_reads(self, size: int, crash: Crash, back: int) -> None:
        self.offset = max(0, self.offset - back)
        batch = self.log.records[self.offset : self.offset + size]
        records = [
            Record(one.topic, 0, self.offset + place, one.key, one.value)
            for place, (_, one) in enumerate(batch)
        ]
        self.effects.crash = crash
        try:
            self.run(self.consumer_of_log.consume(records))
            self.offset += len(batch)
        except OSError:
            assert crash
        finally:
            self.effects.crash = ""

    # ------------------------------------------------------------- what must hold
    @invariant()
    def all_is_well(self) -> None:
        for key, texts in self.on_kafka().items():
            assert texts == self.committed[key][: len(texts)], "in the order of commits"
        for lives in self.log.acked.values():
            assert len(lives) == len(set(lives)), "a relay repeats nothing that was acked to it"
        for key, texts in self.handled().items():
            assert texts == self.committed[key][: len(texts)], "each once, in order"

    def on_kafka(self) -> dict[str, list[str]]:
        """Return what each key holds, repeats left out, as an inbox does."""
        found: dict[str, list[str]] = {key: [] for key in KEYS}
        for text in dict.fromkeys(_text(one) for _, one in self.log.records):
            found[text[0]].append(text)
        return found

    def handled(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {key: [] for key in KEYS}
        for one in self.effects.store.tables.get("outbox", {}).values():
            found[_text(one)[0]].append(_text(one))
        return found

    def ends(self) -> None:
        """Left in peace, everything that was committed is on Kafka, and handled, and deleted."""
        self.time_goes(2 * LEASE)
        flushes = 0
        while self.run(self.relays[0].flush()):
            flushes += 1
            assert flushes < 10, "it sends the same again and again"
        self.run(self.relays[0].forget_sent())
        assert self.on_kafka() == self.committed
        assert not self.published(), "what is on Kafka is deleted"
        self.offset = 0
        self.consumer_reads(100_000, "", 0)
        assert self.handled() == self.committed


def _text(one: Outgoing) -> str:
    data = decode(one.value).data
    assert isinstance(data, AddNote)
    return data.text


def test_what_is_committed_is_published_in_order_and_handled_once() -> None:
    run_machine(Relaying, 30)
