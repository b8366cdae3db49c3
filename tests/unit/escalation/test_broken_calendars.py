"""Calendars that cannot be read, and readers that stop: what counts then, and who is told."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from escalation.domain.calendars import APART, CLAIMED_FOR, TOLD_AFTER
from escalation.ports import UnreadableError
from tests.unit.escalation.calendar_world import (
    ADAS,
    EVERY,
    NOON_WEDNESDAY,
    PRIVATE,
    WEDNESDAY,
    World,
    away,
)
from tests.unit.escalation.examples import NOW, minutes
from tests.unit.escalation.service import BASE
from tocsin.errors import Unavailable
from tocsin.working import work


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    await made.service.client.aclose()


async def test_one_that_breaks_keeps_what_was_read_and_says_so(world: World) -> None:
    world.site[ADAS] = (WEDNESDAY,)
    documents = [away("ada", ADAS), *BASE[1:]]
    await world.service.put(documents)
    await world.works()
    world.site[ADAS] = UnreadableError("answered 503")
    world.clock.advance(EVERY)
    with capture_logs() as logs:
        await world.works()
    assert await world.on_call(NOON_WEDNESDAY) == ["bob"]
    (line,) = [one for one in logs if one["event"] == "calendar_not_read"]
    assert (line["calendar"], line["error"]) == ("https://cal.example", "answered 503")
    (warning,) = [
        one["text"]
        for one in (await world.service.plan(documents))["warnings"]
        if "calendar" in one["text"]
    ]
    assert "spec.calendars[0]" in warning
    assert "https://cal.example cannot be read: answered 503; what was read before" in warning
    assert "s3cret" not in f"{logs} {warning}"


async def found(world: World) -> list[tuple[str, bool]]:
    async with world.service.store.read() as uow:
        look = await world.handlers.findings(uow, world.clock.now())
    return [(one.key, one.shared) for one in look]


async def test_people_are_told_of_one_that_is_broken_for_an_hour(world: World) -> None:
    await world.service.put([away("ada", ADAS), *BASE[1:]])
    await world.works()
    world.clock.advance(TOLD_AFTER - timedelta(seconds=1))
    assert await found(world) == []
    world.clock.advance(timedelta(seconds=1))
    assert await found(world) == [("calendar of ada", True)]
    world.site[ADAS] = ()
    await world.works()
    assert await found(world) == []


async def test_it_is_tried_again_each_time_later(world: World) -> None:
    await world.service.put([away("ada", ADAS), *BASE[1:]])
    tried = []
    for _ in range(60):
        before = len(world.fetched)
        await world.works()
        tried += [world.clock.now() - NOW] if len(world.fetched) > before else []
        world.clock.advance(minutes(1))
    assert tried == [minutes(count) for count in (0, 1, 3, 7, 15, 30, 45)]


async def test_one_that_ends_whoever_reads_it_is_tried_each_time_later_and_told(
    world: World,
) -> None:
    """Killed between the claim and what follows, again and again."""
    await world.service.put([away("ada", ADAS), *BASE[1:]])
    async with world.service.store.begin() as uow:
        await uow.calendars.watch([f"url {ADAS}"], NOW)
    claimed = []
    for _ in range(70):
        async with world.service.store.begin() as uow:
            found_due = await uow.calendars.claim(world.clock.now())
        claimed += [world.clock.now() - NOW] if found_due else []
        world.clock.advance(minutes(1))
    assert claimed == [minutes(count) for count in (0, 2, 6, 14, 30, 46, 62)]
    assert await found(world) == [("calendar of ada", True)]
    (shown,) = await world.get("/v1/absences/calendars")
    assert shown["error"] == "whoever read it stopped before the end"
    world.site[ADAS] = (WEDNESDAY,)
    world.clock.advance(EVERY)
    await world.works()
    assert await found(world) == []
    assert await world.on_call(NOON_WEDNESDAY) == ["bob"]


async def test_one_reader_who_is_stopped_is_no_trouble(world: World) -> None:
    await world.service.put([away("ada", ADAS), *BASE[1:]])
    async with world.service.store.begin() as uow:
        await uow.calendars.watch([f"url {ADAS}"], NOW)
        assert await uow.calendars.claim(NOW)
    await world.works()
    (shown,) = await world.get("/v1/absences/calendars")
    assert (shown["failing_since"], shown["error"]) == (None, None)


async def test_at_a_new_address_what_was_read_counts_until_that_is_read(world: World) -> None:
    world.site[ADAS] = (WEDNESDAY,)
    await world.service.put([away("ada", ADAS), *BASE[1:]])
    await world.works()
    moved = "https://cal.example/moved"
    await world.service.put([away("ada", moved), *BASE[1:]])
    world.clock.advance(APART)  # Nothing waits for a version.
    assert await world.on_call(NOON_WEDNESDAY) == ["bob"]
    await world.works()
    assert world.fetched == [ADAS, moved]
    assert await world.on_call(NOON_WEDNESDAY) == ["bob"]
    assert await world.version() == 3
    world.site[moved] = ()
    world.clock.advance(EVERY)
    await world.works()
    assert await world.on_call(NOON_WEDNESDAY) == ["ada"]


async def test_what_is_no_address_at_all_is_told_like_any_other_trouble(world: World) -> None:
    """As a variable may hold it, or a catalog of before such an address was refused."""
    broken = "url https://[cal.example.org"
    async with world.service.store.begin() as uow:
        await uow.calendars.watch([broken], NOW)
        state = await uow.calendars.claim(NOW)
        assert state
        await world.handlers.on_unreadable(uow, state, "no answer: InvalidURL", NOW)
    (shown,) = await world.get("/v1/absences/calendars")
    assert shown["calendar"] == "an address that cannot be read"
    assert shown["error"] == "no answer: InvalidURL"


async def test_what_was_claimed_by_one_who_stopped_is_read_when_the_claim_runs_out(
    world: World,
) -> None:
    """Killed between the claim and what follows: nothing is lost but two minutes."""
    world.site[ADAS] = (WEDNESDAY,)
    await world.service.put([away("ada", ADAS), *BASE[1:]])
    async with world.service.store.begin() as uow:
        await uow.calendars.watch([f"url {ADAS}"], NOW)
        assert await uow.calendars.claim(NOW)
    await world.works()
    assert world.fetched == []
    world.clock.advance(CLAIMED_FOR)
    await world.works(world.another())
    assert await world.on_call(NOON_WEDNESDAY) == ["bob"]


async def test_a_replica_whose_catalog_is_behind_forgets_nothing(world: World) -> None:
    behind = world.service.holder.current
    world.site[ADAS] = (WEDNESDAY,)
    await world.service.put([away("ada", ADAS), *BASE[1:]])
    await world.works()
    world.service.holder.replace(behind)
    await world.another().run_once()
    await world.service.follow()
    assert await world.on_call(NOON_WEDNESDAY) == ["bob"]
    assert len(await world.get("/v1/absences/calendars")) == 1


async def test_of_two_replicas_one_reads(world: World) -> None:
    world.site[ADAS] = (WEDNESDAY,)
    await world.service.put([away("ada", ADAS), *BASE[1:]])
    for worker in (world.worker, world.another(), world.worker):
        await world.works(worker)
    assert world.fetched == [ADAS]


async def test_after_one_it_rests_so_that_a_drain_does_not_wait_for_all(world: World) -> None:
    urls = [f"https://cal.example/{number}" for number in range(3)]
    world.site.update(dict.fromkeys(urls, (WEDNESDAY,)))
    await world.service.put([away("ada", *urls), *BASE[1:]])
    assert [await world.worker.run_once() for _ in range(3)] == [True, False, True]
    assert len(world.fetched) == 2


async def test_a_stop_waits_for_no_calendar_and_claims_none(world: World) -> None:
    await world.service.put([away("ada", ADAS, PRIVATE), *BASE[1:]])
    world.slow = asyncio.Event()  # It never answers.
    working = asyncio.create_task(work(world.worker, world.stopping))
    await world.fetching.wait()
    world.stopping.set()
    async with asyncio.timeout(10):
        await working
    assert len(world.fetched) == 1
    assert not await world.worker.run_once()
    world.slow, world.stopping = None, asyncio.Event()
    world.site.update({ADAS: (WEDNESDAY,), PRIVATE: ()})
    world.clock.advance(CLAIMED_FOR)
    await world.works(world.another())
    assert await world.on_call(NOON_WEDNESDAY) == ["bob"]


@pytest.mark.parametrize("error", [Unavailable("away"), ValueError("a mistake of ours")])
async def test_nothing_that_goes_wrong_ends_the_process(world: World, error: Exception) -> None:
    world.site[ADAS] = error
    await world.service.put([away("ada", ADAS), *BASE[1:]])
    assert not await world.worker.run_once()
    world.site[ADAS] = (WEDNESDAY,)
    world.clock.advance(CLAIMED_FOR)
    await world.works()
    assert await world.on_call(NOON_WEDNESDAY) == ["bob"]
