"""Calendars are read when they are due, and what they say is the catalog's: who is passed over."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from escalation.bootstrap import build
from escalation.domain.calendars import APART
from escalation.entrypoints.watching import Watching
from escalation.ports import EscalationUnitOfWork
from escalation.settings import EscalationSettings
from tests.unit.escalation.calendar_world import (
    ADAS,
    EVERY,
    NOON_WEDNESDAY,
    PRIVATE,
    TODAY,
    WEDNESDAY,
    World,
    away,
)
from tests.unit.escalation.examples import NOW, minutes
from tests.unit.escalation.service import BASE, schedule, user
from tests.unit.escalation.test_reading import calendar
from tocsin.events import CatalogApplied, OnCallChanged, ShiftsForeseen
from tocsin.lifecycle import Parts
from tocsin.testing import MemoryBroker


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    await made.service.client.aclose()


async def test_who_is_away_by_their_calendar_is_passed_over(world: World) -> None:
    world.site[ADAS] = (WEDNESDAY,)
    await world.service.put([away("ada", ADAS), *BASE[1:]])
    assert await world.on_call(NOON_WEDNESDAY) == ["ada"]
    await world.works()
    assert await world.on_call(NOON_WEDNESDAY) == ["bob"]
    assert await world.on_call(NOON_WEDNESDAY + timedelta(days=1)) == ["ada"]


async def test_absences_can_be_listed(world: World) -> None:
    world.site[ADAS] = (WEDNESDAY, TODAY)
    await world.service.put([away("ada", ADAS, time_zone="Europe/Paris"), *BASE[1:]])
    await world.works()
    listed = [
        {"person": "ada", "from": "2026-03-01T23:00:00Z", "until": "2026-03-02T23:00:00Z"},
        {"person": "ada", "from": "2026-03-03T23:00:00Z", "until": "2026-03-04T23:00:00Z"},
    ]
    assert await world.get("/v1/absences") == listed
    assert await world.get("/v1/absences", person="bob") == []
    assert await world.get("/v1/absences", to="2026-03-03T00:00:00Z") == listed[:1]
    later = {"from": "2026-03-03T00:00:00Z"}
    assert await world.get("/v1/absences", **later) == listed[1:]
    first = (await world.service.client.get("/v1/absences?limit=1")).json()
    assert (first["items"], bool(first["next"])) == (listed[:1], True)
    assert await world.get("/v1/absences", limit="1", cursor=first["next"]) == listed[1:]
    unknown = await world.service.client.get("/v1/absences?person=nora")
    assert unknown.status_code == 404


async def test_of_a_teams_calendar_all_members_are_away(world: World) -> None:
    world.site[ADAS] = (WEDNESDAY,)
    team = {"members": ["ada", "bob"], "calendars": [{"url": ADAS}]}
    await world.service.put([*BASE, {"kind": "Team", "name": "web", "spec": team}])
    await world.works()
    assert [one["person"] for one in await world.get("/v1/absences")] == ["ada", "bob"]
    assert await world.on_call(NOON_WEDNESDAY) == ["ada"]  # All are away: as if nobody were.
    assert world.fetched == [ADAS]


async def test_a_private_address_is_in_a_variable_and_never_shown(world: World) -> None:
    world.site[PRIVATE] = (WEDNESDAY,)
    private = away("ada", calendars=[{"url_env": "CALENDAR_ADA"}])
    await world.service.put([private, *BASE[1:]])
    with capture_logs() as logs:
        await world.works()
    assert world.fetched == [PRIVATE]
    assert await world.on_call(NOON_WEDNESDAY) == ["bob"]
    (shown,) = await world.get("/v1/absences/calendars")
    assert shown == {
        "calendar": "CALENDAR_ADA",
        "owners": [{"kind": "User", "name": "ada"}],
        "read_at": "2026-03-02T08:00:00Z",
        "failing_since": None,
        "error": None,
        "next_at": "2026-03-02T08:15:00Z",
    }
    catalog = (await world.service.client.get("/v1/catalog")).text
    assert "s3cret" not in f"{logs} {catalog}"


async def test_a_variable_that_is_not_set_is_told(world: World) -> None:
    world.environ.clear()
    await world.service.put([away("ada", calendars=[{"url_env": "CALENDAR_ADA"}])])
    await world.works()
    (shown,) = await world.get("/v1/absences/calendars")
    assert shown["error"] == "the variable CALENDAR_ADA is not set where escalation runs"


async def test_what_changes_is_told_as_a_version_and_a_hand_off(world: World) -> None:
    world.site[ADAS] = (TODAY,)
    await world.service.put([away("ada", ADAS), *BASE[1:]])
    await world.service.told()
    await world.works()
    told = await world.service.told()
    (applied,) = [one for one in told if isinstance(one, CatalogApplied)]
    assert (applied.set, applied.author, applied.catalog_version) == ("calendars", "calendars", 2)
    (handed,) = [one for one in told if isinstance(one, OnCallChanged)]
    assert (handed.responders, handed.since) == (("bob",), NOW)


async def test_the_coming_weeks_are_told_anew(world: World) -> None:
    foreseeing = next(one for one in world.service.application.workers if one.name == "foreseeing")
    world.site[ADAS] = (WEDNESDAY,)
    await world.service.put([away("ada", ADAS), *BASE[1:]])
    await world.service.told()
    assert await foreseeing.run_once()
    await world.service.told()
    await world.works()
    await world.service.told()
    assert await foreseeing.run_once() or await foreseeing.run_once()
    (told,) = await world.service.told()
    assert isinstance(told, ShiftsForeseen)
    midnight = NOW + timedelta(hours=40)
    (shift,) = [one for one in told.shifts if one.begins == midnight]
    assert (shift.until, shift.responders) == (midnight + timedelta(days=1), ("bob",))
    # A layer alone is told as it was planned, as without overrides.
    assert midnight not in {one.begins for one in told.layers[0].shifts}


async def test_what_calendars_say_makes_no_plan_stale(world: World) -> None:
    world.site[ADAS] = (TODAY,)
    documents = [away("ada", ADAS), *BASE[1:]]
    await world.service.put(documents)
    await world.works()
    assert await world.version() == 2
    assert (await world.service.put([*documents, user("eve")], 1)).status_code == 200
    for stale in (2, 4):  # What somebody else did does; and nobody knows the fourth.
        answer = await world.service.put(documents, stale)
        assert (answer.status_code, answer.json()["version"]) == (412, 3)


async def test_it_is_still_known_what_was_known_before(world: World) -> None:
    world.site[ADAS] = (WEDNESDAY,)
    await world.service.put([away("ada", ADAS), *BASE[1:]])
    world.clock.advance(minutes(10))
    await world.works()
    known = (NOW + minutes(10)).isoformat()
    before = (NOW + minutes(9)).isoformat()
    assert await world.on_call(NOON_WEDNESDAY, as_known_at=known) == ["bob"]
    assert await world.on_call(NOON_WEDNESDAY, as_known_at=before) == ["ada"]


async def test_it_is_read_again_when_its_time_has_come_and_not_before(world: World) -> None:
    world.site[ADAS] = (WEDNESDAY,)
    await world.service.put([away("ada", ADAS), *BASE[1:]])
    await world.works()
    world.clock.advance(EVERY - timedelta(seconds=1))
    await world.works()
    assert len(world.fetched) == 1
    world.clock.advance(timedelta(seconds=1))
    await world.works()
    assert len(world.fetched) == 2


async def test_the_same_again_makes_no_version(world: World) -> None:
    world.site[ADAS] = (WEDNESDAY,)
    await world.service.put([away("ada", ADAS), *BASE[1:]])
    await world.works()
    world.clock.advance(EVERY)
    await world.works()
    assert (len(world.fetched), await world.version()) == (2, 2)


async def test_another_order_of_the_same_makes_no_version(world: World) -> None:
    world.site[ADAS] = (WEDNESDAY, TODAY)
    await world.service.put([away("ada", ADAS), *BASE[1:]])
    await world.works()
    world.site[ADAS] = (TODAY, WEDNESDAY)
    world.clock.advance(EVERY)
    await world.works()
    assert (len(world.fetched), await world.version()) == (2, 2)


async def test_an_event_that_is_gone_is_an_absence_no_longer(world: World) -> None:
    world.site[ADAS] = (WEDNESDAY,)
    await world.service.put([away("ada", ADAS), *BASE[1:]])
    await world.works()
    world.site[ADAS] = ()
    world.clock.advance(EVERY)
    await world.works()
    assert await world.on_call(NOON_WEDNESDAY) == ["ada"]


async def test_a_calendar_that_is_named_no_more_is_forgotten(world: World) -> None:
    world.site[ADAS] = (WEDNESDAY,)
    await world.service.put([away("ada", ADAS), *BASE[1:]])
    await world.works()
    await world.service.put(BASE)
    world.clock.advance(APART)
    await world.works()
    assert await world.on_call(NOON_WEDNESDAY) == ["ada"]
    assert await world.get("/v1/absences/calendars") == []


async def test_somebody_who_is_deleted_takes_their_absences_along(world: World) -> None:
    world.site[ADAS] = (WEDNESDAY,)
    await world.service.put([away("ada", ADAS), user("bob"), schedule("bob")])
    await world.works()
    answer = await world.service.put([user("bob"), schedule("bob")])
    assert answer.status_code == 200
    world.clock.advance(APART)
    await world.works()
    documents = (await world.service.client.get("/v1/catalog")).json()["documents"]
    assert [one["kind"] for one in documents] == ["Schedule", "User"]


async def test_a_new_member_is_away_with_the_team_without_another_reading(world: World) -> None:
    world.site[ADAS] = (WEDNESDAY,)
    team = {"members": ["ada"], "calendars": [{"url": ADAS}]}
    await world.service.put([*BASE, {"kind": "Team", "name": "web", "spec": team}])
    await world.works()
    both = {**team, "members": ["ada", "bob"]}
    await world.service.put([*BASE, {"kind": "Team", "name": "web", "spec": both}])
    world.clock.advance(APART)
    await world.works()
    assert [one["person"] for one in await world.get("/v1/absences")] == ["ada", "bob"]
    assert world.fetched == [ADAS]


async def test_a_rollback_does_not_bring_back_who_was_away(world: World) -> None:
    world.site[ADAS] = (WEDNESDAY,)
    await world.service.put([away("ada", ADAS), *BASE[1:]])
    await world.works()
    answer = await world.service.client.post("/v1/catalog/rollback", json={"version": 1})
    assert answer.status_code == 200, answer.text
    await world.service.follow()
    world.clock.advance(APART)
    await world.works()
    assert await world.on_call(NOON_WEDNESDAY) == ["bob"]


async def test_without_a_catalog_nothing_is_done(world: World) -> None:
    world.service.holder.loaded = False
    assert not await world.worker.run_once()


async def test_a_real_calendar_of_a_real_server(world: World) -> None:
    """Through everything: the settings, HTTP, the process that reads, and who is on call."""

    async def serve(_: web.Request) -> web.StreamResponse:
        return web.Response(body=calendar("DTSTART;VALUE=DATE:20260304"))

    app = web.Application()
    app.router.add_get("/ada.ics", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/ada.ics"
    service = world.service
    parts = Parts[EscalationUnitOfWork](
        service.store, service.clock, service.holder, MemoryBroker()
    )
    settings = EscalationSettings(egress_allow=("127.0.0.0/8",))
    application = build(settings, parts, {"CALENDAR_ADA": url})
    worker = next(one for one in application.workers if one.name == "calendars")
    assert isinstance(worker, Watching)
    await service.put([away("ada", calendars=[{"url_env": "CALENDAR_ADA"}]), *BASE[1:]])
    try:
        await world.works(worker)
    finally:
        await runner.cleanup()
    assert await world.on_call(NOON_WEDNESDAY) == ["bob"]
