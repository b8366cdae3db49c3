"""The shifts of the coming weeks: what is told of them, when, and how much at most."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from escalation.adapters.memory import MemoryEscalationUnitOfWork
from escalation.domain.foreseeing import AHEAD, BEHIND, MOST, foreseen
from escalation.entrypoints.foreseeing import BLOCKED, Foreseeing
from tests.unit.escalation.examples import catalog, people
from tocsin.catalog import Catalog, Schedule
from tocsin.errors import Unavailable
from tocsin.events import ShiftsForeseen, decode
from tocsin.holder import CatalogHolder
from tocsin.testing import ManualClock, MemoryStore

NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
TODAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def layer(name: str, *who: Any, kind: str = "weekly", **more: Any) -> dict[str, Any]:
    rotation = {"type": kind, "start": "2026-01-05T09:00", "participants": list(who)}
    return {"name": name, "rotation": rotation, **more}


def office(*who: str) -> dict[str, Any]:
    hours = {"weekdays": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "until": "18:00"}
    return layer("office", *who, restrictions=[hours])


def schedule(*layers: dict[str, Any]) -> dict[str, Any]:
    return {"time_zone": "Europe/Paris", "layers": list(layers)}


def rota(version: int = 1, users: tuple[str, ...] = ("ada", "bob"), **more: Any) -> Catalog:
    return catalog(version, User=people(*users), **more)


def told(name: str, current: Catalog) -> ShiftsForeseen:
    found = foreseen(name, current, NOW)
    assert found is not None
    return found


def test_the_shifts_after_all_layers_tile_the_time_and_gaps_are_among_them() -> None:
    found = told("web", rota(Schedule={"web": schedule(office("ada"))}))
    assert (found.since, found.until) == (TODAY - BEHIND, TODAY + AHEAD)
    assert (found.shifts[0].begins, found.shifts[-1].until) == (found.since, found.until)
    assert all(one.until == later.begins for one, later in pairwise(found.shifts))
    assert all(one.responders != later.responders for one, later in pairwise(found.shifts))
    monday = next(one for one in found.shifts if one.begins == TODAY + 8 * HOUR)
    assert (monday.until, monday.responders) == (TODAY + 17 * HOUR, ("ada",))
    night = next(one for one in found.shifts if one.begins == monday.until)
    assert (night.until, night.responders) == (TODAY + 32 * HOUR, ())
    (alone,) = found.layers
    assert [one for one in found.shifts if one.responders] == list(alone.shifts)


def test_a_layer_is_told_alone_and_an_override_only_after_all_layers() -> None:
    override = {
        "schedule": "web",
        "from": "2026-03-03T00:00Z",
        "until": "2026-03-04T00:00Z",
        "cover": ["bob"],
    }
    found = told(
        "web",
        rota(
            Schedule={"web": schedule(layer("base", "ada"), office("bob"))},
            Override={"swap": override},
        ),
    )
    base, hours = found.layers
    assert (base.name, [one.responders for one in base.shifts]) == ("base", [("ada",)])
    assert (base.shifts[0].begins, base.shifts[0].until) == (found.since, found.until)
    assert {one.responders for one in hours.shifts} == {("bob",)}
    tuesday = datetime(2026, 3, 3, tzinfo=UTC)
    covered = next(one for one in found.shifts if one.begins == tuesday)
    assert (covered.until, covered.responders) == (tuesday + 24 * HOUR, ("bob",))


def test_whoever_cannot_be_reached_has_the_turn_and_is_not_on_call() -> None:
    current = catalog(1, User={"ada": {}}, Schedule={"web": schedule(layer("base", "ada"))})
    found = told("web", current)
    assert [one.responders for one in found.shifts] == [()]
    assert [one.responders for one in found.layers[0].shifts] == [("ada",)]


def test_what_changes_too_often_is_told_for_fewer_days_and_is_cut_everywhere() -> None:
    busy = [layer(f"l{number}", ["ada", "bob"], ["bob"], kind="hourly") for number in range(6)]
    found = told("web", rota(Schedule={"web": schedule(*busy)}))
    lanes = [found.shifts, *(one.shifts for one in found.layers)]
    held = sum(1 + len(shift.responders) for lane in lanes for shift in lane)
    assert MOST - 50 < held <= MOST
    assert found.since < found.until < TODAY + AHEAD
    assert {lane[-1].until for lane in lanes} == {found.until}


def test_a_schedule_that_is_gone_is_not_told() -> None:
    assert foreseen("web", rota(), NOW) is None


class World:
    """The worker with its store; `tells` lets it work until it has nothing more to say."""

    def __init__(self, current: Catalog | None = None) -> None:
        self.holder = CatalogHolder(current)
        self.store = MemoryStore(MemoryEscalationUnitOfWork)
        self.clock = ManualClock(NOW)
        self.worker = Foreseeing(self.store, self.holder, self.clock)

    async def tells(self) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        for _ in range(20):
            await self.worker.run_once()
            facts = [decode(one.value).data for one in await self.store.take_outbox() if one.value]
            found += [(one.schedule, one.catalog_version) for one in facts]  # type: ignore[attr-defined]
        return found


def two(version: int = 1, *, web: str = "ada", **more: Any) -> Catalog:
    schedules = {"web": schedule(layer("base", web)), "db": schedule(layer("base", "ada"))}
    return rota(version, Schedule=schedules, **more)


async def test_each_is_told_at_a_start_and_then_only_what_has_changed() -> None:
    world = World(two())
    assert await world.tells() == [("db", 1), ("web", 1)]
    assert await world.tells() == []
    world.holder.replace(two(2))
    assert await world.tells() == []
    world.holder.replace(two(3, web="bob"))
    assert await world.tells() == [("web", 3)]
    override = {
        "schedule": "db",
        "from": "2026-03-03T00:00Z",
        "until": "2026-03-04T00:00Z",
        "cover": ["bob"],
    }
    world.holder.replace(two(4, web="bob", Override={"swap": override}))
    assert await world.tells() == [("db", 4)]
    world.holder.replace(
        two(5, web="bob", users=("ada", "bob", "eve"), Override={"swap": override})
    )
    assert len(await world.tells()) == 2, "somebody has become reachable"


async def test_each_is_told_again_when_a_day_begins() -> None:
    world = World(two())
    await world.tells()
    world.clock.move_to(TODAY + 23 * HOUR)
    assert await world.tells() == []
    world.clock.move_to(TODAY + 24 * HOUR)
    assert await world.tells() == [("db", 1), ("web", 1)]


async def test_a_kill_leaves_it_to_the_next_start() -> None:
    world = World(two())
    await world.tells()
    world.worker = Foreseeing(world.store, world.holder, world.clock)
    assert await world.tells() == [("db", 1), ("web", 1)]


async def test_nothing_is_told_before_the_catalog_is_there() -> None:
    world = World()
    assert await world.tells() == []


async def test_it_waits_while_kafka_has_not_taken_the_one_before() -> None:
    world = World(two())
    assert await world.worker.run_once()
    for _ in range(5):
        assert not await world.worker.run_once()
    async with world.store.read() as uow:
        assert await uow.pending("catalog") == 1
    assert await world.tells() == [("db", 1)]  # What waited; the outbox is not looked at again yet.
    world.clock.advance(BLOCKED)
    assert await world.tells() == [("web", 1)]


async def test_a_drain_does_not_wait_for_all_of_them() -> None:
    world = World(two())
    assert await world.worker.run_once()
    await world.store.take_outbox()
    assert not await world.worker.run_once()  # The loop of a drain ends here.


async def test_a_database_that_is_away_is_waited_for() -> None:
    class Away(MemoryStore[MemoryEscalationUnitOfWork]):
        def begin(self) -> Any:
            raise Unavailable("the database is away")

    world = World(two())
    world.worker = Foreseeing(Away(MemoryEscalationUnitOfWork), world.holder, world.clock)
    assert not await world.worker.run_once()
    world.worker._store = world.store
    assert await world.tells() == [("db", 1), ("web", 1)]


class Broken(Catalog):
    """A catalog whose schedule `db` cannot be worked out."""

    def schedule(self, name: str) -> Schedule | None:
        assert name != "db"
        return super().schedule(name)


async def test_a_schedule_that_cannot_be_worked_out_holds_up_no_other() -> None:
    world = World(Broken(1, two().specs))
    assert await world.tells() == [("web", 1)]
    assert await world.tells() == []
