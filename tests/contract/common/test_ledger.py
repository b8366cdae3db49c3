"""The ledger of obligations: what every store must do, whatever it is made of."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.conftest import MakeStore
from tocsin.obligations import Debts, Obligation
from tocsin.sql import SqlUnitOfWork
from tocsin.testing import START, MemoryUnitOfWork
from tocsin.unit_of_work import Store, UnitOfWork


@pytest.fixture
async def store(make_store: MakeStore) -> Store[UnitOfWork]:
    return await make_store(MemoryUnitOfWork, SqlUnitOfWork, "tests.recipe_service")


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def owed(name: str, due: float, version: int = 0) -> Obligation:
    """Return an obligation that is due so many seconds after the start."""
    text = f"{name} is done"
    return Obligation(name, "paged", f"inc-{name}", text, START, START + seconds(due), version)


async def owe(store: Store[UnitOfWork], *obligations: Obligation) -> None:
    async with store.begin() as uow:
        await uow.ledger.owe(obligations)


async def names(store: Store[UnitOfWork]) -> list[str]:
    async with store.read() as uow:
        return [one.obligation_id for one in await uow.ledger.listed(100)]


async def taken(store: Store[UnitOfWork], after: float, limit: int = 100) -> list[str]:
    async with store.begin() as uow:
        now = START + seconds(after)
        found = await uow.ledger.overdue(now, limit)
        await uow.ledger.acted(found, now)
        return [one.obligation_id for one in found]


async def debts(store: Store[UnitOfWork], after: float) -> Debts:
    async with store.read() as uow:
        return await uow.ledger.debts(START + seconds(after))


async def test_what_is_owed_is_listed_by_its_deadline(store: Store[UnitOfWork]) -> None:
    await owe(store, owed("b", 60, version=3), owed("a", 90), owed("c", 60))
    async with store.read() as uow:
        found = await uow.ledger.listed(100)
    assert [one.obligation_id for one in found] == ["b", "c", "a"]
    assert found[0] == owed("b", 60, version=3)


async def test_what_an_exception_left_behind_is_not_owed(store: Store[UnitOfWork]) -> None:
    async def failing() -> None:
        async with store.begin() as uow:
            await uow.ledger.owe([owed("a", 60)])
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await failing()
    assert await names(store) == []


async def test_an_outcome_strikes_off_what_it_answers_and_nothing_later(
    store: Store[UnitOfWork],
) -> None:
    await owe(store, owed("a", 60, version=1), owed("b", 60, version=4))
    async with store.begin() as uow:
        await uow.ledger.discharge({"a": 3, "b": 3, "never owed": 3})
    assert await names(store) == ["b"]
    async with store.begin() as uow:
        await uow.ledger.discharge({"b": 4})
    assert await names(store) == []


async def test_nothing_is_asked_where_there_is_nothing(store: Store[UnitOfWork]) -> None:
    async with store.begin() as uow:
        await uow.ledger.owe([])
        await uow.ledger.discharge({})
        await uow.ledger.defer({})
        await uow.ledger.acted([], START)
    assert await names(store) == []


async def test_asked_again_before_it_is_struck_off_it_keeps_its_time_and_who_was_told(
    store: Store[UnitOfWork],
) -> None:
    await owe(store, owed("a", 10, version=1))
    assert await taken(store, 10) == ["a"]
    async with store.begin() as uow:
        await uow.ledger.told(START + seconds(10))
    await owe(store, replace(owed("a", 100, version=5), text="a is done for bob"))
    async with store.begin() as uow:
        (found,) = await uow.ledger.listed(9)
        await uow.ledger.discharge({"a": 4})
    assert (found.version, found.text) == (5, "a is done for bob")
    assert (found.due_at, found.attempts) == (START + seconds(10), 1)
    assert await debts(store, 99) == Debts(1, 1, 0, START + seconds(10))
    assert await taken(store, 100) == []
    assert await taken(store, 310) == ["a"]


async def test_asked_again_and_again_it_is_overdue_all_the_same(store: Store[UnitOfWork]) -> None:
    for version in range(1, 5):
        await owe(store, owed("a", 50 * version + 10, version=version))
    assert await debts(store, 60) == Debts(1, 1, 1, START + seconds(60))


async def test_what_is_owed_after_it_was_struck_off_has_its_new_time(
    store: Store[UnitOfWork],
) -> None:
    await owe(store, owed("a", 10, version=1))
    async with store.begin() as uow:
        await uow.ledger.discharge({"a": 1})
        await uow.ledger.owe([owed("a", 100, version=2)])
    assert await debts(store, 99) == Debts(1, 0, 0, START + seconds(100))


async def test_one_twice_in_a_batch_has_the_time_of_the_first(store: Store[UnitOfWork]) -> None:
    await owe(store, owed("a", 10, version=1), owed("a", 20, version=2))
    async with store.read() as uow:
        assert await uow.ledger.listed(9) == [owed("a", 10, version=2)]


async def test_nothing_is_overdue_before_its_time(store: Store[UnitOfWork]) -> None:
    await owe(store, owed("a", 60))
    assert await taken(store, 59.999) == []
    assert await debts(store, 59.999) == Debts(1, 0, 0, START + seconds(60))
    assert await taken(store, 60) == ["a"]


async def test_what_is_overdue_is_acted_on_every_five_minutes_and_counted(
    store: Store[UnitOfWork],
) -> None:
    await owe(store, owed("b", 20), owed("a", 10), owed("c", 1000))
    assert await taken(store, 60) == ["a", "b"]
    assert await taken(store, 359) == []
    assert await taken(store, 360) == ["a", "b"]
    async with store.read() as uow:
        found = await uow.ledger.listed(100, overdue_at=START + seconds(360))
    assert [(one.obligation_id, one.attempts) for one in found] == [("a", 2), ("b", 2)]


async def test_what_was_struck_off_or_owed_anew_meanwhile_was_not_acted_on(
    store: Store[UnitOfWork],
) -> None:
    await owe(store, owed("a", 10, version=1), owed("b", 10, version=1))
    async with store.begin() as uow:
        seen = await uow.ledger.overdue(START + seconds(60), 9)
        await uow.ledger.discharge({"a": 1})
        await uow.ledger.owe([owed("b", 70, version=2)])
        await uow.ledger.acted(seen, START + seconds(60))
    assert await names(store) == ["b"]
    assert await taken(store, 70) == ["b"]


async def test_a_limit_leaves_the_others_their_turn(store: Store[UnitOfWork]) -> None:
    await owe(store, *[owed(f"{number}", number) for number in range(5)])
    assert await taken(store, 60, limit=2) == ["0", "1"]
    assert await taken(store, 60, limit=2) == ["2", "3"]
    assert await taken(store, 60, limit=2) == ["4"]


async def test_who_was_told_is_not_told_again_for_a_quarter_of_an_hour(
    store: Store[UnitOfWork],
) -> None:
    await owe(store, owed("a", 10), owed("b", 90))
    async with store.begin() as uow:
        await uow.ledger.told(START + seconds(60))
    assert await debts(store, 60) == Debts(2, 1, 0, START + seconds(10))
    assert await debts(store, 90) == Debts(2, 2, 1, START + seconds(10))
    assert await debts(store, 959) == Debts(2, 2, 1, START + seconds(10))
    assert await debts(store, 960) == Debts(2, 2, 2, START + seconds(10))


async def test_more_time_is_given_only_to_what_is_still_owed(store: Store[UnitOfWork]) -> None:
    await owe(store, owed("a", 10), owed("b", 10))
    async with store.begin() as uow:
        await uow.ledger.discharge({"b": 0})
        await uow.ledger.defer({"a": START + seconds(500), "b": START + seconds(500)})
    assert await names(store) == ["a"]
    assert await taken(store, 499) == []
    assert await debts(store, 499) == Debts(1, 0, 0, START + seconds(500))
    assert await taken(store, 500) == ["a"]


async def test_a_list_goes_on_from_a_place_in_it(store: Store[UnitOfWork]) -> None:
    await owe(store, owed("a", 60), owed("b", 60), owed("c", 30))
    async with store.read() as uow:
        rest = await uow.ledger.listed(9, after=(START + seconds(60), "a"))
        late = await uow.ledger.listed(9, overdue_at=START + seconds(59))
    assert [one.obligation_id for one in rest] == ["b"]
    assert [one.obligation_id for one in late] == ["c"]


async def test_an_empty_ledger_owes_nothing(store: Store[UnitOfWork]) -> None:
    found = await debts(store, 5)
    assert found == Debts(0, 0, 0, None)
    assert found.oldest_overdue(START) == timedelta(0)


async def test_the_oldest_says_how_late_it_is(store: Store[UnitOfWork]) -> None:
    await owe(store, owed("a", 10), owed("b", 90))
    assert (await debts(store, 100)).oldest_overdue(START + seconds(100)) == seconds(90)
    assert (await debts(store, 9)).oldest_overdue(START + seconds(9)) == timedelta(0)
