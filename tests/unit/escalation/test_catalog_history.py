"""The catalog's versions over HTTP: who made them, the way back, and who may change which set."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest

from escalation.settings import EscalationSettings
from tests.unit.escalation.examples import NOW
from tests.unit.escalation.service import BASE, READ, Service, digest, schedule, user
from tocsin.events import CatalogApplied, CatalogDocumentChanged

TEAM = "team-token"
NO_SUCH_SET = "urn:tocsin:problem:no-such-set"
LATER = {"from": "2026-03-04T14:00", "until": "2026-03-04T18:00"}


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    known = EscalationSettings(
        tokens=(f"payments={digest(TEAM)}:read+catalog:write:payments",)
    ).api_tokens
    app: Any = made.application.http
    app.state.api_tokens += known
    yield made
    await made.client.aclose()


def by_team() -> dict[str, str]:
    return {"Authorization": f"Bearer {TEAM}"}


async def history(service: Service, **params: Any) -> Any:
    return (await service.client.get("/v1/catalog/history", params=params)).json()


async def back(service: Service, version: int, **more: Any) -> httpx.Response:
    body = {"version": version, **more}
    answer = await service.client.post("/v1/catalog/rollback", json=body)
    await service.follow()
    return answer


async def specs(service: Service, version: int | None = None) -> dict[tuple[str, str, str], Any]:
    params = {} if version is None else {"version": version}
    held = (await service.client.get("/v1/catalog", params=params)).json()["documents"]
    return {(one["set"], one["kind"], one["name"]): one["spec"] for one in held}


async def test_each_version_is_told_with_who_and_why(service: Service) -> None:
    await service.put(BASE, 0, author="ada", reason="the first")
    await service.put([user("zoe")], 1, set="other")
    await service.put([user("zoe")], 2, set="other", reason="changes nothing")
    items = (await history(service))["items"]
    assert [
        (one["version"], one["sets"], one["author"], one["token"], one["reason"], one["changed"])
        for one in items
    ] == [
        (2, ["other"], "writer", "writer", "", 1),
        (1, ["default"], "ada", "writer", "the first", 5),
    ]
    assert items[0]["at"] == "2026-03-02T08:00:00Z"
    told = [one for one in await service.told() if isinstance(one, CatalogApplied)]
    assert [one.reason for one in told] == ["the first", ""]


async def test_the_history_comes_page_by_page(service: Service) -> None:
    for number in range(3):
        await service.put([user("ada", f"{number}@example.org")], number)
    first = await history(service, limit=2)
    assert [one["version"] for one in first["items"]] == [3, 2]
    rest = await history(service, limit=2, cursor=first["next"])
    assert ([one["version"] for one in rest["items"]], rest["next"]) == ([1], None)
    wrong = await service.client.get("/v1/catalog/history", params={"cursor": "eA"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "cursor")


async def test_back_is_a_new_version_equal_to_the_old_one(service: Service) -> None:
    await service.put(BASE, 0)
    await service.put([user("zoe")], 1, set="other")
    await service.put([user("ada"), user("eve"), schedule("ada", "eve")], 2)
    await service.told()
    planned = await back(service, 2, dry_run=True)
    assert [(one["action"], one["kind"], one["name"]) for one in planned.json()["changes"]] == [
        ("created", "User", "bob"),
        ("created", "Service", "checkout"),
        ("changed", "Schedule", "web"),
        ("created", "EscalationPolicy", "payments"),
        ("deleted", "User", "eve"),
    ]
    assert [one["person"] for one in planned.json()["people"]] == ["bob", "eve"]
    assert await service.told() == []
    done = await back(service, 2, reason="eve is ill")
    assert (done.status_code, done.json()["version"], done.headers["ETag"]) == (200, 4, '"4"')
    assert await specs(service) == await specs(service, 2)
    told = await service.told()
    documents = [one for one in told if isinstance(one, CatalogDocumentChanged)]
    assert {(one.set, one.catalog_version) for one in documents} == {("default", 4)}
    (applied,) = (one for one in told if isinstance(one, CatalogApplied))
    assert (applied.set, applied.reason) == ("*", "back to version 2: eve is ill")
    assert (await history(service))["items"][0]["reason"] == "back to version 2: eve is ill"


async def test_one_set_goes_back_alone(service: Service) -> None:
    await service.put([user("ada")], 0)
    await service.put([user("zoe")], 1, set="other")
    await service.put([user("ada", "new@example.org")], 2)
    await service.put([user("zoe", "new@example.org")], 3, set="other")
    assert (await back(service, 2, set="other")).status_code == 200
    found, old, new = await specs(service), await specs(service, 2), await specs(service, 3)
    assert found["other", "User", "zoe"] == old["other", "User", "zoe"]
    assert found["default", "User", "ada"] == new["default", "User", "ada"]


async def test_a_document_that_went_to_another_set_goes_back_with_its_set(service: Service) -> None:
    await service.put([user("ada"), user("bob")], 0)
    await service.put([user("bob")], 1)
    await service.put([user("ada")], 2, set="other")
    assert (await back(service, 1)).status_code == 200
    assert set(await specs(service)) == {("default", "User", "ada"), ("default", "User", "bob")}
    refused = await back(service, 3, set="other")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:tocsin:problem:other-set")


async def test_what_an_earlier_release_took_is_no_obstacle_on_the_way_back(
    service: Service,
) -> None:
    """Hours of `9`, which are refused by now, are nobody's concern who has to go back at night."""
    web = schedule("ada")
    web["spec"]["layers"][0]["restrictions"] = [{"from": 9, "until": "17:00"}]
    first = [
        CatalogDocumentChanged(set="default", catalog_version=1, author="ada", **one)
        for one in (user("ada"), web)
    ]
    async with service.store.begin() as uow:
        await uow.catalog_history.append(1, first, NOW)
    await service.put([user("ada"), schedule("ada")], 1)
    refused = await service.put([user("ada"), web], 2)
    assert (refused.status_code, len(refused.json()["mistakes"])) == (422, 1)
    assert (await back(service, 1)).json()["version"] == 3
    assert await specs(service) == await specs(service, 1)


