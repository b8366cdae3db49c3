"""Calendars to subscribe to: what a reader of RFC 5545 finds is who is paged."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from escalation.domain.feed import Entry, of_person, of_schedule
from escalation.domain.schedule import Schedule
from escalation.entrypoints.calendar_text import calendar_text
from tests.unit.escalation.examples import NOW, catalog, people
from tests.unit.escalation.service import BASE, READ, Service, schedule, user
from tocsin.catalog import Catalog

WEEK = timedelta(weeks=1)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    await made.put(BASE, 0)
    yield made
    await made.client.aclose()


def web(*participants: Any, start: str = "2026-01-05T09:00", **kinds: Any) -> Catalog:
    rotation = {"type": "weekly", "start": start, "participants": participants}
    spec = {"time_zone": "Europe/Paris", "layers": [{"name": "weekly", "rotation": rotation}]}
    return catalog(User=people("ada", "bob", "eve"), Schedule={"web": spec}, **kinds)


def events(text: str) -> list[Any]:
    """Return the events as somebody else's reader sees them."""
    return list(Calendar.from_ical(text).walk("VEVENT"))


def of_web(in_force: Catalog, now: datetime = NOW) -> list[Entry]:
    found = of_schedule("web", in_force, now)
    assert found is not None
    return found


async def test_a_schedule_is_a_calendar_of_its_shifts(service: Service) -> None:
    answer = await service.client.get("/v1/schedules/web.ics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    now = [one for one in events(answer.text) if one.start <= NOW < one.end]
    assert [(one.start, one.end, str(one["SUMMARY"])) for one in now] == [
        (NOW, NOW + WEEK, "ada on call: web")
    ]
    assert (await service.client.get("/v1/schedules/none.ics")).status_code == 404


def test_the_calendar_says_at_every_instant_who_is_paged() -> None:
    """Through the change of the clocks on 29 March, with an override and a gap."""
    eve = {"schedule": "web", "from": "2026-03-29T01:30", "until": "2026-03-29T04:00"}
    in_force = web("ada", ["bob", "eve"], [], Override={"eve": {**eve, "cover": "eve"}})
    found = Schedule.in_catalog(in_force, "web")
    assert found is not None
    found_by_others = events(calendar_text("web", of_web(in_force), NOW))
    shown = [(one.start, one.end, str(one["SUMMARY"])) for one in found_by_others]
    for hours in range(24 * 40):
        at = NOW + timedelta(hours=hours, minutes=1)
        people_on_call = ", ".join(found.on_call(at).responders)
        told = [summary for start, end, summary in shown if start <= at < end]
        assert told == ([f"{people_on_call} on call: web"] if people_on_call else []), at


def test_a_shift_keeps_its_identity_while_time_passes_and_when_it_is_cut_short() -> None:
    before = {one.uid: one for one in of_web(web("ada", "bob"))}
    later = {one.uid: one for one in of_web(web("ada", "bob"), NOW + timedelta(days=3, hours=5))}
    both = before.keys() & later.keys()
    assert len(both) >= len(before) - 2
    assert {before[one].begins for one in both} == {later[one].begins for one in both}
    dentist = {"schedule": "web", "from": "2026-03-05T09:00", "until": "2026-03-06T09:00"}
    swapped = web("ada", "bob", Override={"x": {**dentist, "remove": "ada", "add": "bob"}})
    (ada,) = [one for one in before.values() if one.begins == NOW]
    (cut,) = [one for one in of_web(swapped) if one.uid == ada.uid]
    assert (cut.begins, cut.until) == (NOW, NOW + timedelta(days=3))


def test_identities_are_unique_and_somebody_who_is_always_on_call_has_one() -> None:
    entries = of_web(web("ada", "bob", "eve"))
    assert len({one.uid for one in entries}) == len(entries)
    (always,) = of_web(web("ada"))
    (still,) = of_web(web("ada"), NOW + timedelta(days=400))
    assert always.uid == still.uid


def test_a_person_sees_their_own_shifts_of_every_schedule() -> None:
    in_force = web("ada", "bob")
    other: dict[str, Any] = {
        "layers": [{"name": "l", "rotation": {"type": "daily", "start": "2026-01-01T00:00"}}]
    }
    other["layers"][0]["rotation"]["participants"] = ["eve", ["bob", "eve"]]
    in_force = Catalog(
        1, {**in_force.specs, **catalog(Schedule={"db": other, "none": other}).specs}
    )
    found = of_person("bob", in_force, NOW)
    assert {one.summary for one in found} == {"On call: web", "On call: db", "On call: none"}
    assert found == sorted(found, key=lambda one: (one.begins, one.uid))
    for one in found:
        summary, _, name = one.summary.partition(": ")
        schedule_of = Schedule.in_catalog(in_force, name)
        assert schedule_of is not None
        assert "bob" in schedule_of.on_call(one.begins).responders
        assert summary == "On call"
    assert of_person("nobody", in_force, NOW) == []


def test_who_only_an_override_names_sees_it() -> None:
    eve = {"schedule": "web", "from": "2026-03-05T09:00", "until": "2026-03-06T09:00"}
    found = of_person("eve", web("ada", Override={"e": {**eve, "add": "eve"}}), NOW)
    assert [(one.begins, one.until - one.begins) for one in found] == [
        (datetime(2026, 3, 5, 8, tzinfo=UTC), timedelta(days=1))
    ]


def test_a_shadow_is_told_apart() -> None:
    rotation = {"type": "weekly", "start": "2026-01-05T00:00", "participants": ["ada"]}
    new = {**rotation, "participants": ["eve"]}
    layers = [{"name": "a", "rotation": rotation}, {"name": "b", "shadow": True, "rotation": new}]
    in_force = catalog(User=people("ada", "eve"), Schedule={"web": {"layers": layers}})
    assert {one.summary for one in of_web(in_force)} == {"ada, eve (shadow) on call: web"}
    found = of_person("eve", in_force, NOW)
    assert {one.summary for one in found} == {"Shadow on call: web"}


HOSTILE = 'a;b,c\\d"\nEND:VCALENDAR\r\nX-EVIL:1\x00\x1b[2J\x7f é☎🛎 ' + "long " * 60 + "end"


def test_text_is_escaped_and_folded_so_that_a_reader_gets_it_back() -> None:
    entry = Entry("uid", NOW, NOW + WEEK, HOSTILE, HOSTILE)
    text = calendar_text(HOSTILE, [entry], NOW)
    lines = text.encode().split(b"\r\n")
    assert lines.pop() == b""
    assert max(map(len, lines)) <= 75
    assert b"\n" not in b"".join(lines)
    for line in lines:
        line.decode()  # No character is cut in two.
    (event,) = events(text)
    plain = HOSTILE.replace("\r", "").replace("\x00", "").replace("\x1b", "").replace("\x7f", "")
    assert (str(event["SUMMARY"]), str(event["DESCRIPTION"])) == (plain, plain)
    assert "X-EVIL" not in event


async def test_somebodys_calendar_opens_by_its_address_alone(service: Service) -> None:
    answer = await service.client.get("/v1/users/ada/calendar")
    url = answer.json()["url"]
    assert url.startswith("http://127.0.0.1:8020/v1/calendars/ada/")
    path = url.removeprefix("http://127.0.0.1:8020")
    found = await service.client.get(path, headers={"Authorization": ""})
    assert found.status_code == 200
    assert {str(one["SUMMARY"]) for one in events(found.text)} == {"On call: web"}
    for wrong in (
        path.replace("ada", "bob"),
        path.replace(".ics", "x.ics"),
        "/v1/calendars/ada/.ics",
        "/v1/calendars/nobody/AAAAAAAAAAAAAAAAAAAAAA.ics",
        "/v1/calendars/ada/%C3%A9.ics",
    ):
        refused = await service.client.get(wrong, headers={"Authorization": ""})
        assert (refused.status_code, "VCALENDAR" in refused.text) == (404, False)


async def test_another_key_of_the_person_closes_the_old_address(service: Service) -> None:
    old = (await service.client.get("/v1/users/ada/calendar")).json()["url"]
    ada = user("ada")
    ada["spec"]["calendar_key"] = "2"
    await service.put([ada, user("bob"), schedule("ada", "bob")], 1)
    new = (await service.client.get("/v1/users/ada/calendar")).json()["url"]
    found = [await service.client.get(one) for one in (old, new)]
    assert [one.status_code for one in found] == [404, 200]


async def test_only_who_may_write_is_told_the_address(service: Service) -> None:
    reader = {"Authorization": f"Bearer {READ}"}
    asked = await service.client.get("/v1/users/ada/calendar", headers=reader)
    assert asked.status_code == 403
    assert (await service.client.get("/v1/users/none/calendar")).status_code == 404
    opened = await service.client.get("/v1/schedules/web.ics", headers={"Authorization": ""})
    assert opened.status_code == 401
