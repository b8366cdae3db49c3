"""The event log, the incidents and the drafts: one suite over memory, SQLite and PostgreSQL."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from postmortem.adapters.memory import MemoryPostmortemUnitOfWork
from postmortem.adapters.sql import SqlPostmortemUnitOfWork
from postmortem.domain.postmortem import Postmortem, compiled, postmortem_id
from postmortem.handlers import Handlers
from postmortem.ports import PostmortemUnitOfWork
from tests.contract.conftest import MakeStore
from tests.unit.postmortem.stories import (
    INCIDENT,
    START,
    envelope,
    night,
    notification,
    resolved,
    triggered,
)
from tocsin import events as e
from tocsin.events import Envelope, Event
from tocsin.unit_of_work import Store

PostmortemStore = Store[PostmortemUnitOfWork]


@pytest.fixture
async def store(make_store: MakeStore) -> PostmortemStore:
    return await make_store(MemoryPostmortemUnitOfWork, SqlPostmortemUnitOfWork, "postmortem")


async def events_of(store: PostmortemStore, incident_id: str) -> set[str]:
    async with store.read() as uow:
        found = await uow.log.of([incident_id])
    return {item.event_id for item in found.get(incident_id, ())}


async def test_events_come_back_as_they_went_in(store: PostmortemStore) -> None:
    night_ = night()
    async with store.begin() as uow:
        await uow.log.add([(INCIDENT, item) for item in night_], START)
    async with store.read() as uow:
        found = await uow.log.of([INCIDENT, "inc-unknown"])
    assert set(found) == {INCIDENT}
    assert sorted(found[INCIDENT], key=lambda item: item.event_id) == night_


async def test_an_event_added_twice_stays_as_it_was(store: PostmortemStore) -> None:
    first = envelope("e1", 0, triggered(title="first"))
    second = envelope("e1", 0, triggered(title="second"))
    async with store.begin() as uow:
        await uow.log.add([(INCIDENT, first), (INCIDENT, second)], START)
        await uow.log.add([(INCIDENT, second)], START)
    async with store.read() as uow:
        assert (await uow.log.of([INCIDENT]))[INCIDENT] == [first]


async def test_text_with_a_nul_and_every_plane_survives(store: PostmortemStore) -> None:
    hostile = envelope("e1", 0, triggered(title="a\x00b \U0001f6a8 \u202e 'quote\" \\"))
    async with store.begin() as uow:
        await uow.log.add([(INCIDENT, hostile)], START)
    async with store.read() as uow:
        assert (await uow.log.of([INCIDENT]))[INCIDENT] == [hostile]


async def test_a_lock_makes_incidents_and_remembers_which_were_resolved(
    store: PostmortemStore,
) -> None:
    async with store.begin() as uow:
        assert await uow.incidents.lock(["b", "a"], START) == {"a": False, "b": False}
        await uow.incidents.mark_resolved(["b"])
        await uow.incidents.mark_resolved([])
    async with store.begin() as uow:
        assert await uow.incidents.lock(["a", "b", "c"], START) == {
            "a": False,
            "b": True,
            "c": False,
        }


async def test_an_incident_is_found_by_its_id_and_by_its_postmortems(
    store: PostmortemStore,
) -> None:
    async with store.begin() as uow:
        await uow.incidents.lock(["a"], START)
    async with store.read() as uow:
        assert await uow.incidents.find("a") == "a"
        assert await uow.incidents.find(postmortem_id("a")) == "a"
        assert await uow.incidents.find("b") is None


def drafted(incident_id: str, seconds: int) -> Postmortem:
    found = compiled(
        incident_id,
        [
            envelope(f"{incident_id}-1", 0, triggered(incident_id=incident_id)),
            envelope(f"{incident_id}-2", seconds, resolved(2, incident_id=incident_id)),
        ],
    )
    assert found
    return found


async def pages_of(store: PostmortemStore, size: int) -> list[list[str]]:
    pages: list[list[str]] = []
    after = None
    while True:
        async with store.read() as uow:
            found = await uow.drafts.page(after, size)
        if not found:
            return pages
        pages.append([one.incident_id for one in found])
        last = found[-1]
        assert last.resolved_at
        after = (last.resolved_at, last.postmortem_id)


async def test_drafts_are_listed_from_the_latest_and_paged_without_a_gap(
    store: PostmortemStore,
) -> None:
    drafts = [drafted("a", 10), drafted("b", 30), drafted("c", 20), drafted("d", 20)]
    async with store.begin() as uow:
        await uow.drafts.save(drafts)
    tied = sorted(("c", "d"), key=postmortem_id, reverse=True)
    assert await pages_of(store, 10) == [["b", *tied, "a"]]
    assert await pages_of(store, 1) == [["b"], [tied[0]], [tied[1]], ["a"]]


async def test_a_draft_is_replaced_whole(store: PostmortemStore) -> None:
    draft = drafted("a", 10)
    async with store.begin() as uow:
        await uow.drafts.save([draft])
        assert await uow.drafts.digests(["a", "b"]) == {"a": draft.digest}
        later = replace(draft, digest="d2", title="nul \x00", last_event_at=START)
        await uow.drafts.save([later])
        await uow.drafts.save([])
    async with store.read() as uow:
        (found,) = await uow.drafts.page(None, 10)
        assert await uow.drafts.digests(["a"]) == {"a": "d2"}
    assert (found.title, found.last_event_at) == ("nul �", START)
    assert found.resolved_at == START + timedelta(seconds=10)


async def test_batches_of_different_topics_at_once_leave_no_event_out_of_the_draft(
    store: PostmortemStore,
) -> None:
    """Whoever adds an event holds its incident: no draft is compiled beside it."""
    handlers = Handlers()

    async def arrive(batch: Sequence[Envelope[Event]]) -> None:
        async with store.begin() as uow:
            await handlers.on_events(uow, batch, START)

    for number in range(5):
        incident = f"inc-{number}"
        late = notification(e.NotificationSent).model_copy(update={"incident_id": incident})
        await asyncio.gather(
            arrive(
                [
                    envelope(f"{incident}-1", 0, triggered(incident_id=incident)),
                    envelope(f"{incident}-2", 9, resolved(2, incident_id=incident)),
                ]
            ),
            arrive([envelope(f"{incident}-3", 3, late)]),
        )
        events = await events_of(store, incident)
        assert len(events) == 3
        async with store.read() as uow:
            found = compiled(incident, (await uow.log.of([incident]))[incident])
            assert found
            assert await uow.drafts.digests([incident]) == {incident: found.digest}


async def test_a_resolve_waits_for_the_event_that_is_just_being_added(
    store: PostmortemStore,
) -> None:
    handlers = Handlers()
    added = asyncio.Event()

    async def late() -> None:
        async with store.begin() as uow:
            sent = envelope("late", 3, notification(e.NotificationSent))
            await handlers.on_events(uow, [sent], START)
            added.set()
            await asyncio.sleep(0.2)  # Time enough to overtake, for whoever does not wait.

    async def resolve() -> None:
        await added.wait()
        async with store.begin() as uow:
            await handlers.on_events(uow, [envelope("over", 9, resolved(2))], START)

    async with store.begin() as uow:
        await handlers.on_events(uow, [envelope("start", 0, triggered())], START)
    await asyncio.gather(late(), resolve())
    async with store.read() as uow:
        (draft,) = await uow.drafts.page(None, 10)
    assert draft.events == 3
