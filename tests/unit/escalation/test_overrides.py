"""Overrides by hand, over ASGI and a store in memory. It is Monday, 09:00 in Paris."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.unit.escalation.examples import NOW, minutes, triggered
from tests.unit.escalation.service import BASE, READ, Service, schedule, user
from tests.unit.escalation.test_climb_handlers import said
from tocsin.events import CatalogApplied, CatalogDocumentChanged, OnCallChanged, PageRequested

PATH = "/v1/overrides"
ON_CALL = {
    "kind": "EscalationPolicy",
    "name": "payments",
    "spec": {"levels": [{"targets": [{"schedule": "web"}]}], "last_resort": {"user": "ada"}},
}
LATER = {"from": "2026-03-04T14:00", "until": "2026-03-04T18:00"}


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    documents = [one for one in BASE if one["kind"] != "EscalationPolicy"]
    mute = {"kind": "User", "name": "mute", "spec": {}}
    await made.put([*documents, ON_CALL, user("eve"), mute], 0)
    await made.told()
    yield made
    await made.client.aclose()


async def add(service: Service, key: str = "", **body: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    wanted = {"schedule": "web", "until": "2026-03-02T12:00", "remove": "ada", "add": "eve"}
    answer = await service.client.post(PATH, json={**wanted, **body}, headers=headers)
    await service.follow()
    return answer


async def on_call(service: Service, at: str = "") -> list[str]:
    params = {"schedule": "web", **({"at": at} if at else {})}
    answer = await service.client.get("/v1/on-call", params=params)
    found: list[str] = answer.json()["items"][0]["responders"]
    return found


async def listed(service: Service, **params: Any) -> list[str]:
    answer = await service.client.get(PATH, params=params)
    return [one["id"] for one in answer.json()["items"]]


async def test_from_then_on_the_page_goes_to_the_new_person(service: Service) -> None:
    answer = await add(service, reason="dentist")
    assert answer.status_code == 201
    found = answer.json()
    assert [one["text"] for one in found["effects"]] == [
        (
            "schedule web, Mon 2026-03-02 09:00 to Mon 2026-03-02 12:00 (Europe/Paris):"
            " eve instead of ada"
        )
    ]
    assert (found["from"], found["until"]) == ("2026-03-02T08:00:00Z", "2026-03-02T11:00:00Z")
    (incidents, *_) = service.application.subscriptions
    async with service.store.begin() as uow:
        await incidents.handle(uow, [said(triggered(), NOW)], NOW)
    pages = [one for one in await service.told() if isinstance(one, PageRequested)]
    assert [one.responder for one in pages] == ["eve"]


async def test_it_is_a_document_with_a_version_and_an_author(service: Service) -> None:
    found = (await add(service, author="ada herself")).json()
    document, applied, changed = await service.told()
    assert isinstance(document, CatalogDocumentChanged)
    assert (document.kind, document.name, document.set) == ("Override", found["id"], "by-hand")
    assert (document.catalog_version, document.author) == (2, "ada herself")
    assert applied == CatalogApplied(
        catalog_version=2, author="ada herself", set="by-hand", changed=1
    )
    assert isinstance(changed, OnCallChanged)
    assert (changed.schedule, changed.responders) == ("web", ("eve",))
    assert (found["version"], found["catalog_version"], found["author"]) == (2, 2, "ada herself")


async def test_a_folder_that_is_applied_leaves_it_alone(service: Service) -> None:
    await add(service)
    answer = await service.put([user("ada"), user("bob"), user("eve"), schedule("ada", "bob")])
    assert answer.status_code == 200
    assert await on_call(service) == ["eve"]


async def test_a_repeat_with_the_same_key_makes_one(service: Service) -> None:
    first = (await add(service, key="k")).json()
    again = (await add(service, key="k")).json()
    assert again["id"] == first["id"]
    assert again["catalog_version"] == 2
    assert await listed(service) == [first["id"]]


async def test_a_repeat_brings_back_nothing_that_was_removed(service: Service) -> None:
    first = (await add(service, key="k", **LATER)).json()
    await service.client.delete(f"{PATH}/{first['id']}")
    again = await add(service, key="k", **LATER)
    assert (again.status_code, again.json()["type"]) == (409, "urn:tocsin:problem:refused")
    assert await listed(service) == []


async def test_a_dry_run_says_what_would_move_and_changes_nothing(service: Service) -> None:
    found = (await add(service, dry_run=True)).json()
    assert [one["after"] for one in found["effects"]] == [["eve"]]
    assert (found["dry_run"], found["catalog_version"]) == (True, 1)
    assert await service.told() == []
    assert (await on_call(service), await listed(service)) == (["ada"], [])


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({"schedule": "wbe"}, "schedule", "there is no Schedule 'wbe'; did you mean \"web\"?"),
        ({"add": "eeve"}, "add", "there is no User 'eeve'; did you mean \"eve\"?"),
        ({"remove": ["ada", "bop"]}, "remove[1]", "there is no User 'bop'; did you mean \"bob\"?"),
        (
            {"add": "mute"},
            "add",
            (
                "user mute has no contact method: give them one in the catalog first, or choose"
                " somebody else"
            ),
        ),
        ({"until": "2026-03-02T08:59"}, "until", "is over already; write a time to come"),
        (
            {"from": "2026-03-02T13:00:00Z"},
            "until",
            "is not after `from`; write a later time",
        ),
        (
            {"until": "2027-03-04T09:00"},
            "until",
            "is more than 366 days after `from`; change the schedule instead",
        ),
        ({"cover": []}, "body", "an override says `add`, `remove` or both, or else `cover`"),
    ],
)
async def test_a_mistake_names_the_field_and_the_way_out(
    service: Service, body: dict[str, Any], field: str, message: str
) -> None:
    answer = await add(service, **body)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": field, "message": message}]
    assert await service.told() == []


@pytest.mark.parametrize("until", ["soon", "", "2026-13-01T00:00Z"])
async def test_a_time_that_is_none_is_named(service: Service, until: str) -> None:
    answer = await add(service, until=until)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == ["until"]


async def test_what_was_before_now_stays(service: Service) -> None:
    found = (await add(service, **{"from": "2026-03-01T09:00"})).json()
    assert found["from"] == "2026-03-02T08:00:00Z"
    assert await on_call(service, "2026-03-02T07:59:59Z") == ["bob"]


async def test_one_to_come_is_gone_when_it_is_removed(service: Service) -> None:
    found = (await add(service, **LATER)).json()
    assert await on_call(service, "2026-03-04T14:00:00Z") == ["eve"]
    answer = await service.client.delete(f"{PATH}/{found['id']}")
    await service.follow()
    assert [one["after"] for one in answer.json()["effects"]] == [["ada"]]
    assert await on_call(service, "2026-03-04T14:00:00Z") == ["ada"]
    assert await listed(service) == []
    assert (await service.client.delete(f"{PATH}/{found['id']}")).status_code == 404


async def test_one_in_force_ends_now_and_what_was_stays(service: Service) -> None:
    found = (await add(service)).json()
    service.clock.advance(minutes(60))
    for _ in range(2):  # Again changes nothing.
        answer = await service.client.delete(f"{PATH}/{found['id']}")
        assert answer.status_code == 200
        assert answer.json()["until"] == "2026-03-02T09:00:00Z"
        assert answer.json()["catalog_version"] == 3
    await service.follow()
    assert await on_call(service, "2026-03-02T08:30:00Z") == ["eve"]
    assert await on_call(service, "2026-03-02T09:30:00Z") == ["ada"]


async def test_one_is_moved_in_one_step_and_what_both_move_is_told(service: Service) -> None:
    first = (await add(service, **LATER)).json()
    there = {"from": "2026-03-05T14:00", "until": "2026-03-05T18:00", "replaces": first["id"]}
    found = (await add(service, **there)).json()
    assert found["catalog_version"] == first["catalog_version"] + 1
    assert [one["after"] for one in found["effects"]] == [["ada"], ["eve"]]
    assert await listed(service) == [found["id"]]
    assert await on_call(service, "2026-03-04T14:00:00Z") == ["ada"]
    assert await on_call(service, "2026-03-05T14:00:00Z") == ["eve"]
    again = await add(service, **there)
    assert (again.status_code, again.json()["type"]) == (404, "urn:tocsin:problem:no-such-override")


async def test_one_of_a_folder_is_changed_in_that_folder(service: Service) -> None:
    spec = {"schedule": "web", **LATER, "add": "eve"}
    document = {"kind": "Override", "name": "planned", "spec": spec}
    await service.put([document], None, set="holidays")
    answer = await service.client.delete(f"{PATH}/planned")
    assert answer.status_code == 409
    assert answer.json()["detail"].endswith(
        "belongs to the set 'holidays': change it in the folder of that set, and apply that"
    )
    assert await listed(service) == ["planned"]


async def test_the_list_is_of_a_schedule_and_a_span_page_by_page(service: Service) -> None:
    soon = (await add(service)).json()["id"]
    later = (await add(service, **LATER)).json()["id"]
    assert await listed(service, schedule="web") == [soon, later]
    assert await listed(service, until="2026-03-02T12:00:00Z") == [soon]
    assert await listed(service, **{"from": "2026-03-02T11:00:00Z"}) == [later]
    first = (await service.client.get(PATH, params={"limit": 1})).json()
    assert [one["id"] for one in first["items"]] == [soon]
    assert await listed(service, limit=1, cursor=first["next"]) == [later]
    wrong = await service.client.get(PATH, params={"schedule": "wbe"})
    assert (wrong.status_code, wrong.json()["type"]) == (404, "urn:tocsin:problem:no-such-schedule")
    assert 'did you mean "web"?' in wrong.json()["detail"]


async def test_an_older_one_whose_people_are_gone_stands_in_nobodys_way(service: Service) -> None:
    await add(service, **LATER)
    left = [user("ada"), user("bob"), schedule("ada", "bob")]
    assert (await service.put(left)).status_code == 200
    assert (await add(service, add="bob")).status_code == 201
    assert await on_call(service) == ["bob"]


async def test_only_who_may_write_overrides(service: Service) -> None:
    headers = {"Authorization": f"Bearer {READ}"}
    assert (await service.client.get(PATH, headers=headers)).status_code == 200
    assert (await service.client.post(PATH, json={}, headers=headers)).status_code == 403
    assert (await service.client.delete(f"{PATH}/x", headers=headers)).status_code == 403
