"""Swaps: memory, SQLite and PostgreSQL behave alike."""

from dataclasses import replace
from typing import Any

import pytest

from escalation.adapters.memory import MemoryEscalationUnitOfWork
from escalation.adapters.sql import SqlEscalationUnitOfWork
from escalation.domain.swap import Span, Swap
from escalation.handlers.catalog import CatalogHandlers
from escalation.handlers.planning import Proposal
from escalation.handlers.swaps import SwapHandlers
from tests.contract.conftest import MakeStore
from tests.unit.escalation.examples import NOW, minutes
from tests.unit.escalation.service import schedule, user
from tocsin.holder import CatalogHolder
from tocsin.unit_of_work import Store


@pytest.fixture
async def store(make_store: MakeStore) -> Store[Any]:
    return await make_store(MemoryEscalationUnitOfWork, SqlEscalationUnitOfWork, "escalation")


def swap(swap_id: str, **more: Any) -> Swap:
    gives = Span(NOW + minutes(60), NOW + minutes(120))
    people = ("web", "ada", more.pop("other", "bob"))
    return Swap(swap_id, *people, gives, NOW, NOW + minutes(60), **more)


async def test_a_swap_comes_back_as_it_was_saved(store: Store[Any]) -> None:
    one = swap("1", takes=Span(NOW, NOW + minutes(1)), reason="Quote ' and NUL \x00 and ☎")
    async with store.begin() as uow:
        await uow.swaps.save(one)
        assert await uow.swaps.load("none") is None
    answered = replace(one, status="declined", answered_at=NOW + minutes(2))
    async with store.begin() as uow:
        assert await uow.swaps.load("1") == one
        await uow.swaps.save(answered)
    async with store.read() as uow:
        assert await uow.swaps.load("1") == answered


async def test_swaps_are_listed_in_order_after_one_of_them(store: Store[Any]) -> None:
    made = [swap("3"), swap("1", other="eve"), swap("2")]
    async with store.begin() as uow:
        for one in made:
            await uow.swaps.save(one)

    async def found(*how: Any) -> list[str]:
        async with store.read() as uow:
            return [one.swap_id for one in await uow.swaps.listed(*how)]

    assert await found(None, None, None, 9) == ["1", "2", "3"]
    assert await found("web", "ada", "1", 9) == ["2", "3"]
    assert await found(None, "eve", None, 9) == ["1"]
    assert await found("other", None, None, 9) == []
    assert await found(None, None, None, 2) == ["1", "2"]


async def test_a_kill_before_the_commit_leaves_a_proposal_and_no_override(
    store: Store[Any],
) -> None:
    documents = CatalogHandlers(CatalogHolder())
    handlers = SwapHandlers(documents)
    async with store.begin() as uow:
        whole = Proposal("default", (user("ada"), user("bob"), schedule("ada", "bob")))
        await documents.apply(uow, whole, "me", None, NOW)
        await handlers.propose(uow, swap("swp_1"), NOW)

    async def accept(*, is_killed: bool) -> None:
        async with store.begin() as uow:
            await handlers.answer(uow, "swp_1", "accept", "bob", NOW)
            if is_killed:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await accept(is_killed=True)
    async with store.read() as uow:
        found = await uow.swaps.load("swp_1")
        assert (found.status, await uow.catalog_history.version()) == ("proposed", 1)
    for _ in range(2):
        await accept(is_killed=False)
    async with store.read() as uow:
        found = await uow.swaps.load("swp_1")
        assert (found.status, await uow.catalog_history.version()) == ("accepted", 2)
        held = await uow.catalog_history.documents()
    assert [one.name for one in held if one.set == "swaps"] == ["swp_1-1"]
