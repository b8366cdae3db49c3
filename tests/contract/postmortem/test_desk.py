"""Reviews, words, published versions and action items: one suite over every implementation."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from postmortem.adapters.memory import MemoryPostmortemUnitOfWork
from postmortem.adapters.sql import SqlPostmortemUnitOfWork
from postmortem.domain.action_item import ActionItem, Promise
from postmortem.domain.document import ItemState
from postmortem.domain.postmortem import compiled, postmortem_id
from postmortem.domain.review import Review
from postmortem.domain.words import OutdatedError, Words
from postmortem.handlers import Handlers, desk, sheet
from postmortem.handlers.sheet import Act
from postmortem.ports import Change, PostmortemUnitOfWork, Publication, Wanted
from tests.contract.conftest import MakeStore
from tests.unit.postmortem.stories import (
    ADA,
    BOB,
    INCIDENT,
    START,
    at,
    envelope,
    night,
    notification,
)
from tocsin import events as e
from tocsin.unit_of_work import Store

PostmortemStore = Store[PostmortemUnitOfWork]
PM = postmortem_id(INCIDENT)


@pytest.fixture
async def store(make_store: MakeStore) -> PostmortemStore:
    return await make_store(MemoryPostmortemUnitOfWork, SqlPostmortemUnitOfWork, "postmortem")


def change(number: int, **more: str | int) -> Change:
    return Change(f"c{number}", PM, number, "wrote", BOB, at(number), more)


async def test_where_it_stands_comes_back_as_it_went_in(store: PostmortemStore) -> None:
    facts = compiled(INCIDENT, night())
    assert facts
    asked = Review(PM, INCIDENT).requested(facts.basis, BOB, at(9), is_over=True)
    async with store.begin() as uow:
        assert await uow.reviews.of(PM, INCIDENT) == Review(PM, INCIDENT)
        await uow.reviews.save(asked, change(1, text="a\x00b \U0001f6a8"))
    async with store.read() as uow:
        assert await uow.reviews.of(PM, INCIDENT) == asked
        assert await uow.reviews.is_done("c1")
        assert not await uow.reviews.is_done("c2")
        (kept,) = await uow.reviews.history(PM, None, 9)
    assert kept == change(1, text="a\x00b \U0001f6a8")


async def test_history_is_paged_from_the_latest(store: PostmortemStore) -> None:
    async with store.begin() as uow:
        for number in (1, 2, 3):
            await uow.reviews.save(Review(PM, INCIDENT, revision=number), change(number))
    async with store.read() as uow:
        assert [one.revision for one in await uow.reviews.history(PM, None, 2)] == [3, 2]
        assert [one.revision for one in await uow.reviews.history(PM, 2, 2)] == [1]
        assert await uow.reviews.history("other", None, 2) == []


async def test_words_are_kept_by_section(store: PostmortemStore) -> None:
    first = Words("impact", "a \U0001f6a8\tb\nc", 1, BOB, at(1))
    async with store.begin() as uow:
        await uow.reviews.write(PM, first)
        await uow.reviews.write(PM, Words("summary", "s", 1, ADA, at(2)))
        await uow.reviews.write("other", Words("impact", "not mine", 1, ADA, at(2)))
        await uow.reviews.write(PM, replace(first, text="later", version=2))
    async with store.read() as uow:
        found = await uow.reviews.words(PM)
    assert {key: (one.text, one.version) for key, one in found.items()} == {
        "impact": ("later", 2),
        "summary": ("s", 1),
    }
    assert found["summary"].edited_by == ADA


async def test_a_published_version_is_never_written_over(store: PostmortemStore) -> None:
    first = Publication(PM, 1, '{"title":"a\\u0000"}', "5f", "d", BOB, at(1))
    async with store.begin() as uow:
        await uow.reviews.publish(first)
        await uow.reviews.publish(replace(first, document="{}"))
        await uow.reviews.publish(replace(first, number=2))
    async with store.read() as uow:
        assert await uow.reviews.published(PM, 1) == first
        assert await uow.reviews.published(PM, 2) == replace(first, number=2)
        assert await uow.reviews.published(PM, 3) is None


def item(name: str, day: int, state: ItemState = "open", owner: str = "ada") -> ActionItem:
    promise = Promise(f"Mend {name}", owner, date(2026, 4, day), state)
    return ActionItem(name, PM, INCIDENT, promise, 1, BOB, at(1), ADA, at(2))


async def test_action_items_are_found_by_postmortem_by_id_and_by_date(
    store: PostmortemStore,
) -> None:
    items = [item("c", 2), item("a", 2), item("b", 1), item("d", 9, "done", "bob")]
    other = replace(item("o", 1), postmortem_id="other")
    async with store.begin() as uow:
        for one in [*items, other]:
            await uow.action_items.save(one)
        await uow.action_items.save(replace(item("c", 3), version=2))
    async with store.read() as uow:
        of = await uow.action_items.of(PM)
        assert [one.action_item_id for one in of] == ["b", "a", "c", "d"]
        assert of[2] == replace(item("c", 3), version=2)
        assert await uow.action_items.get("a") == item("a", 2)
        assert await uow.action_items.get("z") is None
        for wanted, names in (
            (Wanted(), ["b", "o", "a", "c", "d"]),
            (Wanted(state="done"), ["d"]),
            (Wanted(owner="bob"), ["d"]),
            (Wanted(due_before=date(2026, 4, 2)), ["b", "o"]),
        ):
            found = await uow.action_items.page(wanted, None, 9)
            assert [one.action_item_id for one in found] == names
        behind = await uow.action_items.page(Wanted(), (date(2026, 4, 1), "b"), 2)
        assert [one.action_item_id for one in behind] == ["o", "a"]


async def test_a_list_tells_where_each_stands_whatever_is_drafted_anew(
    store: PostmortemStore,
) -> None:
    async with store.begin() as uow:
        await Handlers().on_events(uow, night(), START)
        await uow.reviews.save(Review(PM, INCIDENT, "in-review", 1), change(1))
    late = envelope("e12", 330, notification(e.NotificationDelivered, "bob"), cause="e07")
    async with store.begin() as uow:
        await Handlers().on_events(uow, [late], START)
    async with store.read() as uow:
        (draft,) = await uow.drafts.page(None, 9)
    assert (draft.status, draft.events) == ("in-review", 12)


async def written(store: PostmortemStore, text: str, who: e.Actor) -> str:
    """Write over the version that nobody wrote, and tell what became of it."""
    act = Act(who, START + timedelta(hours=1), f"act of {who.name}")
    try:
        async with store.begin() as uow:
            found = await sheet.take(uow, INCIDENT, act.now)
            assert found
            await desk.write(uow, found, "impact", text, 0, act)
    except OutdatedError as error:
        return f"sees {getattr(error.current, 'text', 'nothing')}"
    return "written"


async def test_of_two_who_write_at_once_one_is_shown_the_other(store: PostmortemStore) -> None:
    async with store.begin() as uow:
        await Handlers().on_events(uow, night(), START)
    found = await asyncio.gather(written(store, "by ada", ADA), written(store, "by bob", BOB))
    assert sorted(found) in (["sees by ada", "written"], ["sees by bob", "written"])
    async with store.read() as uow:
        words = (await uow.reviews.words(PM))["impact"]
        assert words.version == 1
        assert f"sees {words.text}" in found
        assert len(await uow.reviews.history(PM, None, 9)) == 1


async def test_facts_that_arrive_while_it_is_published_are_in_it_or_told_as_late(
    store: PostmortemStore,
) -> None:
    async with store.begin() as uow:
        await Handlers().on_events(uow, night(), START)
    async with store.begin() as uow:
        found = await sheet.take(uow, INCIDENT, START)
        assert found
        await desk.request_review(uow, found, Act(ADA, START, "ask"))
    late = envelope("e12", 330, notification(e.NotificationDelivered, "bob"), cause="e07")

    async def publish() -> None:
        async with store.begin() as uow:
            found = await sheet.take(uow, INCIDENT, START)
            assert found
            await desk.publish(uow, found, found.facts.digest, Act(ADA, START, "publish"))

    async def arrive() -> None:
        async with store.begin() as uow:
            await Handlers().on_events(uow, [late], START)

    await asyncio.gather(publish(), arrive())
    async with store.read() as uow:
        after = await sheet.read(uow, INCIDENT)
    assert after
    assert after.facts.events == 12
    told = [one.event_id for one in after.changes.events]
    assert (after.shown.events, told) in ((12, []), (11, ["e12"]))


@pytest.mark.parametrize("what", ["write", "publish"])
async def test_a_kill_before_the_commit_leaves_nothing_and_after_it_everything(
    store: PostmortemStore, what: str
) -> None:
    async with store.begin() as uow:
        await Handlers().on_events(uow, night(), START)
        found = await sheet.take(uow, INCIDENT, START)
        assert found
        await desk.request_review(uow, found, Act(ADA, START, "ask"))

    async def act() -> None:
        found = await sheet.take(uow, INCIDENT, START)
        assert found
        if what == "write":
            await desk.write(uow, found, "impact", "slow", 0, Act(ADA, START, "w"))
        else:
            await desk.publish(uow, found, None, Act(ADA, START, "p"))

    async def outcome() -> tuple[int, int, int]:
        async with store.begin() as uow:
            found = await sheet.read(uow, INCIDENT)
            assert found
            pending = await uow.pending("postmortems")
        return found.review.revision, found.review.published, pending

    before = await outcome()
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - the kill is in the transaction.
        async with store.begin() as uow:
            await act()
            raise KeyboardInterrupt
    assert await outcome() == before
    async with store.begin() as uow:
        await act()
    after = await outcome()
    assert after == (2, 1 if what == "publish" else 0, before[2] + (what == "publish"))
    async with store.begin() as uow:  # Who had no answer asks again.
        await act()
    assert await outcome() == after
