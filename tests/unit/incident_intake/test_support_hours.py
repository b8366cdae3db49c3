"""Support hours: outside them nothing is urgent, and what is still open rises when they begin."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from incident_intake.domain.urgency import rises_at, urgency
from tests.unit.incident_intake.world import World, catalog, message, names
from tocsin.catalog import Service
from tocsin.events import (
    AcknowledgeIncident,
    Actor,
    IncidentTriggered,
    ResolveIncident,
    Severity,
    SeverityChanged,
)
from tocsin.holder import CatalogHolder

PARIS = ZoneInfo("Europe/Paris")
ADA = Actor(kind="user", name="ada")
OFFICE = {
    "time_zone": "Europe/Paris",
    "windows": [
        {"weekdays": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "until": "18:00"}
    ],
}
DAY = timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


NOON, NIGHT, SATURDAY = at("2026-01-05T12:00"), at("2026-01-05T23:00"), at("2026-01-10T12:00")
MORNING = at("2026-01-06T09:00")


def service(**more: Any) -> Service:
    return Service.model_validate({"support_hours": OFFICE, **more})


@pytest.mark.parametrize(
    ("more", "severity", "by_day", "by_night"),
    [
        ({}, "critical", "high", "low"),
        ({}, "warning", "low", "low"),
        ({"urgency": "high"}, "info", "high", "low"),
        ({"urgency": "low"}, "critical", "low", "low"),
        ({"support_hours": {**OFFICE, "always": ["critical"]}}, "critical", "high", "high"),
        ({"support_hours": {**OFFICE, "always": ["critical"]}}, "error", "high", "low"),
        ({"urgency_of": {"warning": "high", "error": "low"}}, "warning", "high", "low"),
        ({"urgency_of": {"warning": "high", "error": "low"}}, "error", "low", "low"),
        ({"urgency_of": {"warning": "high"}, "support_hours": None}, "warning", "high", "high"),
    ],
)
def test_urgency_by_hours_and_severity(
    more: dict[str, Any], severity: Severity, by_day: str, by_night: str
) -> None:
    assert urgency(service(**more), severity, NOON) == by_day
    assert urgency(service(**more), severity, NIGHT) == by_night


def test_it_rises_when_they_begin_and_is_looked_at_daily() -> None:
    assert rises_at(service(), "critical", NIGHT) == MORNING
    assert rises_at(service(), "critical", SATURDAY) == SATURDAY + DAY
    assert rises_at(service(), "critical", NOON) is None
    assert rises_at(service(), "warning", NIGHT) is None
    assert rises_at(service(urgency="low"), "critical", NIGHT) is None
    assert rises_at(None, "critical", NIGHT) is None
    over = {"time_zone": "UTC", "windows": [{"years": [2020], "from": "09:00", "until": "18:00"}]}
    assert rises_at(service(support_hours=over), "critical", NIGHT) == NIGHT + DAY


def world(now: datetime = NIGHT, **more: Any) -> World:
    spec = {"support_hours": OFFICE, "grouping": {"by": ["cluster"], "window": "1w"}, **more}
    made = World(CatalogHolder(catalog(checkout=spec)))
    made.clock.move_to(now)
    return made


async def rings(made: World, key: str = "disk", **more: Any) -> list[Any]:
    return await made.rings(message(key, at=made.clock.now(), **more))


async def test_what_opens_at_night_is_low_and_rises_in_the_morning_once() -> None:
    made = world()
    (opened,) = await rings(made)
    assert isinstance(opened, IncidentTriggered)
    assert opened.urgency == "low"
    assert await made.passes(MORNING - NIGHT - timedelta(seconds=1)) == []
    (rise,) = await made.passes(timedelta(seconds=1))
    assert isinstance(rise, SeverityChanged)
    assert (rise.severity, rise.previous, rise.urgency) == ("critical", "critical", "high")
    assert (rise.version, rise.reason) == (2, "support hours no longer hold it back")
    assert await made.passes(7 * DAY) == []
    assert made.incidents()[0].urgency == "high"


async def test_over_a_weekend_it_is_looked_at_each_day_and_rises_on_monday() -> None:
    made = world(SATURDAY)
    await rings(made)
    (rise,) = await made.passes(at("2026-01-12T09:00") - SATURDAY)
    assert isinstance(rise, SeverityChanged)


async def test_what_somebody_has_rises_too_and_what_is_over_does_not() -> None:
    had, over = world(), world()
    for made, order in ((had, AcknowledgeIncident), (over, ResolveIncident)):
        (opened,) = await rings(made)
        await made.rings(order(incident_id=opened.incident_id, by=ADA))
    assert names(await had.passes(DAY)) == ["SeverityChanged"]
    assert names(await over.passes(DAY)) == []


async def test_hours_that_a_later_catalog_takes_away_hold_nobody_back_for_long() -> None:
    made = world(SATURDAY)
    await rings(made)
    made.catalog.replace(catalog(checkout={}))
    assert names(await made.passes(DAY)) == ["SeverityChanged"]


async def test_a_kill_before_the_commit_leaves_the_rise_to_come() -> None:
    made = world()
    await rings(made)
    made.clock.move_to(MORNING)

    async def killed() -> None:
        async with made.store.begin() as uow:
            timers = await uow.take_due(MORNING, 100)
            await made.app.on_timers(uow, timers, MORNING)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await killed()
    assert names(await made.passes(timedelta(0))) == ["SeverityChanged"]


async def test_what_was_urgent_does_not_become_quiet_because_it_gets_worse_at_night() -> None:
    made = world(at("2026-01-05T17:50"))
    (opened,) = await rings(made, severity="error", labels={"cluster": "eu"})
    assert opened.urgency == "high"
    await made.passes(timedelta(hours=1))
    *_, worse = await rings(made, "cpu", severity="critical", labels={"cluster": "eu"})
    assert (worse.severity, worse.urgency) == ("critical", "high")