@pytest.mark.parametrize("dry_run", [True, False])
async def test_a_set_by_a_wrong_name_is_not_gone_back_in(
    service: Service, *, dry_run: bool
) -> None:
    """Nothing would change, and whoever asked would believe that it did."""
    await service.put([user("ada")], 0)
    await service.put([user("zoe")], 1, set="payments")
    await service.put([user("zoe", "new@example.org")], 2, set="payments")
    refused = await back(service, 2, set="paymnts", dry_run=dry_run)
    said = refused.json()
    assert (refused.status_code, said["type"], said["field"]) == (404, NO_SUCH_SET, "set")
    assert said["detail"].endswith('now or at version 2; did you mean "payments"?')
    assert (
        (await back(service, 1, set="other")).json()["detail"].endswith("it has default, payments")
    )
    assert (await back(service, 1, set="payments")).json()["version"] == 4  # There was none then.


async def test_going_back_to_what_is_in_force_changes_nothing(service: Service) -> None:
    await service.put(BASE, 0)
    done = await back(service, 1)
    assert (done.json()["version"], done.json()["changes"]) == (1, [])


@pytest.mark.parametrize("version", [2, 99])
async def test_there_is_no_way_to_what_never_was(service: Service, version: int) -> None:
    await service.put(BASE, 0)
    answer = await back(service, version)
    assert (answer.status_code, answer.json()["type"]) == (
        404,
        "urn:tocsin:problem:no-such-version",
    )
    assert answer.json()["detail"] == "version: the catalog has had the versions 1 to 1"


