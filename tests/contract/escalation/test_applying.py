"""Two people who apply at once: on every store one of them is told to plan again."""

import asyncio
from typing import Any

import pytest

from escalation.adapters.memory import MemoryEscalationUnitOfWork
from escalation.adapters.sql import SqlEscalationUnitOfWork
from escalation.handlers.catalog import CatalogHandlers
from escalation.handlers.overrides import Done, OverrideHandlers
from escalation.handlers.planning import Plan, Proposal
from escalation.handlers.refusing import StaleCatalogError
from tests.contract.conftest import MakeStore
from tests.unit.escalation.examples import NOW
from tests.unit.escalation.service import schedule, user
from tocsin.holder import CatalogHolder
from tocsin.unit_of_work import Store


@pytest.fixture
async def store(make_store: MakeStore) -> Store[Any]:
    return await make_store(MemoryEscalationUnitOfWork, SqlEscalationUnitOfWork, "escalation")


async def apply(store: Store[Any], of_set: str, expected: int | None) -> Plan:
    proposal = Proposal(of_set, (user(f"somebody-of-{of_set}"),))
    async with store.begin() as uow:
        return await CatalogHandlers(CatalogHolder()).apply(uow, proposal, "me", expected, NOW)


async def test_of_two_changes_of_one_version_one_is_refused(store: Store[Any]) -> None:
    answers = await asyncio.gather(
        *(apply(store, f"set-{number}", 0) for number in range(5)), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == [
        "Plan",
        *["StaleCatalogError"] * 4,
    ]
    assert all(isinstance(answer, Plan | StaleCatalogError) for answer in answers)
    async with store.read() as uow:
        assert await uow.catalog_history.version() == 1
        assert len(await uow.catalog_history.documents()) == 1


async def test_changes_without_a_version_follow_one_another(store: Store[Any]) -> None:
    plans = await asyncio.gather(*(apply(store, f"set-{number}", None) for number in range(5)))
    assert sorted(plan.version for plan in plans) == [1, 2, 3, 4, 5]
    async with store.read() as uow:
        assert len(await uow.catalog_history.documents()) == 5


async def override(store: Store[Any], name: str) -> Done:
    spec = {"schedule": "web", "until": "2026-03-03T08:00:00Z", "remove": "ada", "add": "bob"}
    spec["from"] = NOW.isoformat()
    async with store.begin() as uow:
        handlers = OverrideHandlers(CatalogHandlers(CatalogHolder()))
        return await handlers.add(uow, name, spec, "me", NOW)


async def test_overrides_added_at_once_are_all_kept(store: Store[Any]) -> None:
    proposal = Proposal("default", (user("ada"), user("bob"), schedule("ada")))
    async with store.begin() as uow:
        await CatalogHandlers(CatalogHolder()).apply(uow, proposal, "me", None, NOW)
    done = await asyncio.gather(*(override(store, f"ovr_{number}") for number in range(4)))
    assert sorted(one.version for one in done) == [2, 3, 4, 5]
    again = await override(store, "ovr_1")  # A repeat, after an answer that was lost.
    assert again.version == 5
    async with store.read() as uow:
        held = await uow.catalog_history.documents(kinds=["Override"])
        told = await uow.hand_offs.load(None)
    assert [(one.name, one.set) for one in held] == [
        (f"ovr_{number}", "by-hand") for number in range(4)
    ]
    assert told["web"].fact.responders == ("bob",)
