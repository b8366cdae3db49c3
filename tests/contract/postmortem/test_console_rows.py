"""Where incidents stand, commands, sessions: one suite over memory, SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from postmortem.adapters.memory import MemoryPostmortemUnitOfWork
from postmortem.adapters.sql import SqlPostmortemUnitOfWork
from postmortem.domain.order import Order
from postmortem.domain.outlook import Lane, Outlook, Shift
from postmortem.domain.standings import Standing
from postmortem.domain.watch import Hush, Watch
from postmortem.handlers import ordering
from postmortem.ports import PostmortemUnitOfWork
from postmortem.ports.console import Moved, Session
from tests.contract.conftest import MakeStore
from tests.unit.postmortem.stories import BOB, INCIDENT, START, added, at, envelope, page, triggered
from tocsin import events as e
from tocsin.unit_of_work import Store

PostmortemStore = Store[PostmortemUnitOfWork]
FULL = Standing(
    incident_id=INCIDENT,
    version=9_000_000_000,
    number=7,
    title="\u202ehostile \U0001f6a8 'quote\" \\",
    service="checkout",
    severity="critical",
    urgency="high",
    status="acknowledged",
    team="payments",
    policy="payments",
    description="long\nlines",
    runbook="https://runbooks.example.org",
    holder="ada, bob",
    until=at(3600),
    triggered_at=START,
    resolved_at=at(1),
    alerts=5_000,
    firing=3,
)


@pytest.fixture
async def store(make_store: MakeStore) -> PostmortemStore:
    return await make_store(MemoryPostmortemUnitOfWork, SqlPostmortemUnitOfWork, "postmortem")


def some(number: int | None, status: Any = "triggered") -> Standing:
    return Standing(f"inc-{number}", number=number, status=status)


async def test_a_standing_comes_back_as_it_went_in(store: PostmortemStore) -> None:
    bare = Standing("inc-bare")
    async with store.begin() as uow:
        await uow.standings.save([FULL, bare], START)
        await uow.standings.save([], START)
    async with store.read() as uow:
        assert await uow.standings.load([INCIDENT, "inc-bare", "none"]) == {
            INCIDENT: FULL,
            "inc-bare": bare,
        }
        assert await uow.standings.find("7") == FULL
        assert await uow.standings.find(INCIDENT) == FULL
        for unknown in ("8", "", "none", "9" * 30, "\u0667"):
            assert await uow.standings.find(unknown) is None


async def test_a_nul_is_shown_as_what_cannot_be_kept(store: PostmortemStore) -> None:
    async with store.begin() as uow:
        await uow.standings.save([replace(FULL, title="a\x00b", service="\x00")], START)
    async with store.read() as uow:
        found = (await uow.standings.load([INCIDENT]))[INCIDENT]
    assert (found.title, found.service) == ("a\ufffdb", "\ufffd")


async def test_triggered_come_before_acknowledged_and_the_newest_first(
    store: PostmortemStore,
) -> None:
    rows = [some(1), some(2, "acknowledged"), some(3), some(4, "resolved"), some(None), some(9)]
    async with store.begin() as uow:
        await uow.standings.save(rows, START)
    wanted = ("triggered", "acknowledged")
    async with store.read() as uow:
        whole = await uow.standings.page(wanted, None, 10)
        assert [one.number for one in whole] == [9, 3, 1, 2]
        first = await uow.standings.page(wanted, None, 2)
        assert [one.number for one in first] == [9, 3]
        rest = await uow.standings.page(wanted, ("triggered", 3), 10)
        assert [one.number for one in rest] == [1, 2]
        assert await uow.standings.page(wanted, ("acknowledged", 2), 10) == []
        assert await uow.standings.counts(wanted) == {"triggered": 3, "acknowledged": 1}


async def test_what_has_moved_is_told_latest_first(store: PostmortemStore) -> None:
    async with store.begin() as uow:
        await uow.standings.save([some(1), some(2)], at(1))
        await uow.standings.save([some(3)], at(2))
        await uow.standings.save([some(1)], at(3))
    async with store.read() as uow:
        assert await uow.standings.moved(at(2), 10) == [
            Moved("inc-1", at(3)),
            Moved("inc-3", at(2)),
        ]
        assert await uow.standings.moved(START, 1) == [Moved("inc-1", at(3))]
        assert await uow.standings.moved(at(4), 10) == []


async def test_boards_that_moved_are_told_latest_first_and_each_move_counts(
    store: PostmortemStore,
) -> None:
    async with store.begin() as uow:
        await uow.boards.move("silences", at(1))
        await uow.boards.move("schedules", at(2))
    async with store.begin() as uow:
        await uow.boards.move("silences", at(3))
        await uow.boards.move("silences", at(3))
    async with store.read() as uow:
        silences, schedules = Moved("silences", at(3), 3), Moved("schedules", at(2), 1)
        assert list(await uow.boards.moved(at(2))) == [silences, schedules]
        assert list(await uow.boards.moved(at(3))) == [silences]
        assert list(await uow.boards.moved(at(4))) == []


async def test_incidents_without_a_row_are_found(store: PostmortemStore) -> None:
    async with store.begin() as uow:
        await uow.incidents.lock(["a", "b", "c"], START)
        await uow.standings.save([Standing("b")], START)
    async with store.read() as uow:
        assert sorted(await uow.standings.missing(10)) == ["a", "c"]
        assert len(await uow.standings.missing(1)) == 1


async def test_the_latest_events_come_first_and_by_type(store: PostmortemStore) -> None:
    events = [
        envelope("e1", 1, triggered()),
        envelope("e2", 2, page()),
        envelope("e3", 3, added(2)),
    ]
    async with store.begin() as uow:
        await uow.log.add([(INCIDENT, one) for one in events], START)
        await uow.log.add([("inc-2", envelope("e9", 9, triggered(incident_id="inc-2")))], START)
    async with store.read() as uow:
        assert await uow.log.latest(INCIDENT, 2) == [events[2], events[1]]
        types = [e.IncidentTriggered.TYPE, e.AlertAdded.TYPE]
        assert await uow.log.latest(INCIDENT, 9, types) == [events[2], events[0]]
        assert await uow.log.latest("none", 9) == []


async def test_a_command_is_given_once_whatever_is_pressed(store: PostmortemStore) -> None:
    command = e.AcknowledgeIncident(incident_id=INCIDENT, by=BOB, via="console")
    given = []
    for _ in range(2):
        async with store.begin() as uow:
            given.append(await ordering.give(uow, command, "c1", START))
    assert given == [True, False]
    order = Order("c1", INCIDENT, "acknowledge", "bob", START)
    async with store.read() as uow:
        assert await uow.pending("commands") == 1
        assert await uow.orders.waiting([INCIDENT, "none"]) == [order]
        assert await uow.orders.latest(INCIDENT, START) == [order]
        assert await uow.orders.latest(INCIDENT, at(1)) == []


async def test_a_kill_before_the_commit_leaves_no_command(store: PostmortemStore) -> None:
    command = e.AcknowledgeIncident(incident_id=INCIDENT, by=BOB)

    async def killed() -> None:
        async with store.begin() as uow:
            await ordering.give(uow, command, "c1", START)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await killed()
    async with store.begin() as uow:
        assert (await uow.pending("commands"), await uow.orders.waiting([INCIDENT])) == (0, [])
        assert await ordering.give(uow, command, "c1", START)


async def test_an_answered_command_waits_no_more(store: PostmortemStore) -> None:
    orders = [Order(f"c{n}", INCIDENT, "resolve", "a\x00b", at(n)) for n in range(2)]
    async with store.begin() as uow:
        assert [await uow.orders.add(one) for one in orders] == [True, True]
        await uow.orders.save([replace(orders[0], answered_at=at(5), refusal="no")])
        await uow.orders.save([])
    async with store.read() as uow:
        assert [one.command_id for one in await uow.orders.waiting([INCIDENT])] == ["c1"]
        kept = await uow.orders.get("c0")
        assert (kept and kept.refusal, await uow.orders.get("none")) == ("no", None)
        latest = await uow.orders.latest(INCIDENT, START)
    assert [(one.command_id, one.answered_at, one.refusal) for one in latest] == [
        ("c1", None, ""),
        ("c0", at(5), "no"),
    ]


async def test_sessions_are_kept_and_forgotten(store: PostmortemStore) -> None:
    session = Session("k1", "t1", "bob", at(10))
    async with store.begin() as uow:
        await uow.sessions.add(session)
        await uow.sessions.add(replace(session, key_hash="k2", expires_at=at(20)))
        await uow.sessions.forget_expired(at(10) - timedelta(microseconds=1))
        assert await uow.sessions.get("k1") == session
        await uow.sessions.forget_expired(at(10))
        assert await uow.sessions.get("k1") is None
        await uow.sessions.remove("k2")
        await uow.sessions.remove("k2")
        assert await uow.sessions.get("k2") is None


async def test_silences_come_back_the_one_that_ends_last_first(store: PostmortemStore) -> None:
    first = Hush("s1", ('a="b"', "c!=d"), START, at(10), "ada", "why")
    second = replace(first, silence_id="s2", ends_at=at(20))
    async with store.begin() as uow:
        await uow.silences.save([first, second])
        await uow.silences.save([replace(first, ends_at=at(30))])
        await uow.silences.save([])
    async with store.read() as uow:
        assert await uow.silences.latest(9) == [replace(first, ends_at=at(30)), second]
        assert await uow.silences.latest(1) == [replace(first, ends_at=at(30))]
        assert (await uow.silences.get("s2"), await uow.silences.get("s9")) == (second, None)


async def test_who_is_on_call_comes_back_by_schedule(store: PostmortemStore) -> None:
    web, gap = (
        Watch("web", ("ada", "bob"), START, at(9), ("eve",)),
        Watch("db", (), START, None, ()),
    )
    async with store.begin() as uow:
        await uow.watches.save([web, gap, Watch("old", ("x",), START, None, ())])
        await uow.watches.remove(["old", "never"])
        await uow.watches.remove([])
    async with store.read() as uow:
        assert await uow.watches.all() == [gap, web]


async def test_the_shifts_of_a_schedule_come_back_as_they_were_told(store: PostmortemStore) -> None:
    gap, shift = Shift(at(0), at(60), ()), Shift(at(60), at(90), ("ada", "bob"))
    web = Outlook("web", 3, at(0), at(90), (gap, shift), (Lane("base", (shift,)), Lane("x", ())))
    async with store.begin() as uow:
        await uow.outlooks.save([replace(web, catalog_version=2, layers=())])
        await uow.outlooks.save([web, replace(web, schedule="old")])
        await uow.outlooks.save([])
        await uow.outlooks.remove(["old", "never"])
        await uow.outlooks.remove([])
    async with store.read() as uow:
        assert await uow.outlooks.get("web") == web
        assert await uow.outlooks.get("old") is None
        assert await uow.outlooks.told(["web", "old"]) == {"web": (3, at(0))}


async def test_what_somebody_has_given_comes_latest_first(store: PostmortemStore) -> None:
    async with store.begin() as uow:
        for number, by in enumerate(("bob", "ada", "bob")):
            await uow.orders.add(Order(f"c{number}", f"inc-{number}", "note", by, at(number)))
    async with store.read() as uow:
        given = await uow.orders.given("bob", at(0))
        assert [one.command_id for one in given] == ["c2", "c0"]
        assert [one.command_id for one in await uow.orders.given("bob", at(1))] == ["c2"]
