"""Silences: what they hold back, and that nothing stays behind them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from tests.unit.incident_intake.world import API, World, message, names
from tocsin.events import AlertSuppressed, Event, SilenceChanged
from tocsin.testing import START

HOUR = timedelta(hours=1)
DB = {"team": "db"}


async def silenced(world: World, **more: Any) -> str:
    body = {"matchers": ['team="db"'], "duration": "1h", **more}
    answer = await world.http.post("/v1/silences", headers=API, json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def of_alerts(facts: Sequence[Event]) -> list[Event]:
    """Return the facts but for those about the silences themselves."""
    return [fact for fact in facts if not isinstance(fact, SilenceChanged)]


async def test_a_silenced_alert_opens_nothing_and_says_why() -> None:
    world = World()
    silence = await silenced(world)
    (fact,) = of_alerts(await world.rings(message(labels=DB)))
    assert isinstance(fact, AlertSuppressed)
    assert fact.until == START + HOUR
    assert fact.rule == f'silence {silence}: team="db"'
    assert of_alerts(await world.rings(message(labels=DB))) == [], "told once"
    assert names(of_alerts(await world.rings(message("other")))) == ["IncidentTriggered"]
    assert world.alert().status == "suppressed"


async def test_what_still_fires_when_the_silence_ends_opens() -> None:
    world = World()
    await silenced(world)
    await world.rings(message("ends", labels=DB), message("stays", labels=DB))
    await world.rings(message("ends", "resolve"))
    facts = of_alerts(await world.passes(HOUR))
    assert [getattr(fact, "title", "") for fact in facts] == ["stays is broken"]
    assert world.alert("ends").status == "resolved"


async def test_another_silence_may_go_on() -> None:
    world = World()
    await silenced(world)
    await world.rings(message(labels=DB))
    longer = await silenced(world, duration="3h")
    facts = of_alerts(await world.passes(HOUR))
    assert names(facts) == ["AlertSuppressed"]
    assert world.alert().silence_id == longer
    assert names(of_alerts(await world.passes(2 * HOUR))) == ["IncidentTriggered"]


async def test_expiring_a_silence_opens_at_once() -> None:
    world = World()
    silence = await silenced(world)
    await world.rings(message(labels=DB))
    answer = await world.http.delete(f"/v1/silences/{silence}", headers=API)
    assert answer.json()["status"] == "expired"
    assert names(of_alerts(await world.passes(timedelta(0)))) == ["IncidentTriggered"]
    again = await world.http.post(f"/v1/silences/{silence}/expire", headers=API)
    assert again.status_code == 200
    assert of_alerts(await world.passes(2 * HOUR)) == []


async def test_a_suppressed_alert_expires_without_a_word() -> None:
    world = World()
    await silenced(world)
    await world.rings(message(labels=DB, expires_at=START + HOUR / 2))
    assert of_alerts(await world.passes(2 * HOUR)) == []
    assert world.alert().status == "expired"


async def test_silences_are_listed_read_and_added_once() -> None:
    world = World()
    key = {**API, "Idempotency-Key": "only-one"}
    body = {"matchers": ["team=db"], "ends_at": "2026-01-05T12:00:00Z", "comment": "racks"}
    first = await world.http.post("/v1/silences", headers=key, json=body)
    again = await world.http.post("/v1/silences", headers=key, json=body)
    assert first.json() == again.json()
    assert first.json()["created_by"] == "operator"
    listed = await world.http.get("/v1/silences", headers=API)
    assert [each["id"] for each in listed.json()["items"]] == [first.json()["id"]]
    read = await world.http.get(f"/v1/silences/{first.json()['id']}", headers=API)
    assert read.json()["comment"] == "racks"
    assert (await world.http.get("/v1/silences/sil_none", headers=API)).status_code == 404
    assert (await world.http.delete("/v1/silences/sil_none", headers=API)).status_code == 404


async def test_wrong_silences_are_refused_and_told_why() -> None:
    world = World()
    for body, word in (
        ({"matchers": [], "duration": "1h"}, "matchers"),
        ({"matchers": ["no operator"], "duration": "1h"}, "matcher"),
        ({"matchers": ['team=~"("'], "duration": "1h"}, "RE2"),
        ({"matchers": ['team=~".*"'], "duration": "1h"}, "match everything"),
        ({"matchers": ["a=b"]}, "duration"),
        ({"matchers": ["a=b"], "duration": "1h", "for": "x"}, "for"),
        ({"matchers": ["a=b"], "ends_at": "2025-01-05T12:00:00Z"}, "ends_at"),
    ):
        answer = await world.http.post("/v1/silences", headers=API, json=body)
        assert answer.status_code == 422, body
        assert word in answer.text, answer.text
