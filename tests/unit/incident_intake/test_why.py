"""Why an alert told somebody or nobody: one test for each branch of intake's decisions."""

from dataclasses import replace
from typing import Any

from tests.unit.incident_intake.test_silences import DB, HOUR, silenced
from tests.unit.incident_intake.world import API, World, catalog, message, seconds
from tocsin.events import AcknowledgeIncident, Actor, ResolveIncident, SnoozeIncident
from tocsin.holder import CatalogHolder
from tocsin.testing import START

ADA = Actor(kind="user", name="ada")


def grouped() -> World:
    by_cluster = catalog(checkout={"grouping": {"by": ["cluster"], "window": "1h"}})
    return World(catalog=CatalogHolder(by_cluster))


async def why(world: World, alert: str = "disk", **more: str) -> Any:
    answer = await world.http.get("/v1/why", headers=API, params={"alert": alert, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def said(answer: Any, code: str) -> str:
    (found,) = [one["sentence"] for one in answer["items"] if one["code"] == code]
    return str(found)


async def test_why_it_opened_an_incident() -> None:
    world = World()
    await world.rings(message())
    answer = await why(world)
    (decision,) = answer["items"]
    assert decision["code"] == "opened"
    assert decision["sentence"] == (
        "It opened incident #1 at 2026-01-05 09:00:00 UTC: each alert is its own incident."
    )
    assert (decision["by"], decision["catalog_version"]) == ("incident-intake", 1)
    assert decision["inputs"]["dedup_key"] == "disk"
    assert answer["answer"] == [
        "It is in incident #1, which pages; `tocsin why 1` says whom, and why."
    ]


async def test_why_nobody_grouped_into_an_incident_that_is_acknowledged() -> None:
    world = grouped()
    await world.rings(message("one", labels={"cluster": "eu"}))
    (incident,) = world.incidents()
    await world.rings(AcknowledgeIncident(incident_id=incident.incident_id, by=ADA))
    await world.rings(message("two", labels={"cluster": "eu"}))
    answer = await why(world, "two")
    assert "joined incident #1" in said(answer, "grouped")
    assert "grouped by cluster. That alone pages nobody." in said(answer, "grouped")
    assert "Incident #1 is ada's since" in said(answer, "acknowledged")
    assert answer["answer"] == ["It is in incident #1, which ada has: nobody is paged for it now."]


async def test_why_nobody_deduplicated() -> None:
    world = World()
    for number in range(500):
        await world.rings(message(at=START + seconds(number)))
    answer = await why(world)
    assert [one["code"] for one in answer["items"]] == ["opened", "deduplicated"]
    assert "received 500 times" in said(answer, "deduplicated")


async def test_why_nobody_silenced() -> None:
    world = World()
    silence = await silenced(world, comment="racks", created_by="ada")
    await world.rings(message(labels=DB))
    answer = await why(world)
    assert answer["answer"] == [
        "Nobody was paged: a silence holds the alert back until 2026-01-05 10:00:00 UTC."
    ]
    sentence = said(answer, "silenced")
    assert f'silence {silence}: team="db", made by ada (racks), until 2026-01-05 10:00' in sentence


async def test_why_nobody_snoozed() -> None:
    world = World()
    await world.rings(message())
    (incident,) = world.incidents()
    await world.rings(SnoozeIncident(incident_id=incident.incident_id, by=ADA, until=START + HOUR))
    assert "snoozed until 2026-01-05 10:00:00 UTC by ada" in said(await why(world), "snoozed")


async def test_why_nothing_a_resolve_out_of_order_is_passed_over() -> None:
    world = World()
    await world.rings(message(at=START + seconds(10)))
    await world.rings(message(action="resolve", at=START))
    answer = await why(world)
    assert said(answer, "passed-over") == (
        "A message of 2026-01-05 09:00:00 UTC changed nothing:"
        " late: it was received before what is known of the alert."
    )
    assert world.alert().status == "firing"


async def test_why_it_ended_and_by_whom() -> None:
    world = World()
    await world.rings(message("tool"), message("person"), message("late", expires_at=START + HOUR))
    await world.rings(message("tool", "resolve"))
    person = next(one for one in world.incidents() if one.title.startswith("person"))
    await world.rings(ResolveIncident(incident_id=person.incident_id, by=ADA))
    await world.passes(2 * HOUR)
    assert "its tool said so" in said(await why(world, "tool"), "alert-ended")
    assert "somebody resolved its incident" in said(await why(world, "person"), "alert-ended")
    assert "not sent again in time" in said(await why(world, "late"), "alert-ended")
    assert "was resolved" in said(await why(world, "person"), "resolved")


async def test_why_it_fired_again_in_its_incident() -> None:
    world = grouped()
    labels = {"cluster": "eu"}
    await world.rings(message("one", labels=labels), message("two", labels=labels))
    await world.rings(message("two", "resolve", labels=labels))
    await world.rings(message("two", labels=labels))
    assert "its incident #1 was still open" in said(await why(world, "two"), "fired-again")


async def test_an_alert_is_named_by_its_id_or_by_its_key_and_service() -> None:
    world = World()
    await world.rings(message(), message(service="postgres", at=START + seconds(1)))
    by_id = await why(world, world.alert().alert_id)
    assert by_id["alert"]["service"] == "checkout"
    latest = await why(world)
    assert latest["alert"]["service"] == "postgres"
    assert latest["others"] == [world.alert().alert_id]
    assert (await why(world, service="checkout"))["others"] == []


async def test_an_unknown_alert_says_what_to_try() -> None:
    world = World()
    for name in ("nobody", "\x1b[31m", "x" * 1000):
        answer = await world.http.get("/v1/why", headers=API, params={"alert": name})
        assert answer.status_code == 404
        assert "GET /v1/alerts" in answer.json()["detail"]
        assert "dead letter" in answer.json()["detail"]
    assert (await world.http.get("/v1/why", headers=API)).status_code == 422
    assert (await world.http.get("/v1/why", params={"alert": "x"})).status_code == 401


async def test_what_intake_decided_of_an_incident_and_where_the_rest_is() -> None:
    world = World()
    await world.rings(message())
    (incident,) = world.incidents()
    for which in ("1", incident.incident_id):
        answer = (await world.http.get(f"/v1/incidents/{which}/why", headers=API)).json()
        assert answer["more"] == f"/v1/timelines/{incident.incident_id}/why"
        (opened,) = answer["items"]
        assert (opened["code"], opened["catalog_version"]) == ("incident-opened", 1)
        assert opened["inputs"]["urgency"] == "high"
    assert (await world.http.get("/v1/incidents/9/why", headers=API)).status_code == 404


async def test_an_alert_of_an_earlier_release_is_told_from_what_there_is() -> None:
    world = World()
    await world.rings(message())
    stored = world.store.tables["alerts"]
    for name, alert in list(stored.items()):
        stored[name] = replace(alert, placed=None)
    answer = await why(world)
    assert answer["items"] == []
    assert answer["answer"][0].startswith("It is in incident #1")
