"""Calendars that say something else each time: how many versions of the catalog they make."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from escalation.domain.calendars import APART
from tests.unit.escalation.calendar_world import (
    ADAS,
    TODAY,
    WEDNESDAY,
    World,
    away,
)
from tests.unit.escalation.service import BASE

BOBS = "https://cal.example/bob.ics"
NEXT_WEEK = ("2026-03-09T00:00:00", "2026-03-10T00:00:00")
SECOND = timedelta(seconds=1)
PEOPLE = [away("ada", ADAS), away("bob", BOBS), *BASE[2:]]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    made.site.update({ADAS: (WEDNESDAY,), BOBS: (NEXT_WEEK,)})
    await made.service.put(PEOPLE)
    await made.works()
    yield made
    await made.service.client.aclose()


async def people_away(world: World) -> list[str]:
    return [one["person"] for one in await world.get("/v1/absences")]


async def test_of_what_is_not_soon_there_is_one_version_in_five_minutes(world: World) -> None:
    assert (await world.version(), await people_away(world)) == (2, ["ada"])
    world.clock.advance(APART - SECOND)
    await world.works()
    assert await world.version() == 2
    world.clock.advance(SECOND)
    await world.works()
    assert (await world.version(), await people_away(world)) == (3, ["ada", "bob"])
    assert len(world.fetched) == 2  # It was kept, and not read again.


async def test_of_what_is_soon_there_is_one_at_once(world: World) -> None:
    world.site[BOBS] = (TODAY,)
    await world.service.put([*PEOPLE[:1], away("bob", f"{BOBS}?new"), *BASE[2:]])
    world.site[f"{BOBS}?new"] = (TODAY, NEXT_WEEK)
    await world.works()
    assert await people_away(world) == ["bob", "ada", "bob"]


async def test_what_waits_outlives_whoever_let_it_wait(world: World) -> None:
    """Killed in between: another replica, or the next start, puts it into the catalog."""
    world.clock.advance(APART)
    await world.works(world.another())
    assert await people_away(world) == ["ada", "bob"]
