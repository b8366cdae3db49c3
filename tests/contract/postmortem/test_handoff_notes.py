"""Handoff notes: memory, SQLite and PostgreSQL keep them alike."""

import pytest

from postmortem.adapters.memory import MemoryPostmortemUnitOfWork
from postmortem.adapters.sql import SqlPostmortemUnitOfWork
from postmortem.domain.handoff_note import HandoffNote
from postmortem.ports import PostmortemUnitOfWork
from tests.contract.conftest import MakeStore
from tests.unit.postmortem.stories import START, at
from tocsin.unit_of_work import Store

HOSTILE = "nul\x00 quote' \u202e"


@pytest.fixture
async def store(make_store: MakeStore) -> Store[PostmortemUnitOfWork]:
    return await make_store(MemoryPostmortemUnitOfWork, SqlPostmortemUnitOfWork, "postmortem")


async def test_notes_of_a_schedule_come_the_newest_first_and_each_once(
    store: Store[PostmortemUnitOfWork],
) -> None:
    first = HandoffNote("n1", "web", HOSTILE, HOSTILE, START)
    second, third = (
        HandoffNote("n2", "web", "second", "ada", at(5)),
        HandoffNote("n3", "web", "third", "ada", at(5)),
    )
    async with store.begin() as uow:
        await uow.handoff_notes.add([first, HandoffNote("n4", "db", "x", "bob", at(9))])
        await uow.handoff_notes.add([third, second, HandoffNote("n1", "web", "y", "bob", at(9))])
        await uow.handoff_notes.add([])
    async with store.read() as uow:
        assert list(await uow.handoff_notes.latest("web", 9)) == [third, second, first]
        assert list(await uow.handoff_notes.latest("web", 1)) == [third]
        after_third = await uow.handoff_notes.latest("web", 9, (third.left_at, third.note_id))
        assert list(after_third) == [second, first]
        assert list(await uow.handoff_notes.latest("none", 9)) == []
