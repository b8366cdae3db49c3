"""Calendars of absences in memory, in SQLite and in PostgreSQL: one behaviour."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from escalation.adapters.memory import MemoryEscalationUnitOfWork
from escalation.adapters.sql import SqlEscalationUnitOfWork
from escalation.domain.calendars import CLAIMED_FOR, Watched
from tests.contract.conftest import MakeStore
from tests.unit.escalation.examples import NOW, minutes
from tocsin.unit_of_work import Store

EVERY = timedelta(minutes=15)
ADAS, BOBS = "url https://cal.example/ada.ics?a='b", "env CALENDAR_BOB"
SPANS = (
    ("2026-12-24T00:00:00", "2026-12-27T00:00:00"),
    ("2026-06-01T08:00:00Z", "2026-06-01T10:00:00Z"),
)


@pytest.fixture
async def store(make_store: MakeStore) -> Store[Any]:
    return await make_store(MemoryEscalationUnitOfWork, SqlEscalationUnitOfWork, "escalation")


async def watch(store: Store[Any], *keys: str) -> None:
    async with store.begin() as uow:
        await uow.calendars.watch(keys, NOW)


async def test_a_new_one_is_due_at_once_and_nothing_is_known_of_it(store: Store[Any]) -> None:
    await watch(store, ADAS, BOBS)
    async with store.read() as uow:
        assert await uow.calendars.states() == [Watched(BOBS, NOW), Watched(ADAS, NOW)]
        assert await uow.calendars.spans() == {}


async def test_what_was_read_comes_back_as_it_was(store: Store[Any]) -> None:
    await watch(store, ADAS)
    read = Watched(ADAS, NOW).read("digest", NOW + minutes(1), EVERY)
    async with store.begin() as uow:
        await uow.calendars.save(read, SPANS)
    failed = read.claimed(NOW + minutes(16)).failed("answered 404", NOW + minutes(16), EVERY)
    async with store.begin() as uow:
        await uow.calendars.save(failed, None)
    async with store.read() as uow:
        assert await uow.calendars.states() == [failed]
        assert await uow.calendars.spans() == {ADAS: SPANS}
    assert (failed.read_at, failed.digest) == (NOW + minutes(1), "digest")


async def test_one_that_is_no_longer_named_is_forgotten_and_others_stay(store: Store[Any]) -> None:
    await watch(store, ADAS, BOBS)
    bobs = Watched(BOBS, NOW).read("digest", NOW, EVERY)
    async with store.begin() as uow:
        await uow.calendars.save(bobs, SPANS)
    await watch(store, BOBS)
    async with store.begin() as uow:  # Who was still at it brings it not back.
        await uow.calendars.save(Watched(ADAS, NOW).read("digest", NOW, EVERY), SPANS)
    async with store.read() as uow:
        assert await uow.calendars.states() == [bobs]
        assert await uow.calendars.spans() == {BOBS: SPANS}
    await watch(store)
    async with store.read() as uow:
        assert await uow.calendars.states() == []


async def claimed(store: Store[Any], after: timedelta) -> str | None:
    async with store.begin() as uow:
        found = await uow.calendars.claim(NOW + after)
        return found.key if found else None


async def test_one_that_is_claimed_is_nobody_elses_until_the_claim_runs_out(
    store: Store[Any],
) -> None:
    await watch(store, ADAS)
    assert await claimed(store, timedelta()) == ADAS
    assert await claimed(store, CLAIMED_FOR - timedelta(microseconds=1)) is None
    assert await claimed(store, CLAIMED_FOR) == ADAS
    async with store.read() as uow:
        (state,) = await uow.calendars.states()
    assert (state.failures, state.failing_since) == (2, NOW + CLAIMED_FOR)


async def test_what_has_waited_longest_is_claimed_first(store: Store[Any]) -> None:
    await watch(store, ADAS, BOBS)
    async with store.begin() as uow:
        await uow.calendars.save(Watched(BOBS, NOW + minutes(1)), None)
    assert await claimed(store, timedelta()) == ADAS
    assert await claimed(store, timedelta()) is None
    assert await claimed(store, minutes(1)) == BOBS


async def test_claimed_at_the_same_time_each_is_claimed_once(store: Store[Any]) -> None:
    await watch(store, ADAS, BOBS)
    found = await asyncio.gather(*(claimed(store, timedelta()) for _ in range(4)))
    assert sorted(one for one in found if one) == [BOBS, ADAS]


async def test_a_claim_of_a_transaction_that_fails_is_none(store: Store[Any]) -> None:
    async def fails() -> None:
        async with store.begin() as uow:
            await uow.calendars.claim(NOW)
            raise RuntimeError

    await watch(store, ADAS)
    with pytest.raises(RuntimeError):
        await fails()
    assert await claimed(store, timedelta()) == ADAS
