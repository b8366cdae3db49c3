"""What is kept for notices of handoffs: memory, SQLite and PostgreSQL keep the same promises."""

from dataclasses import replace
from datetime import timedelta

import pytest

from notifier.adapters.memory import MemoryNotifierUnitOfWork
from notifier.adapters.sql import SqlNotifierUnitOfWork
from notifier.domain.contact import ContactMethod
from notifier.domain.handoff_note import HandoffNote
from notifier.domain.notice import Notice
from notifier.ports import NotifierUnitOfWork
from tests.contract.conftest import MakeStore
from tests.unit.notifier.shifts import foreseen, hour
from tocsin.testing import START
from tocsin.unit_of_work import Store

HOSTILE = "nul\x00 quote' \u202e"
SECOND = timedelta(seconds=1)
WEB = foreseen("web", (0, "ada", "bob"), (9,), (17, HOSTILE), (24,))
NOTICE = Notice(
    notice_id="n-1",
    occasion="o-1",
    person="ada",
    kind="on_call",
    handoff_at=START + SECOND,
    schedules=("db", "web"),
    contact=ContactMethod("mail", "email", HOSTILE),
    state="waiting",
    wakes_at=START,
)


@pytest.fixture
async def store(make_store: MakeStore) -> Store[NotifierUnitOfWork]:
    return await make_store(MemoryNotifierUnitOfWork, SqlNotifierUnitOfWork, "notifier")


async def test_the_outlook_of_a_schedule_is_what_was_saved_last(
    store: Store[NotifierUnitOfWork],
) -> None:
    changed = replace(WEB, needs=7, look_at=None, looked_at=START, catalog_version=2, since=hour(1))
    async with store.begin() as uow:
        await uow.outlooks.save([WEB, replace(WEB, schedule="db"), replace(WEB, schedule="old")])
        await uow.outlooks.save([changed])
        await uow.outlooks.remove(["old", "unknown"])
        await uow.outlooks.save([])
        await uow.outlooks.remove([])
    async with store.begin() as uow:
        found = await uow.outlooks.of(["web", "db", "old"])
        assert found == {"db": replace(WEB, schedule="db"), "web": changed}
        assert await uow.outlooks.of(["web"], lock=False) == {"web": changed}
        assert await uow.outlooks.of([]) == {}


async def test_all_outlooks_that_are_to_be_looked_at_come_by_name(
    store: Store[NotifierUnitOfWork],
) -> None:
    times = {"c": START, "a": START - SECOND, "b": START + SECOND, "d": None}
    async with store.begin() as uow:
        await uow.outlooks.save(
            [replace(WEB, schedule=name, look_at=at) for name, at in times.items()]
        )
    async with store.begin() as uow:
        assert [one.schedule for one in await uow.outlooks.due(START)] == ["a", "c"]


async def test_all_are_looked_at_again_none_later_than_it_was_to_be(
    store: Store[NotifierUnitOfWork],
) -> None:
    soon, later = START + SECOND, START + 2 * SECOND
    async with store.begin() as uow:
        assert not await uow.outlooks.look_again(soon, 5)
        await uow.outlooks.save(
            [
                replace(WEB, schedule="a", look_at=START, needs=1),
                replace(WEB, schedule="b", look_at=later, needs=9),
                replace(WEB, schedule="c", look_at=None, needs=1),
            ]
        )
        assert await uow.outlooks.look_again(soon, 5)
    async with store.begin() as uow:
        found = await uow.outlooks.of(["a", "b", "c"])
    assert [(one.look_at, one.needs) for one in found.values()] == [
        (START, 5),
        (soon, 9),
        (soon, 5),
    ]


async def test_a_notice_comes_back_as_it_was(store: Store[NotifierUnitOfWork]) -> None:
    told = replace(
        NOTICE,
        state="told",
        wakes_at=None,
        fence=3,
        attempt=2,
        repeat_possible=True,
        reason=HOSTILE,
    )
    async with store.begin() as uow:
        await uow.notices.add([NOTICE, replace(NOTICE, notice_id="n-2", occasion="o-2")])
        await uow.notices.save([told])
        await uow.notices.save([])
        await uow.notices.add([])
    async with store.begin() as uow:
        assert await uow.notices.of(["n-1", "unknown"]) == {"n-1": told}
        assert await uow.notices.of([]) == {}
        assert await uow.notices.of_occasions(["o-1", "o-3"]) == [told]
        assert await uow.notices.of_occasions([]) == []


async def test_a_notice_that_exists_is_not_added_again(store: Store[NotifierUnitOfWork]) -> None:
    async with store.begin() as uow:
        await uow.notices.add([replace(NOTICE, state="told", wakes_at=None)])
    async with store.begin() as uow:
        await uow.notices.add([NOTICE])
    async with store.begin() as uow:
        assert (await uow.notices.of(["n-1"]))["n-1"].state == "told"


async def test_notices_that_are_due_come_longest_due_first_and_bounded(
    store: Store[NotifierUnitOfWork],
) -> None:
    times = {"n-1": START, "n-2": START - SECOND, "n-3": START + SECOND, "n-4": None, "n-5": START}
    async with store.begin() as uow:
        await uow.notices.add(
            [replace(NOTICE, notice_id=name, wakes_at=at) for name, at in times.items()]
        )
    async with store.begin() as uow:
        assert [one.notice_id for one in await uow.notices.due(START, 9)] == ["n-2", "n-1", "n-5"]
        assert [one.notice_id for one in await uow.notices.due(START, 2)] == ["n-2", "n-1"]


async def test_what_is_long_past_is_forgotten(store: Store[NotifierUnitOfWork]) -> None:
    async with store.begin() as uow:
        await uow.notices.add([NOTICE, replace(NOTICE, notice_id="n-2", handoff_at=START)])
        await uow.notices.forget(START + SECOND)
    async with store.begin() as uow:
        assert list(await uow.notices.of(["n-1", "n-2"])) == ["n-1"]


async def test_the_last_note_of_a_schedule_is_kept(store: Store[NotifierUnitOfWork]) -> None:
    first = HandoffNote("web", "n1", "first", "ada", START)
    last = HandoffNote("web", "n2", HOSTILE, HOSTILE, START + SECOND)
    async with store.begin() as uow:
        await uow.handoff_notes.save([first])
        await uow.handoff_notes.save([last, replace(first, schedule="db")])
        await uow.handoff_notes.save([])
    async with store.begin() as uow:
        assert await uow.handoff_notes.of(["web", "none"]) == {"web": last}
        assert await uow.handoff_notes.of([]) == {}
