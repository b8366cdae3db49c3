"""Notices of handoffs: each told once, whatever comes twice, moves, fails or dies."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from notifier.domain.notice import Notice
from tests.unit.notifier.shifts import event, hour
from tests.unit.notifier.world import World, said
from tocsin.catalog import Catalog, Schedule, User
from tocsin.channels import RateLimited, TargetGone, Transient, Unknown
from tocsin.events import CatalogApplied, ShiftsForeseen

PHONE = {"name": "phone", "channel": "webhook", "address": "https://push.example.org/eve"}
MAIL = {"name": "mail", "channel": "email", "address": "eve@example.org"}
NOON, EIGHT = (f"Mon 2026-01-05 {at}:00 (+0000, UTC)" for at in (12, 20))
WISHES = {"on_call": ["1h"], "off_call": ["1h"]}
ROTATION = {"type": "weekly", "start": "2026-01-05T09:00", "participants": ["eve"]}
WEEKLY = Schedule.model_validate({"layers": [{"name": "base", "rotation": ROTATION}]})
MOMENT = timedelta(seconds=11)  # What changes is looked at ten seconds later.


def person(**more: Any) -> User:
    return User.model_validate({"contact_methods": [PHONE, MAIL], **more})


def catalog(
    version: int = 1,
    people: Mapping[str, User] | None = None,
    schedules: tuple[str, ...] = ("web", "db"),
) -> Catalog:
    given = {"eve": person(handoff_notices=WISHES), "adam": person(), **(people or {})}
    specs: dict[tuple[str, str], Any] = {("User", name): one for name, one in given.items()}
    specs |= {("Schedule", name): WEEKLY for name in schedules}
    return Catalog(version, specs)


@pytest.fixture
def world() -> World:
    """The clock stands at 09:00 of the Monday that shifts are said in hours of."""
    world = World()
    world.catalog.replace(catalog())
    return world


async def foresees(world: World, *events: ShiftsForeseen) -> None:
    await world.hears(*(said(one, world.clock.now()) for one in events))


def subjects(world: World) -> list[str]:
    return [doc.title for _, _, doc in world.mail.told]


def stored(world: World) -> list[Notice]:
    return list(world.store.tables.get("notices", {}).values())


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("tocsin_handoff_notices_total", {"outcome": outcome}) or 0.0


async def test_a_person_is_told_an_hour_before_by_mail(world: World) -> None:
    await foresees(world, event("web", (0, "adam"), (12, "eve"), (20, "adam"), (30,)))
    await world.passes(timedelta(hours=2) - timedelta(seconds=1))
    assert subjects(world) == []
    await world.passes(timedelta(seconds=1))
    ((_, address, doc),) = world.mail.told
    assert (address, doc.purpose, doc.title) == (
        "eve@example.org",
        "notice",
        "You are on call in 1 h: web",
    )
    assert doc.text.splitlines()[1:] == [
        f"On call for web: from {NOON} until {EIGHT}, after adam",
    ]
    await world.passes(timedelta(hours=20))
    assert subjects(world)[1:] == ["You are off call in 1 h: web"]
    assert world.phone.told == []


async def test_what_is_foreseen_again_or_heard_twice_is_told_once(world: World) -> None:
    shifts = event("web", (0, "adam"), (12, "eve"), (30,))
    await foresees(world, shifts)
    await world.passes(timedelta(hours=2))
    await foresees(world, shifts, shifts)
    await foresees(world, shifts.model_copy(update={"catalog_version": 1}))
    world.start()
    await world.passes(timedelta(hours=1))
    assert len(subjects(world)) == 1


async def test_what_was_foreseen_by_an_older_catalog_changes_nothing(world: World) -> None:
    world.catalog.replace(catalog(2))
    await foresees(world, event("web", (0, "adam"), (14, "eve"), (30,), version=2))
    await foresees(world, event("web", (0, "adam"), (12, "eve"), (30,), version=1))
    await world.passes(timedelta(hours=3))
    assert subjects(world) == []
    await world.passes(timedelta(hours=1))
    assert len(subjects(world)) == 1


async def test_two_schedules_at_one_moment_are_one_message(world: World) -> None:
    await foresees(world, event("web", (0, "adam"), (12, "eve"), (30,)))
    await foresees(world, event("db", (0,), (12, "eve"), (30,)))
    await world.passes(timedelta(hours=3))
    assert subjects(world) == ["You are on call in 1 h: db, web"]


async def test_a_schedule_that_comes_later_is_told_alone(world: World) -> None:
    await foresees(world, event("web", (0, "adam"), (12, "eve"), (30,)))
    await world.passes(timedelta(hours=2, minutes=10))
    await foresees(world, event("db", (0,), (12, "eve"), (30,)))
    await world.passes(MOMENT)
    assert subjects(world) == [
        "You are on call in 1 h: web",
        "You are on call in 50 min: db",
    ]


async def test_a_shift_that_moves_is_told_at_its_new_moment_alone(world: World) -> None:
    await foresees(world, event("web", (0, "adam"), (12, "eve"), (30,)))
    await world.passes(timedelta(hours=1))
    await foresees(world, event("web", (0, "adam"), (15, "eve"), (30,), version=1))
    await world.passes(timedelta(hours=3, minutes=59))
    assert subjects(world) == []
    await world.passes(timedelta(minutes=2))
    assert len(subjects(world)) == 1


async def test_a_shift_that_moves_after_it_was_told_is_told_again(world: World) -> None:
    await foresees(world, event("web", (0, "adam"), (12, "eve"), (30,)))
    await world.passes(timedelta(hours=2))
    await foresees(world, event("web", (0, "adam"), (14, "eve"), (30,)))
    await world.passes(timedelta(hours=3))
    assert len(subjects(world)) == 2


async def test_a_try_that_failed_is_repeated_as_the_same_message(world: World) -> None:
    world.mail.script.extend([Transient("busy"), RateLimited("slowly"), Unknown("no answer")])
    await foresees(world, event("web", (0, "adam"), (12, "eve"), (30,)))
    await world.passes(timedelta(hours=2, minutes=5))
    assert len({identity for identity, _, _ in world.mail.told}) == 1
    assert [doc.repeat_possible for _, _, doc in world.mail.told] == [False, False, False, True]
    assert [one.state for one in stored(world)] == ["told"]


async def test_what_moves_while_it_is_tried_is_not_tried_on(world: World) -> None:
    world.mail.script.append(RateLimited("slowly", timedelta(minutes=2)))
    await foresees(world, event("web", (0, "adam"), (12, "eve"), (30,)))
    await world.passes(timedelta(hours=2))
    await foresees(world, event("web", (0, "adam"), (18, "eve"), (30,)))
    before = counted("dropped")
    await world.passes(timedelta(minutes=5))
    assert len(world.mail.told) == 1
    assert [(one.state, one.reason) for one in stored(world)] == [
        ("dropped", "the shift has moved")
    ]
    assert counted("dropped") == before + 1


async def test_it_is_not_tried_beyond_the_handoff(world: World) -> None:
    world.mail.script.extend([Transient("away")] * 500)
    await foresees(world, event("web", (0, "adam"), (12, "eve"), (30,)))
    await world.passes(timedelta(hours=5))
    assert [one.reason for one in stored(world)] == ["the handoff came first: away"]
    assert 30 < len(world.mail.told) < 200


async def test_who_has_moved_away_is_not_tried_again(world: World) -> None:
    world.mail.script.append(TargetGone("no such mailbox"))
    await foresees(world, event("web", (0, "adam"), (12, "eve"), (30,)))
    await world.passes(timedelta(hours=3))
    assert len(world.mail.told) == 1
    assert [one.reason for one in stored(world)] == ["no such mailbox"]


async def test_a_kill_between_claim_and_call_repeats_it_and_says_so(world: World) -> None:
    await foresees(world, event("web", (0, "adam"), (12, "eve"), (30,)))
    await world.passes(timedelta(hours=1, minutes=59))
    world.clock.advance(timedelta(minutes=1))
    await world.fires()
    assert [one.state for one in stored(world)] == ["sending"]
    world.start()
    await world.passes(timedelta(minutes=5))
    ((identity, _, doc),) = world.mail.told
    assert doc.repeat_possible
    assert [(one.notice_id, one.state) for one in stored(world)] == [(identity, "told")]


async def test_a_timer_that_an_older_release_took_is_made_up_for_at_the_start(
    world: World,
) -> None:
    await foresees(world, event("web", (0, "adam"), (12, "eve"), (30,)))
    await world.passes(timedelta(hours=1))
    world.store.tables["timers"].clear()
    await world.passes(timedelta(hours=1, minutes=10))
    assert subjects(world) == []
    start = world.start().on_start
    assert start is not None
    async with world.store.begin() as uow:
        await start(uow, world.clock.now())
    await world.passes(timedelta(minutes=1))
    assert subjects(world) == ["You are on call in 50 min: web"]


async def test_after_a_long_outage_no_stale_notice_is_told(world: World) -> None:
    await foresees(world, event("web", (0, "adam"), (12, "eve"), (20, "adam"), (30,)))
    await world.passes(MOMENT)
    before = counted("late")
    world.clock.advance(timedelta(hours=2, minutes=40))
    world.start()
    await world.fires()
    await world.settles()
    assert subjects(world) == []
    assert counted("late") == before + 1
    await world.passes(timedelta(hours=8))
    assert subjects(world) == ["You are off call in 1 h: web"]


async def test_a_look_waits_for_the_catalog_that_knows_the_person(world: World) -> None:
    await foresees(world, event("web", (0, "adam"), (9.8, "ann"), (30,), version=2))
    await world.passes(timedelta(minutes=1))
    assert subjects(world) == []
    world.catalog.replace(catalog(2, {"ann": person(handoff_notices=WISHES)}))
    await world.passes(timedelta(seconds=2))
    assert subjects(world) == ["You are on call in 47 min: web"]


async def test_who_asks_for_notices_later_gets_them_from_then_on(world: World) -> None:
    await foresees(world, event("web", (0, "eve"), (12, "adam"), (30,)))
    await world.passes(timedelta(minutes=5))
    world.catalog.replace(catalog(2, {"adam": person(handoff_notices=WISHES)}))
    applied = CatalogApplied(catalog_version=2, author="adam", set="default")
    await world.hears(said(applied, world.clock.now()))
    await world.passes(timedelta(hours=2))
    assert sorted(subjects(world)) == [
        "You are off call in 1 h: web",
        "You are on call in 1 h: web",
    ]


async def test_a_schedule_that_is_gone_tells_nobody(world: World) -> None:
    await foresees(world, event("web", (0, "adam"), (12, "eve"), (30,)))
    await world.passes(timedelta(minutes=5))
    world.catalog.replace(catalog(2, schedules=("db",)))
    applied = CatalogApplied(catalog_version=2, author="adam", set="default")
    await world.hears(said(applied, world.clock.now()))
    await world.passes(timedelta(hours=3))
    assert subjects(world) == []
    assert world.store.tables["outlooks"] == {}


async def test_many_are_told_a_few_at_a_time_and_each_once(world: World) -> None:
    crowd = [f"p{number}" for number in range(40)]
    people = {name: person(handoff_notices=WISHES) for name in crowd}
    world.catalog.replace(catalog(1, people))
    await foresees(world, event("web", (0, "adam"), (12, *crowd), (30,)))
    await world.passes(timedelta(hours=2))
    assert len(world.mail.told) == 4
    await world.passes(timedelta(seconds=15))
    assert sorted(doc.responder for _, _, doc in world.mail.told) == sorted(crowd)


async def test_a_named_contact_method_is_used_even_if_it_may_wake(world: World) -> None:
    wishes = {**WISHES, "contact_method": "phone"}
    world.catalog.replace(catalog(1, {"eve": person(handoff_notices=wishes)}))
    await foresees(world, event("web", (0, "adam"), (12, "eve"), (30,)))
    await world.passes(timedelta(hours=3))
    assert world.mail.told == []
    assert [doc.purpose for _, _, doc in world.phone.told] == ["notice"]


def test_the_hours_of_these_tests_are_those_of_the_clock(world: World) -> None:
    assert world.clock.now() == hour(9)