async def test_the_way_back_is_bound_to_what_was_planned(service: Service) -> None:
    await service.put(BASE, 0)
    await service.put([user("ada")], 1)
    answer = await service.client.post(
        "/v1/catalog/rollback", json={"version": 1}, headers={"If-Match": '"1"'}
    )
    assert (answer.status_code, answer.json()["version"]) == (412, 2)


async def test_a_plan_tells_how_far_it_is_and_then_the_plan(service: Service) -> None:
    await service.put(BASE, 0)
    body = {"weeks": 3, "documents": [user("ada"), user("bob"), schedule("bob", "ada"), *BASE[3:]]}
    answer = await service.client.post(
        "/v1/catalog/plan", json=body, headers={"Accept": "application/x-ndjson"}
    )
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    *steps, last = [orjson.loads(line) for line in answer.text.splitlines()]
    assert steps == [{"progress": {"done": 0, "of": 1}}, {"progress": {"done": 1, "of": 1}}]
    (ada, bob) = last["plan"]["people"]
    assert (ada["person"], ada["time_zone"]) == ("ada", "UTC")
    assert [one["text"] for one in ada["shifts"]] == [
        "web: no longer on call Mon 2026-03-02 08:00 to Mon 2026-03-09 08:00 (UTC), but bob",
        "web: on call Mon 2026-03-09 08:00 to Mon 2026-03-16 08:00 (UTC), instead of bob",
        "web: no longer on call Mon 2026-03-16 08:00 to Mon 2026-03-23 08:00 (UTC), but bob",
    ]
    assert [one["gains"] for one in bob["shifts"]] == [True, False, True]
    plain = (await service.client.post("/v1/catalog/plan", json=body)).json()
    assert plain == last["plan"]


async def test_a_mistake_is_no_line_but_a_problem(service: Service) -> None:
    body = {"documents": [{"kind": "Usr"}]}
    answer = await service.client.post(
        "/v1/catalog/plan", json=body, headers={"Accept": "application/x-ndjson"}
    )
    assert (answer.status_code, answer.json()["type"]) == (
        422,
        "urn:tocsin:problem:invalid-catalog",
    )


async def test_a_plan_tells_which_service_pages_whom_first(service: Service) -> None:
    await service.put(BASE, 0)
    plan = await service.plan([*BASE[:3], _policy("bob"), BASE[4]])
    (found,) = plan["services"]
    assert (found["service"], found["more"]) == ("checkout", 0)
    assert [one["text"] for one in found["spans"]] == [
        "Mon 2026-03-02 08:00 to Mon 2026-03-16 08:00 (UTC): pages bob first, instead of ada"
    ]


def _policy(name: str) -> dict[str, Any]:
    spec = {"levels": [{"targets": [{"user": name}]}], "last_resort": {"user": "ada"}}
    return {"kind": "EscalationPolicy", "name": "payments", "spec": spec}


async def test_a_teams_token_changes_the_teams_set(service: Service) -> None:
    body = {"set": "payments", "documents": [user("ada"), user("bob"), schedule("ada")]}
    answer = await service.client.put("/v1/catalog", json=body, headers=by_team())
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert (await history(service))["items"][0]["token"] == "payments"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/v1/catalog", {"set": "default", "documents": []}),
        ("POST", "/v1/catalog/rollback", {"version": 1, "set": "default"}),
    ],
)
async def test_no_other_set_is_changed_by_it(
    service: Service, method: str, path: str, body: dict[str, Any]
) -> None:
    await service.put(BASE, 0)
    await service.put([*BASE, user("eve")], 1)
    answer = await service.client.request(method, path, json=body, headers=by_team())
    assert answer.status_code == 403
    found = answer.json()
    assert (found["set"], found["scope"]) == ("default", "catalog:write:default")
    assert found["detail"] == (
        "The token 'payments' may not change the set 'default':"
        " it has no scope 'catalog:write:default'."
    )
    assert (await service.client.get("/v1/catalog")).json()["version"] == 2


