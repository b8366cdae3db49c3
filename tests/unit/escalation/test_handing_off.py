"""Who is on call is told at each hand-off and each change of the catalog, and once is enough."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from escalation.adapters.memory import MemoryEscalationUnitOfWork
from escalation.domain.handing_off import on_call_now
from escalation.entrypoints.timers import on_timers
from escalation.handlers import ClimbHandlers, HandOffHandlers
from escalation.handlers.handing_off import HAND_OFF, tell_changes
from tests.unit.escalation.examples import catalog, people
from tocsin.catalog import Catalog
from tocsin.errors import Unavailable
from tocsin.events import OnCallChanged, decode
from tocsin.holder import CatalogHolder
from tocsin.testing import MemoryStore
from tocsin.unit_of_work import Timer

DAY = timedelta(days=1)
# Monday, 2 March 2026, 09:00 in Paris: a hand-off.
MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
NEXT_MONDAY = MONDAY + 7 * DAY


def weekly(*participants: str, length: int = 1, kind: str = "weekly") -> dict[str, Any]:
    rotation = {
        "type": kind,
        "length": length,
        "start": "2026-01-05T09:00",
        "participants": list(participants),
    }
    return {"time_zone": "Europe/Paris", "layers": [{"name": "weekly", "rotation": rotation}]}


def rota(version: int = 1, **schedules: dict[str, Any]) -> Catalog:
    return catalog(version, User=people("ada", "bob", "eve"), Schedule=schedules)


class World:
    """Hand-offs alone, with their store: what is told, and what is due."""

    def __init__(self, current: Catalog | None = None) -> None:
        self.holder = CatalogHolder(current)
        self.store = MemoryStore(MemoryEscalationUnitOfWork)
        self.handlers = HandOffHandlers(self.holder)
        self.fire = on_timers(ClimbHandlers(self.holder), self.handlers)

    async def applies(self, current: Catalog, now: datetime) -> list[OnCallChanged]:
        async with self.store.begin() as uow:
            await tell_changes(uow, current, now)
        self.holder.replace(current)
        return await self.told()

    async def starts(self, now: datetime) -> list[OnCallChanged]:
        async with self.store.begin() as uow:
            await self.handlers.on_start(uow, now)
        return await self.told()

    async def reaches(self, now: datetime) -> list[OnCallChanged]:
        async with self.store.begin() as uow:
            await self.fire(uow, await uow.take_due(now, 500), now)
        return await self.told()

    async def fires(self, timers: Sequence[Timer], now: datetime) -> list[OnCallChanged]:
        async with self.store.begin() as uow:
            await self.fire(uow, timers, now)
        return await self.told()

    async def told(self) -> list[OnCallChanged]:
        found = [decode(one.value).data for one in await self.store.take_outbox() if one.value]
        assert all(isinstance(one, OnCallChanged) for one in found)
        return [one for one in found if isinstance(one, OnCallChanged)]


def test_who_is_on_call_since_when_until_when_and_who_then() -> None:
    told = on_call_now(None, "web", rota(web=weekly("ada", "bob")), MONDAY + DAY)
    assert (told.responders, told.then) == (("ada",), ("bob",))
    assert (told.since, told.until) == (MONDAY, NEXT_MONDAY)
    assert told.reason[0] == "schedule web"
    assert told.key == "on-call/web"


def test_a_turn_that_follows_on_ones_own_is_no_hand_off() -> None:
    told = on_call_now(None, "web", rota(web=weekly("ada")), MONDAY)
    assert (told.responders, told.until, told.then) == (("ada",), None, ())


def test_nobody_is_on_call_outside_the_restrictions_and_the_next_are_named() -> None:
    spec = weekly("ada", "bob")
    spec["layers"][0]["restrictions"] = [{"weekdays": ["fri"], "from": "09:00", "until": "18:00"}]
    told = on_call_now(None, "web", rota(web=spec), MONDAY)
    assert told.responders == ()
    assert (told.until, told.then) == (MONDAY + 4 * DAY, ("ada",))


async def test_a_catalog_tells_of_each_schedule_once() -> None:
    world = World()
    first = await world.applies(rota(1, web=weekly("ada", "bob"), db=weekly("bob")), MONDAY)
    assert [(one.schedule, one.responders) for one in first] == [
        ("db", ("bob",)),
        ("web", ("ada",)),
    ]
    assert await world.applies(rota(2, web=weekly("ada", "bob"), db=weekly("bob")), MONDAY) == []


async def test_a_change_in_the_middle_of_a_turn_counts_from_now() -> None:
    world = World()
    await world.applies(rota(1, web=weekly("ada", "bob")), MONDAY)
    (told,) = await world.applies(rota(2, web=weekly("eve", "bob")), MONDAY + DAY)
    assert (told.responders, told.since, told.catalog_version) == (("eve",), MONDAY + DAY, 2)
    # The same person goes on: others follow, but nobody took over.
    (told,) = await world.applies(rota(3, web=weekly("eve", "ada")), MONDAY + 2 * DAY)
    assert (told.responders, told.since, told.then) == (("eve",), MONDAY + DAY, ("ada",))


async def test_a_schedule_that_is_gone_is_told_once_and_looked_at_no_more() -> None:
    world = World()
    await world.applies(rota(1, web=weekly("ada", "bob")), MONDAY)
    (told,) = await world.applies(rota(2), MONDAY)
    assert (told.removed, told.responders) == (True, ())
    assert await world.applies(rota(3), MONDAY) == []
    assert await world.reaches(NEXT_MONDAY) == []
    assert await world.store.next_due() is None


async def test_a_timer_hands_off_at_the_second() -> None:
    world = World()
    await world.applies(rota(web=weekly("ada", "bob", kind="daily")), MONDAY + DAY / 2)
    assert await world.store.next_due() == MONDAY + DAY
    assert await world.reaches(MONDAY + DAY - timedelta(seconds=1)) == []
    (told,) = await world.reaches(MONDAY + DAY)
    assert told.since == MONDAY + DAY
    assert told.until == MONDAY + 2 * DAY
    assert await world.reaches(MONDAY + DAY) == [], "once"
    assert await world.store.next_due() == MONDAY + 2 * DAY


async def test_a_late_timer_tells_of_the_present_alone() -> None:
    world = World()
    await world.applies(rota(web=weekly("ada", "bob", "eve", kind="daily")), MONDAY)
    (told,) = await world.reaches(MONDAY + 4.5 * DAY)
    at_dawn = MONDAY + 4 * DAY
    assert (told.since, told.until) == (at_dawn, at_dawn + DAY)
    assert await world.store.next_due() == told.until


async def test_once_a_day_it_is_said_again_with_the_same_beginning() -> None:
    world = World()
    (first,) = await world.applies(rota(web=weekly("ada", "bob")), MONDAY)
    (again,) = await world.reaches(MONDAY + DAY)
    assert again == first
    assert await world.store.next_due() == MONDAY + 2 * DAY


async def test_a_timer_of_an_earlier_catalog_does_nothing() -> None:
    world = World()
    await world.applies(rota(1, web=weekly("ada", "bob", kind="daily")), MONDAY + DAY / 2)
    await world.applies(rota(2, web=weekly("eve", "bob", kind="daily", length=2)), MONDAY + DAY / 2)
    overtaken = Timer("any", HAND_OFF, "web", MONDAY + DAY)
    hand_offs = world.store.tables["hand_offs"]["web"]
    assert hand_offs.look_at != overtaken.due_at
    assert await world.fires([overtaken], MONDAY + DAY) == []


async def test_a_process_whose_catalog_is_behind_looks_again_and_tells_nothing_old() -> None:
    world = World()
    old, new = rota(1, web=weekly("ada", "bob")), rota(2, web=weekly("eve", "bob"))
    await world.applies(old, MONDAY)
    await world.applies(new, MONDAY)
    world.holder.replace(old)
    assert await world.reaches(MONDAY + DAY) == []
    world.holder.replace(new)
    (told,) = await world.reaches(MONDAY + DAY + timedelta(seconds=1))
    assert told.responders == ("eve",)
    assert await world.reaches(MONDAY + DAY + timedelta(seconds=1)) == []


async def test_nothing_is_told_before_the_catalog_is_there() -> None:
    world = World()
    with pytest.raises(Unavailable):
        await world.fires([Timer("any", HAND_OFF, "web", MONDAY)], MONDAY)


async def test_a_start_tells_what_was_never_told() -> None:
    world = World(rota(web=weekly("ada", "bob")))  # As after a release that told nothing.
    (told,) = await world.starts(MONDAY)
    assert told.responders == ("ada",)
    assert await world.starts(MONDAY) == []
    assert await world.store.next_due() == MONDAY + DAY


async def test_a_start_makes_up_for_a_timer_that_another_release_swallowed() -> None:
    world = World()
    await world.applies(rota(web=weekly("ada", "bob")), MONDAY)
    async with world.store.begin() as uow:
        assert await uow.take_due(MONDAY + DAY, 500)
    assert await world.reaches(NEXT_MONDAY) == [], "nothing is set any more"
    (told,) = await world.starts(NEXT_MONDAY)
    assert (told.responders, told.since) == (("bob",), NEXT_MONDAY)
    assert await world.store.next_due() == NEXT_MONDAY + DAY


async def test_timers_of_both_kinds_are_told_apart() -> None:
    world = World()
    await world.applies(rota(web=weekly("ada", "bob")), MONDAY)
    climbing = Timer("escalation/i1", "escalation", "i1", MONDAY)
    async with world.store.begin() as uow:
        due = [*await uow.take_due(MONDAY + DAY, 500), climbing]
    assert len(await world.fires(due, MONDAY + DAY)) == 1


def test_an_override_hands_off_at_its_ends() -> None:
    span = {"from": "2026-03-03T14:00", "until": "2026-03-03T18:00"}
    swap = {"schedule": "web", **span, "remove": "ada", "add": "eve"}
    rotas = {"web": weekly("ada", "bob")}
    held = catalog(1, User=people("ada", "bob", "eve"), Schedule=rotas, Override={"swap": swap})
    begins = datetime(2026, 3, 3, 13, 0, tzinfo=UTC)
    before = on_call_now(None, "web", held, MONDAY)
    assert (before.responders, before.until, before.then) == (("ada",), begins, ("eve",))
    during = on_call_now(before, "web", held, begins)
    ends = begins + timedelta(hours=4)
    assert (during.responders, during.since) == (("eve",), begins)
    assert (during.until, during.then) == (ends, ("ada",))


# ------------------------------------------------------------- what a kill leaves behind


async def test_a_kill_before_the_commit_leaves_the_timer_set() -> None:
    world = World()
    await world.applies(rota(web=weekly("ada", "bob", kind="daily")), MONDAY)
    with pytest.raises(ZeroDivisionError):
        await killed_at_the_hand_off(world, MONDAY + DAY)
    assert await world.told() == []
    assert len(await world.reaches(MONDAY + DAY)) == 1


async def killed_at_the_hand_off(world: World, now: datetime) -> None:
    async with world.store.begin() as uow:
        await world.fire(uow, await uow.take_due(now, 500), now)
        raise ZeroDivisionError


async def test_a_kill_before_the_relay_leaves_one_event_and_the_next_timer() -> None:
    world = World()
    await world.applies(rota(web=weekly("ada", "bob", kind="daily")), MONDAY)
    async with world.store.begin() as uow:
        await world.fire(uow, await uow.take_due(MONDAY + DAY, 500), MONDAY + DAY)
    next_process = World(world.holder.current)
    next_process.store = world.store
    async with world.store.begin() as uow:
        await next_process.handlers.on_start(uow, MONDAY + DAY)
        await next_process.fire(uow, await uow.take_due(MONDAY + DAY, 500), MONDAY + DAY)
    (told,) = await next_process.told()
    assert told.since == MONDAY + DAY
    assert await world.store.next_due() == MONDAY + 2 * DAY


async def test_two_processes_that_start_at_once_tell_it_once() -> None:
    world = World(rota(web=weekly("ada", "bob")))
    other = World(world.holder.current)
    other.store = world.store
    first, second = await world.starts(MONDAY), await other.starts(MONDAY)
    assert (len(first), second) == (1, [])
