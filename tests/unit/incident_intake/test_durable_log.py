"""The durable log: Kafka, else the outbox, else 503; never an answer for what could be lost."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from incident_intake.adapters.memory import MemoryIntakeUnitOfWork
from incident_intake.handlers.bounds import DEFAULT, Bounds
from incident_intake.handlers.durable_log import DurableLog
from tests.unit.incident_intake.world import message
from tocsin.errors import Unavailable
from tocsin.events import Envelope, decode
from tocsin.outgoing import Outgoing
from tocsin.testing import START, MemoryBroker, MemoryStore
from tocsin.topics import ALERT_EVENTS

DEADLINE = 0.05


class SlowBroker(MemoryBroker):
    """A broker that can hang, and says when it was asked."""

    hangs = False

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.gate = asyncio.Event()

    async def send(self, outgoing: Sequence[Outgoing]) -> None:
        self.asked += 1
        if self.hangs:
            await self.gate.wait()
        await super().send(outgoing)


class FailingStore(MemoryStore[MemoryIntakeUnitOfWork]):
    """A store whose database can be away; it counts its transactions."""

    away = False
    hangs = False
    transactions = 0

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[MemoryIntakeUnitOfWork]:
        self.transactions += 1
        if self.away:
            raise OSError("the database is away")
        if self.hangs:
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        async with super().begin() as uow:
            yield uow


class Bench:
    def __init__(self, bounds: Bounds = DEFAULT) -> None:
        self.broker = SlowBroker()
        self.store = FailingStore(MemoryIntakeUnitOfWork)
        self.log = DurableLog(self.broker, self.store, DEADLINE, bounds=bounds)

    async def append(self, *keys: str) -> None:
        await self.log.append([Envelope(message(key), START, "tests") for key in keys])

    def in_kafka(self) -> set[str]:
        return {_key(one) for one in self.broker.records(ALERT_EVENTS.name)}

    def in_outbox(self) -> list[str]:
        held = self.store.tables.get("outbox", {})
        return [_key(held[number]) for number in sorted(held)]

    async def relay(self) -> None:
        await self.broker.send(await self.store.take_outbox())


def _key(one: Outgoing) -> str:
    data: Any = decode(one.value).data
    return str(data.dedup_key)


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_kafka_takes_it(bench: Bench) -> None:
    await bench.append("a", "b")
    assert bench.in_kafka() == {"a", "b"}
    assert bench.in_outbox() == []
    assert not bench.log.is_diverting


@pytest.mark.parametrize("how", ["away", "hangs"])
async def test_without_kafka_the_outbox_takes_it(bench: Bench, how: str) -> None:
    await bench.append("first")
    setattr(bench.broker, how, True)
    await bench.append("a", "b")
    assert bench.in_outbox() == ["a", "b"]
    assert bench.log.is_diverting


async def test_while_the_outbox_holds_alerts_nothing_overtakes_them(bench: Bench) -> None:
    await bench.append("first")
    bench.broker.away = True
    await bench.append("trigger")
    bench.broker.away = False
    await bench.append("resolve")
    assert bench.in_outbox() == ["trigger", "resolve"]
    await bench.relay()
    await bench.append("later")
    assert bench.in_outbox() == []
    assert bench.in_kafka() == {"first", "trigger", "resolve", "later"}
    assert not bench.log.is_diverting


async def test_kafka_that_is_away_is_asked_once_not_by_every_request(bench: Bench) -> None:
    await bench.append("first")
    bench.broker.away = True
    for count in range(10):
        await bench.append(str(count))
    assert bench.broker.asked == 2


async def test_kafka_that_goes_again_just_as_it_came_back(bench: Bench) -> None:
    await bench.append("first")
    bench.broker.away = True
    await bench.append("a")
    await bench.store.take_outbox()
    await bench.append("b")
    assert bench.in_outbox() == ["b"]
    assert bench.log.is_diverting


async def test_a_new_process_finds_what_the_old_one_left(bench: Bench) -> None:
    async with bench.store.begin() as uow:
        await uow.publish([Envelope(message("left"), START, "tests")])
    await bench.append("new")
    assert bench.in_outbox() == ["left", "new"]
    assert bench.in_kafka() == set()


async def test_requests_that_arrive_together_are_one_transaction(bench: Bench) -> None:
    await bench.append("first")
    bench.broker.away = True
    await bench.append("second")
    before = bench.store.transactions
    await asyncio.gather(*(bench.append(str(count)) for count in range(50)))
    assert bench.store.transactions - before <= 2
    assert len(bench.in_outbox()) == 51


async def test_without_the_database_kafka_takes_it(bench: Bench) -> None:
    await bench.append("first")
    bench.store.away = True
    await bench.append("a")
    assert bench.in_kafka() == {"first", "a"}


async def test_a_new_process_without_its_database_takes_nothing_at_first(bench: Bench) -> None:
    async with bench.store.begin() as uow:
        await uow.publish([Envelope(message("trigger"), START, "tests")])
    bench.store.away = True
    with pytest.raises(Unavailable, match="overtaken"):
        await bench.append("resolve")
    bench.store.away = False
    await bench.append("resolve")
    assert bench.in_outbox() == ["trigger", "resolve"]


async def test_what_the_outbox_holds_is_not_overtaken_while_the_database_is_away(
    bench: Bench,
) -> None:
    await bench.append("first")
    bench.broker.away = True
    await bench.append("trigger")
    bench.broker.away, bench.store.away = False, True
    for _ in range(2):  # The second one finds the database at rest.
        with pytest.raises(Unavailable, match="overtaken"):
            await bench.append("resolve")
    bench.store.away = False
    await bench.relay()
    await bench.append("resolve")
    assert bench.in_kafka() == {"first", "trigger", "resolve"}


async def test_without_both_it_is_refused_and_works_again_after(bench: Bench) -> None:
    bench.broker.away = bench.store.away = True
    with pytest.raises(Unavailable):
        await bench.append("a")
    assert bench.in_outbox() == []
    bench.store.away = False
    await bench.append("b")
    assert bench.in_outbox() == ["b"]
    bench.broker.away = False
    await bench.relay()
    await bench.append("c")
    assert bench.in_kafka() == {"b", "c"}


async def test_a_sender_that_hangs_up_does_not_take_its_alert_along(bench: Bench) -> None:
    await bench.append("first")
    bench.broker.hangs = True
    request = asyncio.create_task(bench.append("a"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    bench.broker.gate.set()
    await bench.log.drain()
    assert bench.in_kafka() == {"first", "a"}


async def test_when_both_stand_still_the_sender_is_told_in_time() -> None:
    bench = Bench(Bounds(answer_within=0.1))
    bench.broker.hangs = bench.store.hangs = True
    with pytest.raises(Unavailable, match="yet"):
        await bench.append("a")


async def test_a_database_that_is_back_does_not_rest_any_more(bench: Bench) -> None:
    await bench.append("first")
    bench.broker.away = True
    await bench.append("trigger")
    bench.broker.away, bench.store.away = False, True
    with pytest.raises(Unavailable):
        await bench.append("refused")
    bench.store.away = False
    await bench.append("resolve")
    await bench.append("trigger again")
    assert bench.in_outbox() == ["trigger", "resolve", "trigger again"]


async def test_who_has_looked_in_time_needs_no_database(bench: Bench) -> None:
    await bench.log.find_out()
    bench.store.away = True
    await bench.append("a")
    assert bench.in_kafka() == {"a"}


async def test_a_look_that_finds_something_changes_nothing(bench: Bench) -> None:
    async with bench.store.begin() as uow:
        await uow.publish([Envelope(message("left"), START, "tests")])
    await bench.log.find_out()
    await bench.append("new")
    assert bench.in_outbox() == ["left", "new"]


async def test_who_has_seen_its_outbox_empty_again_needs_no_database(bench: Bench) -> None:
    await bench.append("first")
    bench.broker.away = True
    await bench.append("kept")
    bench.broker.away = False
    await bench.log.find_out()
    assert bench.log.is_diverting
    await bench.relay()
    await bench.log.find_out()
    bench.store.away = True
    await bench.append("a")
    assert bench.in_kafka() == {"first", "kept", "a"}


async def test_better_out_of_order_than_not_heard() -> None:
    bench = Bench(Bounds(in_order_for=0.05))
    bench.store.away = True
    with pytest.raises(Unavailable, match="overtaken"):
        await bench.append("refused")
    await asyncio.sleep(0.06)
    await bench.append("heard")
    assert bench.in_kafka() == {"heard"}


async def test_a_database_that_stands_still_is_asked_once_not_for_every_alert() -> None:
    bench = Bench(Bounds(database_deadline=0.02))
    await bench.append("first")
    bench.store.hangs = bench.broker.away = True
    with pytest.raises(Unavailable):
        await bench.append("refused")
    bench.broker.away = False
    before = bench.store.transactions
    for key in ("a", "b", "c"):
        await bench.append(key)
    assert bench.in_kafka() == {"first", "a", "b", "c"}
    assert bench.store.transactions == before


async def test_a_database_at_rest_is_asked_nevertheless_when_kafka_is_away_as_well(
    bench: Bench,
) -> None:
    await bench.append("first")
    bench.store.away = bench.broker.away = True
    with pytest.raises(Unavailable):
        await bench.append("a")
    bench.store.away = False
    await bench.append("b")
    assert bench.in_outbox() == ["b"]


async def test_what_waits_is_bounded_and_the_rest_is_refused() -> None:
    bench = Bench(Bounds(waiting_requests=3))
    await bench.append("first")
    bench.broker.hangs = True
    held = [asyncio.create_task(bench.append(key)) for key in ("a", "b", "c")]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="too much"):
        await bench.append("d")
    bench.broker.gate.set()
    await asyncio.gather(*held)
    await bench.append("e")
    assert bench.in_kafka() == {"first", "a", "b", "c", "e"}


async def test_bytes_are_bounded_too_but_a_single_request_always_fits() -> None:
    bench = Bench(Bounds(waiting_bytes=10))
    await bench.append("first")
    bench.broker.hangs = True
    held = asyncio.create_task(bench.append("a"))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="too much"):
        await bench.append("b")
    bench.broker.gate.set()
    await held