async def test_an_override_of_anothers_schedule_is_a_change_of_its_set(service: Service) -> None:
    await service.put(BASE, 0)
    spec = {"schedule": "web", **LATER, "remove": "ada"}
    document = {"kind": "Override", "name": "ours", "spec": spec}
    body = {"set": "payments", "documents": [document]}
    answer = await service.client.put("/v1/catalog", json=body, headers=by_team())
    assert (answer.status_code, answer.json()["set"]) == (403, "default")
    answer = await service.client.post("/v1/overrides", json=spec, headers=by_team())
    assert (answer.status_code, answer.json()["scope"]) == (403, "catalog:write:default")


def away(**more: Any) -> list[dict[str, Any]]:
    spec = {"user": "ada", "spans": [LATER]}
    return [{"kind": "Absence", "name": "ours", "spec": {**spec, **more}}]


def holiday(*members: str) -> list[dict[str, Any]]:
    calendars = [{"url": "https://calendars.example.org/all.ics"}]
    return [{"kind": "Team", "name": "t", "spec": {"members": members, "calendars": calendars}}]


@pytest.mark.parametrize("documents", [away(), holiday("eve", "ada")])
async def test_who_is_away_from_anothers_schedule_is_no_matter_of_ours(
    service: Service, documents: list[dict[str, Any]]
) -> None:
    """The schedule would pass over them: another set's people would be on call instead."""
    await service.put([*BASE, user("eve")], 0)
    body = {"set": "payments", "documents": documents}
    answer = await service.client.put("/v1/catalog", json=body, headers=by_team())
    assert (answer.status_code, answer.json()["set"]) == (403, "default")


@pytest.mark.parametrize(
    "documents",
    [
        away(user="eve"),  # Of another set, and in no schedule of others.
        holiday("eve", "zoe"),
        [*away(user="bob"), *holiday("bob")],  # Our own, in another's schedule.
    ],
)
async def test_who_is_away_from_our_schedules_alone_is_ours_to_say(
    service: Service, documents: list[dict[str, Any]]
) -> None:
    await service.put([user("bob")], 0, set="payments")
    await service.put([user("ada"), user("eve"), user("zoe"), schedule("ada", "bob")], 1)
    body = {"set": "payments", "documents": [user("bob"), *documents]}
    answer = await service.client.put("/v1/catalog", json=body, headers=by_team())
    assert answer.status_code == 200, answer.text


async def test_the_own_schedule_is_overridden_by_hand_and_by_the_folder(service: Service) -> None:
    body = {"set": "payments", "documents": [user("ada"), user("bob"), schedule("ada")]}
    await service.client.put("/v1/catalog", json=body, headers=by_team())
    spec = {"schedule": "web", **LATER, "remove": "ada", "add": "bob"}
    made = await service.client.post("/v1/overrides", json=spec, headers=by_team())
    assert made.status_code == 201
    gone = await service.client.delete(f"/v1/overrides/{made.json()['id']}", headers=by_team())
    assert gone.status_code == 200


async def test_what_the_installation_goes_by_is_no_teams(service: Service) -> None:
    settings = {"kind": "Settings", "name": "s", "spec": {"last_resort": {"user": "ada"}}}
    body = {"set": "payments", "documents": [user("ada"), settings]}
    answer = await service.client.put("/v1/catalog", json=body, headers=by_team())
    assert (answer.status_code, answer.json()["scope"]) == (403, "write")


async def test_a_reader_goes_nowhere_back(service: Service) -> None:
    headers = {"Authorization": f"Bearer {READ}"}
    assert (await service.client.get("/v1/catalog/history", headers=headers)).status_code == 200
    answer = await service.client.post(
        "/v1/catalog/rollback", json={"version": 1, "dry_run": True}, headers=headers
    )
    assert answer.status_code == 403
