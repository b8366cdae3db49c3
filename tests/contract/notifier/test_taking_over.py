"""Summaries and takeovers in the database: memory, SQLite and PostgreSQL find the same."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import RowMapping

from notifier.adapters.memory import MemoryNotifierUnitOfWork
from notifier.adapters.rows import notification_of, row_of
from notifier.adapters.sql import SqlNotifierUnitOfWork
from notifier.domain.states import Delivered, Retrying, Sending, Waiting
from notifier.ports import NotifierUnitOfWork
from tests.contract.conftest import MakeStore
from tests.unit.notifier.making import notification, page
from tocsin.testing import START
from tocsin.unit_of_work import Store

HOUR = timedelta(hours=1)
LATER = START + HOUR


@pytest.fixture
async def store(make_store: MakeStore) -> Store[NotifierUnitOfWork]:
    return await make_store(MemoryNotifierUnitOfWork, SqlNotifierUnitOfWork, "notifier")


async def test_who_waits_for_a_person_is_found_oldest_first_and_bounded(
    store: Store[NotifierUnitOfWork],
) -> None:
    bobs = {"page_id": "page-2", "responder": "bob"}
    async with store.begin() as uow:
        await uow.pages.add([page("page-1"), page("page-2", responder="bob")])
        await uow.notifications.add(
            [
                notification("waits", state=Waiting(LATER + HOUR), due_since=START + HOUR / 2),
                notification("retries", state=Retrying(LATER + HOUR, "x")),
                notification("not-yet", state=Waiting(LATER + HOUR), due_since=LATER + HOUR),
                notification("under-way", state=Sending(LATER)),
                notification("over", state=Delivered(START, "")),
                notification("an-update", purpose="update"),
                notification("of-bob", **bobs),
            ]
        )

    async with store.begin() as uow:
        hers = await uow.notifications.waiting_for({"ada"}, LATER, 10)
        first = await uow.notifications.waiting_for({"ada", "bob"}, LATER, 1)
        nobodys = await uow.notifications.waiting_for({"carol"}, LATER, 10)
    assert [one.notification_id for one in hers] == ["retries", "waits"]
    assert len(first) == 1
    assert nobodys == []


async def test_what_a_process_holds_is_found_and_nothing_else(
    store: Store[NotifierUnitOfWork],
) -> None:
    ours = notification("n-1").claim(START, holder="holder-1").notification
    async with store.begin() as uow:
        await uow.notifications.add(
            [
                ours,
                notification("n-2").claim(START, holder="holder-2").notification,
                notification("n-3").claim(START).notification,
                # Once held by it, and given back.
                replace(ours, notification_id="n-4", state=Waiting(START)),
                notification("n-5", rule='"holder":"holder-1"'),
            ]
        )

    async with store.begin() as uow:
        assert await uow.notifications.held_by("holder-1", 10) == [ours]
        assert await uow.notifications.held_by("holder-1", 0) == []


async def test_a_holder_lives_until_it_is_struck_out(store: Store[NotifierUnitOfWork]) -> None:
    async with store.begin() as uow:
        assert await uow.holders.beat("holder-1", START, is_first=True)
        assert await uow.holders.beat("holder-2", START, is_first=True)
    async with store.begin() as uow:
        assert await uow.holders.beat("holder-1", LATER, is_first=False)

    async with store.begin() as uow:
        assert await uow.holders.signs() == {"holder-1": LATER, "holder-2": START}
        assert not await uow.holders.forget("holder-1", START), "it has given a sign since"
        assert await uow.holders.forget("holder-2", START)
        assert not await uow.holders.forget("holder-2", START), "once only"
    async with store.begin() as uow:
        assert not await uow.holders.beat("holder-2", LATER, is_first=False)
        assert await uow.holders.signs() == {"holder-1": LATER}


def test_a_row_of_an_older_release_reads_as_a_page_alone() -> None:
    row: dict[str, Any] = row_of(notification(state=Sending(START, "stop", "holder-1")))
    for name in ("summary", "covers", "last_hope", "holder"):
        del row["data"][name]

    found = notification_of(_mapping(row))
    assert (found.summary, found.covers, found.last_hope) == ("", (), False)
    assert found.state == Sending(START, "stop", "")


def _mapping(row: Mapping[str, Any]) -> RowMapping:
    return row  # type: ignore[return-value]
