"""Escalation's repositories: memory, SQLite and PostgreSQL behave alike."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from escalation.adapters.memory import MemoryEscalationUnitOfWork
from escalation.adapters.sql import SqlEscalationUnitOfWork
from escalation.domain.escalation import Escalation
from escalation.domain.handing_off import on_call_now
from escalation.domain.hearing import hear
from escalation.domain.status import Cause
from escalation.domain.turns import Ring, Turns
from escalation.handlers import ClimbHandlers
from escalation.ports import AppliedVersion, Note, Told
from tests.contract.conftest import MakeStore
from tests.unit.escalation.examples import NOW, minutes, triggered, two_levels
from tests.unit.escalation.test_climb_handlers import said
from tocsin.events import CatalogDocumentChanged, OnCallChanged
from tocsin.holder import CatalogHolder
from tocsin.unit_of_work import Store

IN_FORCE = two_levels(repeat=2, last_resort={"user": "bob"})


@pytest.fixture
async def store(make_store: MakeStore) -> Store[Any]:
    return await make_store(MemoryEscalationUnitOfWork, SqlEscalationUnitOfWork, "escalation")


def climb(incident_id: str = "i1", **more: Any) -> Escalation:
    event = triggered(incident_id, **more)
    return hear(Escalation.unknown(incident_id), event, NOW, IN_FORCE).escalation


def every_status() -> list[Escalation]:
    waiting = climb("waiting", title="Quote ' and NUL \x00 and ☎")
    exhausted = climb("exhausted")
    while exhausted.rounds < 2:
        assert exhausted.deadline
        exhausted = exhausted.advance(exhausted.deadline, IN_FORCE).escalation
    halted = climb("halted").halt("snoozed").escalation
    return [waiting, exhausted, halted, Escalation.unknown("unknown")]


async def test_a_climb_comes_back_as_it_was_saved(store: Store[Any]) -> None:
    climbs = every_status()
    async with store.begin() as uow:
        await uow.escalations.save(climbs)
    async with store.begin() as uow:
        found = await uow.escalations.load([*(one.incident.incident_id for one in climbs), "none"])
    assert found == {one.incident.incident_id: one for one in climbs}


async def test_a_later_save_replaces_the_whole_climb(store: Store[Any]) -> None:
    first = climb()
    second = first.halt("acknowledged").escalation
    async with store.begin() as uow:
        await uow.escalations.save([first])
        await uow.escalations.save([second])
    async with store.read() as uow:
        assert await uow.escalations.find("i1") == second
        assert await uow.escalations.find("none") is None


async def test_what_exists_stays_when_something_is_added(store: Store[Any]) -> None:
    async with store.begin() as uow:
        await uow.escalations.save([climb("i1")])
        await uow.escalations.add([Escalation.unknown("i1"), Escalation.unknown("i2")])
        found = await uow.escalations.load(["i1", "i2"])
    assert found == {"i1": climb("i1"), "i2": Escalation.unknown("i2")}


async def test_nothing_is_saved_by_a_transaction_that_fails(store: Store[Any]) -> None:
    async def failing() -> None:
        async with store.begin() as uow:
            await uow.escalations.save([climb()])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()
    async with store.read() as uow:
        assert await uow.escalations.find("i1") is None


async def test_the_cause_of_a_climb_is_kept(store: Store[Any]) -> None:
    cause = Cause("event", "first", "00-" + "1" * 32 + "-" + "2" * 16 + "-01")
    caused = Escalation(climb().incident, climb().policy, climb().status, cause=cause)
    async with store.begin() as uow:
        await uow.escalations.save([caused])
    async with store.read() as uow:
        assert (await uow.escalations.find("i1")).cause == cause


def changed(kind: str, name: str, version: int, spec: dict[str, Any] | None) -> Any:
    return CatalogDocumentChanged(
        kind=kind, name=name, set="default", catalog_version=version, author="ada", spec=spec
    )


async def test_an_empty_history_is_version_nought(store: Store[Any]) -> None:
    async with store.begin() as uow:
        assert await uow.catalog_history.lock() == 0
        assert await uow.catalog_history.version() == 0
        assert await uow.catalog_history.documents() == []


async def test_every_version_of_every_document_is_kept(store: Store[Any]) -> None:
    async with store.begin() as uow:
        await uow.catalog_history.lock()
        await uow.catalog_history.append(
            1, [changed("User", "bob", 1, {"email": "b"}), changed("Team", "Zoo", 1, {})], NOW
        )
    async with store.begin() as uow:
        assert await uow.catalog_history.lock() == 1
        await uow.catalog_history.append(
            2, [changed("User", "bob", 2, None), changed("User", "ada", 2, {"nul": "\x00"})], NOW
        )
        await uow.catalog_history.append(5, [changed("User", "bob", 5, {"email": "c"})], NOW)

    async def at(version: int | None) -> list[tuple[str, str, int, Any]]:
        async with store.read() as uow:
            held = await uow.catalog_history.documents(version)
        return [(one.kind, one.name, one.version, one.spec) for one in held]

    assert await at(1) == [("Team", "Zoo", 1, {}), ("User", "bob", 1, {"email": "b"})]
    assert await at(2) == [("Team", "Zoo", 1, {}), ("User", "ada", 2, {"nul": "\x00"})]
    assert await at(4) == await at(2)
    assert await at(None) == [
        ("Team", "Zoo", 1, {}),
        ("User", "ada", 2, {"nul": "\x00"}),
        ("User", "bob", 5, {"email": "c"}),
    ]
    async with store.read() as uow:
        assert await uow.catalog_history.version() == 5
        people = await uow.catalog_history.documents(kinds=["User", "Nothing"])
        assert [one.name for one in people] == ["ada", "bob"]
        assert await uow.catalog_history.documents(2, kinds=["Team"]) == [
            one for one in await uow.catalog_history.documents(2) if one.kind == "Team"
        ]
        assert await uow.catalog_history.documents(kinds=[]) == []


async def test_versions_are_told_with_who_and_why_the_latest_first(store: Store[Any]) -> None:
    async with store.begin() as uow:
        await uow.catalog_history.lock()
        await uow.catalog_history.append(
            1, [changed("User", "bob", 1, {}), changed("User", "eve", 1, {})], NOW
        )
        of_others = changed("Team", "t", 3, {}).model_copy(update={"set": "others"})
        parts = [changed("User", "bob", 3, None), of_others]
        note = Note("token", "why \x00 ☎")
        await uow.catalog_history.append(3, parts, NOW + minutes(1), note)
    first = AppliedVersion(1, ("default",), "ada", NOW, 2, Note())
    later = AppliedVersion(3, ("default", "others"), "ada", NOW + minutes(1), 2, note)
    async with store.read() as uow:
        assert await uow.catalog_history.versions(None, 10) == [later, first]
        assert await uow.catalog_history.versions(None, 1) == [later]
        assert await uow.catalog_history.versions(3, 10) == [first]
        assert await uow.catalog_history.versions(1, 10) == []


async def test_what_was_deleted_was_once_held(store: Store[Any]) -> None:
    async with store.begin() as uow:
        await uow.catalog_history.lock()
        await uow.catalog_history.append(1, [changed("User", "bob", 1, {})], NOW)
        await uow.catalog_history.append(2, [changed("User", "bob", 2, None)], NOW)
    async with store.read() as uow:
        assert await uow.catalog_history.documents() == []
        assert await uow.catalog_history.ever_held("User", "bob")
        assert not await uow.catalog_history.ever_held("Team", "bob")
        assert not await uow.catalog_history.ever_held("User", "ada")


async def test_each_version_is_found_by_the_time_at_which_it_took_effect(store: Store[Any]) -> None:
    async with store.begin() as uow:
        assert await uow.catalog_history.version_at(NOW) == 0
        await uow.catalog_history.append(1, [changed("Team", "a", 1, {})], NOW)
        await uow.catalog_history.append(2, [changed("Team", "a", 2, None)], NOW + minutes(1))
        # A clock that was put back: what came later still holds.
        await uow.catalog_history.append(3, [changed("Team", "b", 3, {})], NOW + minutes(1))
    tick = timedelta(microseconds=1)
    async with store.read() as uow:
        assert [
            await uow.catalog_history.version_at(at)
            for at in (NOW - tick, NOW, NOW + minutes(1) - tick, NOW + minutes(1), NOW + minutes(9))
        ] == [0, 1, 1, 3, 3]


async def test_a_climb_runs_on_every_store(store: Store[Any]) -> None:
    handlers = ClimbHandlers(CatalogHolder(two_levels()))
    batch = [said(triggered(f"i{number}"), NOW) for number in range(600)]
    async with store.begin() as uow:
        await handlers.on_incidents(uow, batch, NOW)
    assert await store.next_due() == NOW + minutes(5)
    fired = 0
    for _ in range(3):
        async with store.begin() as uow:
            timers = await uow.take_due(NOW + minutes(5), 500)
            await handlers.on_timers(uow, timers, NOW + minutes(5))
            fired += len(timers)
    assert fired == 600
    async with store.read() as uow:
        assert (await uow.escalations.find("i599")).place == (1, 2)
    assert await store.next_due() == NOW + minutes(15)


async def test_an_instant_with_microseconds_is_kept(store: Store[Any]) -> None:
    odd = datetime(2026, 3, 2, 8, 0, 0, 123457, tzinfo=UTC)
    one = hear(Escalation.unknown("i1"), triggered(), odd, IN_FORCE).escalation
    async with store.begin() as uow:
        await uow.escalations.save([one])
    async with store.read() as uow:
        assert (await uow.escalations.find("i1")).deadline == odd + timedelta(minutes=5)


async def test_what_was_told_of_a_schedule_comes_back_as_it_was(store: Store[Any]) -> None:
    first = on_call_now(None, "none", IN_FORCE, NOW)
    gap = OnCallChanged(schedule="gap", responders=(), since=NOW, catalog_version=1, until=NOW)
    async with store.begin() as uow:
        await uow.hand_offs.save([Told(first, None), Told(gap, NOW + minutes(1))])
    later = gap.model_copy(update={"responders": ("ada", "bob"), "reason": ("why",)})
    async with store.begin() as uow:
        await uow.hand_offs.save([Told(later, None)])
        assert await uow.hand_offs.load(None) == {
            "gap": Told(later, None),
            "none": Told(first, None),
        }
        assert await uow.hand_offs.load(["gap", "other"]) == {"gap": Told(later, None)}
        assert await uow.hand_offs.load([]) == {}


async def test_a_ring_comes_back_as_it_was_and_a_new_one_has_not_begun(store: Store[Any]) -> None:
    moved = Ring("user ada", 2, ("user bob", "user eve"))
    async with store.begin() as uow:
        assert await uow.rings.load(["p/1", "p/2"]) == {"p/1": Ring(), "p/2": Ring()}
        await uow.rings.save({"p/1": moved})
    async with store.begin() as uow:
        assert await uow.rings.load(["p/2", "p/1"]) == {"p/1": moved, "p/2": Ring()}
        assert await uow.rings.load([]) == {}
        await uow.rings.save({})


async def test_turns_taken_at_the_same_time_are_not_the_same_turn(store: Store[Any]) -> None:
    async def takes() -> str:
        async with store.begin() as uow:
            ring = (await uow.rings.load(["p/1"]))["p/1"]
            await asyncio.sleep(0.01)  # The other one comes now.
            taker: str = ring.order(["ada", "bob", "eve"])[0]
            await uow.rings.save({"p/1": ring.after(taker, ["ada", "bob", "eve"], ())})
            return taker

    takers = await asyncio.gather(*(takes() for _ in range(3)))
    assert sorted(takers) == ["ada", "bob", "eve"]


async def test_a_climb_keeps_whose_turn_it_was(store: Store[Any]) -> None:
    one = replace(climb(), turns=Turns({"1.1": "user ada"}))
    async with store.begin() as uow:
        await uow.escalations.save([one])
    async with store.read() as uow:
        assert (await uow.escalations.find("i1")).turns == one.turns
