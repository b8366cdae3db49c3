"""The recipe's port: what every store must do, whatever it is made of."""

from datetime import timedelta

import pytest

from tests.contract.conftest import MakeStore
from tocsin.events import Actor, AddNote, Envelope, Event, caused_by
from tocsin.sql import SqlUnitOfWork
from tocsin.testing import START, MemoryUnitOfWork
from tocsin.unit_of_work import DeadLetter, Store, Timer, UnitOfWork


@pytest.fixture
async def store(make_store: MakeStore) -> Store[UnitOfWork]:
    return await make_store(MemoryUnitOfWork, SqlUnitOfWork, "tests.recipe_service")


def note(incident: str = "inc_1", text: str = "hello") -> Envelope[Event]:
    data = AddNote(incident_id=incident, by=Actor(kind="user", name="ada"), text=text)
    return caused_by(None, data, now=START, source="test")


def timer(name: str, seconds: int, **data: str) -> Timer:
    return Timer(name, "kind", "subject", START + timedelta(seconds=seconds), data)


def letter(offset: int = 7, reason: str = "no \x00 good") -> DeadLetter:
    return DeadLetter(
        f"letter-{offset}",
        "c",
        "pages",
        3,
        offset,
        b"key",
        b"\xff\x00",
        reason,
        "ValueError",
        START,
    )


async def test_an_event_is_seen_once_per_consumer(store: Store[UnitOfWork]) -> None:
    first, second = note(), note()
    async with store.begin() as uow:
        assert await uow.unseen("a", [first]) == [first]
    async with store.begin() as uow:
        assert await uow.unseen("a", [first, second]) == [second]
        assert await uow.unseen("b", [first, second]) == [first, second]


async def test_an_event_twice_in_one_batch_is_seen_once_and_the_order_stays(
    store: Store[UnitOfWork],
) -> None:
    one, two, three = note(), note(), note()
    async with store.begin() as uow:
        assert await uow.unseen("a", [three, one, three, two, one]) == [three, one, two]


async def test_an_empty_batch_is_empty(store: Store[UnitOfWork]) -> None:
    async with store.begin() as uow:
        assert await uow.unseen("a", []) == []


async def test_what_an_exception_left_behind_is_nothing(store: Store[UnitOfWork]) -> None:
    event = note()
    done: list[str] = []

    async def failing() -> None:
        async with store.begin() as uow:
            await uow.unseen("a", [event])
            await uow.publish([event])
            await uow.set_timers([timer("t", 0)])
            uow.after_commit(lambda: done.append("called"))
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await failing()
    async with store.begin() as uow:
        assert await uow.unseen("a", [event]) == [event]
        assert await uow.pending("commands") == 0
        assert await uow.take_due(START, 10) == []
    assert done == []


async def test_an_action_after_the_commit_happens_after_the_commit(
    store: Store[UnitOfWork],
) -> None:
    done: list[str] = []
    async with store.begin() as uow:
        uow.after_commit(lambda: done.append("called"))
        assert done == []
    assert done == ["called"]


async def test_the_outbox_counts_by_topic(store: Store[UnitOfWork]) -> None:
    async with store.begin() as uow:
        await uow.publish([note(), note()])
    async with store.read() as uow:
        assert await uow.pending("commands") == 2
        assert await uow.pending("pages") == 0


async def test_timers_come_due_oldest_first_and_once(store: Store[UnitOfWork]) -> None:
    async with store.begin() as uow:
        await uow.set_timers([timer("late", 20), timer("b", 10, level="2"), timer("a", 5)])
    assert await store.next_due() == START + timedelta(seconds=5)
    async with store.begin() as uow:
        due = await uow.take_due(START + timedelta(seconds=10), 10)
        assert [one.timer_id for one in due] == ["a", "b"]
        assert dict(due[1].data) == {"level": "2"}
    async with store.begin() as uow:
        assert await uow.take_due(START + timedelta(seconds=10), 10) == []
    assert await store.next_due() == START + timedelta(seconds=20)


async def test_no_more_timers_are_taken_than_asked_for(store: Store[UnitOfWork]) -> None:
    async with store.begin() as uow:
        await uow.set_timers([timer(f"t{number}", number) for number in range(5)])
    async with store.begin() as uow:
        assert len(await uow.take_due(START + timedelta(hours=1), 2)) == 2


async def test_setting_a_timer_again_moves_it(store: Store[UnitOfWork]) -> None:
    async with store.begin() as uow:
        await uow.set_timers([timer("t", 5), timer("t", 30)])
    assert await store.next_due() == START + timedelta(seconds=30)
    async with store.begin() as uow:
        await uow.set_timers([timer("t", 40)])
    assert await store.next_due() == START + timedelta(seconds=40)


async def test_a_cancelled_timer_never_fires(store: Store[UnitOfWork]) -> None:
    async with store.begin() as uow:
        await uow.set_timers([timer("t", 5)])
        await uow.cancel_timers(["t", "never set"])
    assert await store.next_due() is None


async def test_a_dead_letter_is_announced_once(store: Store[UnitOfWork]) -> None:
    async with store.begin() as uow:
        await uow.bury([letter()])
    async with store.begin() as uow:
        await uow.bury([letter(), letter(offset=8)])
        assert await uow.pending("dead-letters") == 2


async def test_what_is_written_in_a_read_does_not_stay(store: Store[UnitOfWork]) -> None:
    async with store.read() as uow:
        assert await uow.pending("commands") == 0
    async with store.begin() as uow:
        assert await uow.pending("commands") == 0
