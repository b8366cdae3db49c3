"""The endpoints, over ASGI and a store in memory."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.unit.escalation.examples import ADA, NOW, minutes, triggered
from tests.unit.escalation.service import (
    BASE,
    READ,
    Service,
    checkout,
    policy,
    schedule,
    user,
)
from tests.unit.escalation.test_climb_handlers import said
from tocsin.catalog.planning import catalog_of
from tocsin.events import (
    CatalogApplied,
    CatalogDocumentChanged,
    IncidentAcknowledged,
    OnCallChanged,
)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    yield made
    await made.client.aclose()


async def test_a_catalog_is_applied_and_announced_document_by_document(service: Service) -> None:
    answer = await service.put(BASE, 0)
    assert answer.status_code == 200
    assert answer.headers["ETag"] == '"1"'
    assert answer.json()["version"] == 1
    told = await service.told()
    *documents, applied, on_call = told
    assert [(one.kind, one.name) for one in documents] == [
        ("User", "ada"),
        ("User", "bob"),
        ("Service", "checkout"),
        ("Schedule", "web"),
        ("EscalationPolicy", "payments"),
    ]
    assert all(isinstance(one, CatalogDocumentChanged) for one in documents)
    assert applied == CatalogApplied(catalog_version=1, author="writer", set="default", changed=5)
    assert isinstance(on_call, OnCallChanged)
    assert (on_call.schedule, on_call.catalog_version) == ("web", 1)


async def test_applying_the_same_again_changes_nothing(service: Service) -> None:
    await service.put(BASE, 0)
    await service.told()
    answer = await service.put(BASE, 1)
    assert (answer.json()["version"], answer.json()["changes"]) == (1, [])
    assert await service.told() == []


async def test_a_set_deletes_only_what_it_held(service: Service) -> None:
    await service.put(BASE, 0)
    await service.put([user("eve")], 1, set="other", author="eve herself")
    await service.told()
    answer = await service.put([user("ada"), user("bob")], 2)
    assert [(one["action"], one["kind"]) for one in answer.json()["changes"]] == [
        ("deleted", "Service"),
        ("deleted", "Schedule"),
        ("deleted", "EscalationPolicy"),
    ]
    assert [one.spec for one in await service.told() if hasattr(one, "spec")] == [None] * 3
    held = (await service.client.get("/v1/catalog")).json()
    assert [
        (one["name"], one["set"], one["author"], one["version"]) for one in held["documents"]
    ] == [
        ("ada", "default", "writer", 1),
        ("bob", "default", "writer", 1),
        ("eve", "other", "eve herself", 2),
    ]


async def test_a_document_of_another_set_is_refused_and_the_set_is_named(service: Service) -> None:
    await service.put([user("ada")], 0)
    answer = await service.put([user("ada", "else@example.org")], 1, set="other")
    assert answer.status_code == 409
    assert answer.json()["detail"] == (
        "User ada belongs to the set 'default': change it in the folder of that set, and apply that"
    )
    assert answer.json()["type"] == "urn:tocsin:problem:other-set"


async def test_another_set_keeps_what_it_names(service: Service) -> None:
    await service.put([user("ada")], 0)
    team = {"kind": "Team", "name": "web", "spec": {"members": ["ada"]}}
    assert (await service.put([team], 1, set="other")).status_code == 200
    answer = await service.put([user("bob")], 2)
    assert answer.status_code == 422
    (mistake,) = answer.json()["mistakes"]
    assert mistake["text"] == (
        "Team web: spec.members[0]: names User 'ada', which would be gone;"
        " this document belongs to the set 'other'"
    )


@pytest.mark.parametrize("given", ["0", '"0"', 'W/"0"'])
async def test_a_change_for_an_older_catalog_is_refused(service: Service, given: str) -> None:
    await service.put(BASE, 0)
    body = {"documents": [user("ada")]}
    answer = await service.client.put("/v1/catalog", json=body, headers={"If-Match": given})
    assert answer.status_code == 412
    assert answer.json()["type"] == "urn:tocsin:problem:catalog-changed"
    assert answer.json()["version"] == 1
    assert (await service.client.get("/v1/catalog")).json()["version"] == 1


async def test_an_if_match_that_is_no_version_is_said(service: Service) -> None:
    answer = await service.client.put(
        "/v1/catalog", json={"documents": []}, headers={"If-Match": "latest"}
    )
    assert answer.status_code == 400
    assert answer.json()["field"] == "If-Match"


async def test_every_mistake_is_told_and_nothing_is_applied(service: Service) -> None:
    wrong = [
        {"kind": "Usr", "name": "x", "spec": {}},
        {"kind": "Team", "name": "t", "spec": {"members": ["adda"]}},
        user("ada"),
    ]
    answer = await service.put(wrong, 0)
    assert answer.status_code == 422
    found = [(one["path"], one["suggestion"]) for one in answer.json()["mistakes"]]
    assert found == [("kind", "User"), ("spec.members[0]", "ada")]
    assert (await service.client.get("/v1/catalog")).json() == {"version": 0, "documents": []}
    assert await service.told() == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 422),
        (b'{"documents": {}}', 422),
        (b'{"documents": [], "sett": "x"}', 422),
        (b'{"documents": [], "set": "a b"}', 422),
        (b'{"documents": [7, null, "x"]}', 422),
        (b'{"documents": [{"kind": [], "name": {}, "spec": 7}]}', 422),
    ],
)
async def test_what_is_no_bundle_is_a_problem(service: Service, body: bytes, status: int) -> None:
    for method, path in (("PUT", "/v1/catalog"), ("POST", "/v1/catalog/plan")):
        answer = await service.client.request(method, path, content=body)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_plan_says_what_changes_for_whom_and_changes_nothing(service: Service) -> None:
    await service.put(BASE, 0)
    await service.told()
    plan = await service.plan(
        [user("ada"), user("bob"), schedule("bob", "ada"), policy("bob"), checkout()]
    )
    assert plan["version"] == 1
    changed = [(one["kind"], [field["path"] for field in one["fields"]]) for one in plan["changes"]]
    assert changed == [
        (
            "Schedule",
            ["spec.layers[0].rotation.participants[0]", "spec.layers[0].rotation.participants[1]"],
        ),
        ("EscalationPolicy", ["spec.levels[0].targets[0].user"]),
    ]
    assert [one["text"] for one in plan["effects"]] == [
        "policy payments, level 1: pages bob instead of ada",
        "service checkout, level 1: pages bob instead of ada",
        (
            "schedule web, Mon 2026-03-02 09:00 to Mon 2026-03-09 09:00 (Europe/Paris):"
            " bob instead of ada"
        ),
        (
            "schedule web, Mon 2026-03-09 09:00 to Mon 2026-03-16 09:00 (Europe/Paris):"
            " ada instead of bob"
        ),
    ]
    assert await service.told() == []
    assert (await service.client.get("/v1/catalog")).json()["version"] == 1


async def test_a_plan_sees_a_rename(service: Service) -> None:
    await service.put([user("ada")], 0)
    plan = await service.plan([user("ada2")])
    assert [(one["action"], one["name"], one["renamed"]) for one in plan["changes"]] == [
        ("created", "ada2", "ada"),
        ("deleted", "ada", "ada2"),
    ]


async def test_a_plan_warns_of_hours_without_anybody(service: Service) -> None:
    office = schedule("ada")
    hours = {"from": "09:00", "until": "18:00"}
    office["spec"]["layers"][0]["restrictions"] = [hours]
    plan = await service.plan([user("ada"), office])
    assert [one["text"] for one in plan["warnings"]] == [
        (
            "Schedule web: spec.layers: warning: nobody is on call"
            " Mon 2026-03-02 18:00 to Tue 2026-03-03 09:00 (Europe/Paris),"
            " and 13 more times in the next 14 days"
        )
    ]


async def test_a_plan_of_more_weeks_warns_of_gaps_in_all_of_them(service: Service) -> None:
    ends = schedule("ada")
    ends["spec"]["layers"][0]["until"] = "2026-03-23T09:00"
    assert (await service.plan([user("ada"), ends]))["warnings"] == []
    (warning,) = (await service.plan([user("ada"), ends], weeks=4))["warnings"]
    assert warning["message"].startswith("nobody is on call Mon 2026-03-23 09:00 to")
    assert warning["message"].endswith("in the next 28 days")


async def test_any_version_can_be_read_again(service: Service) -> None:
    await service.put([user("ada")], 0)
    await service.put([user("ada", "new@example.org")], 1)
    await service.put([user("bob")], 2)

    async def at(version: int) -> Any:
        return (await service.client.get(f"/v1/catalog?version={version}")).json()["documents"]

    assert [one["name"] for one in await at(0)] == []
    assert [one["spec"]["contact_methods"][0]["address"] for one in await at(1)] == [
        "someone@example.org"
    ]
    assert [one["spec"]["contact_methods"][0]["address"] for one in await at(2)] == [
        "new@example.org"
    ]
    assert [one["name"] for one in await at(3)] == ["bob"]
    answer = await service.client.get("/v1/catalog?version=4")
    assert answer.status_code == 404


async def test_a_lost_database_never_goes_back_to_versions_that_readers_passed(
    service: Service,
) -> None:
    service.holder.replace(catalog_of([], 37))
    answer = await service.client.put("/v1/catalog", json={"documents": [user("ada")]})
    assert answer.json()["version"] == 38


async def test_who_is_on_call(service: Service) -> None:
    await service.put(BASE, 0)
    answer = await service.client.get("/v1/on-call")
    assert answer.json() == {
        "items": [
            {
                "schedule": "web",
                "at": "2026-03-02T08:00:00Z",
                "catalog_version": 1,
                "responders": ["ada"],
                "shadows": [],
                "reason": ["schedule web", "layer weekly, turn 8"],
            }
        ],
        "next": None,
    }
    later = await service.client.get(
        "/v1/on-call", params={"schedule": "web", "at": "2026-03-10T00:00:00+01:00"}
    )
    assert later.json()["items"][0]["responders"] == ["bob"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/on-call?schedule=nope", 404),
        ("/v1/on-call?at=yesterday", 422),
        ("/v1/on-call?at=2026-01-01T00:00", 422),
        ("/v1/on-call?at=9999-12-31T23:59:59Z", 422),
        ("/v1/schedules/nope/shifts", 404),
        ("/v1/schedules/web/shifts?from=2026-01-01T00:00:00Z&to=2027-01-03T00:00:00Z", 422),
        ("/v1/schedules/web/shifts?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", 422),
        ("/v1/escalations/nope", 404),
    ],
)
async def test_what_cannot_be_answered_is_a_problem(
    service: Service, path: str, status: int
) -> None:
    await service.put(BASE, 0)
    answer = await service.client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "kind", "near"),
    [
        ("/v1/on-call?schedule=wbe", "schedule", "web"),
        ("/v1/schedules/wbe/shifts", "schedule", "web"),
        ("/v1/schedules/wbe.ics", "schedule", "web"),
        ("/v1/overrides?schedule=wbe", "schedule", "web"),
        ("/v1/users/adda/calendar", "user", "ada"),
        ("/v1/absences?person=adda", "user", "ada"),
    ],
)
async def test_a_name_that_is_not_there_is_answered_with_the_nearest(
    service: Service, path: str, kind: str, near: str
) -> None:
    await service.put(BASE, 0)
    answer = await service.client.get(path)
    assert (answer.status_code, answer.json()["type"]) == (
        404,
        f"urn:tocsin:problem:no-such-{kind}",
    )
    assert f'did you mean "{near}"?' in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/on-call?at=0001-01-01T00:00:00%2B14:00", "at"),
        ("/v1/on-call?at=9999-12-31T23:59:59-14:00", "at"),
        ("/v1/schedules/web/shifts?from=0001-01-01T00:00:00%2B14:00", "from"),
        ("/v1/schedules/web/shifts?to=9999-12-31T23:59:59-14:00", "to"),
    ],
)
async def test_an_instant_that_has_no_utc_is_refused_by_its_name(
    service: Service, path: str, field: str
) -> None:
    await service.put(BASE, 0)
    answer = await service.client.get(path)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        (b"{", "broken-json"),
        (b"[" * 40 + b"]" * 40, "excessive-json"),
        (b"{" + b",".join(b'"%d":1' % n for n in range(1001)) + b"}", "excessive-json"),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/catalog/plan"), ("PUT", "/v1/catalog")])
async def test_a_body_that_is_no_json_is_told_as_everywhere(
    service: Service, method: str, path: str, body: bytes, slug: str
) -> None:
    answer = await service.client.request(method, path, content=body)
    assert (answer.status_code, answer.json()["type"]) == (400, f"urn:tocsin:problem:{slug}")


async def test_shifts_of_the_next_two_weeks(service: Service) -> None:
    await service.put(BASE, 0)
    answer = await service.client.get("/v1/schedules/web/shifts")
    assert [(one["from"], one["until"], one["responders"]) for one in answer.json()["items"]] == [
        ("2026-03-02T08:00:00Z", "2026-03-09T08:00:00Z", ["ada"]),
        ("2026-03-09T08:00:00Z", "2026-03-16T08:00:00Z", ["bob"]),
    ]


async def test_where_a_climb_stands(service: Service) -> None:
    await service.put(BASE, 0)
    (incidents, *_) = service.application.subscriptions
    async with service.store.begin() as uow:
        await incidents.handle(uow, [said(triggered(), NOW)], NOW)
    answer = (await service.client.get("/v1/escalations/i1")).json()
    assert (answer["status"], answer["level"], answer["loop"]) == ("waiting", 1, 1)
    assert answer["policy"] == "payments"
    assert answer["next_at"] == "2026-03-02T08:05:00Z"
    assert [page["responder"] for page in answer["pages"]] == ["ada"]
    ack = IncidentAcknowledged(incident_id="i1", version=2, by=ADA)
    async with service.store.begin() as uow:
        await incidents.handle(uow, [said(ack, NOW)], NOW + minutes(1))
    answer = (await service.client.get("/v1/escalations/i1")).json()
    assert (answer["status"], answer["reason"], answer["pages"]) == ("halted", "acknowledged", [])


@pytest.mark.parametrize(
    ("method", "path", "token", "status"),
    [
        ("GET", "/v1/catalog", "", 401),
        ("GET", "/v1/on-call", "wrong", 401),
        ("PUT", "/v1/catalog", READ, 403),
        ("GET", "/v1/catalog", READ, 200),
        ("GET", "/v1/escalations/i1", READ, 404),
        ("GET", "/healthz", "", 200),
    ],
)
async def test_only_those_with_a_token_and_its_scope_are_let_in(
    service: Service, method: str, path: str, token: str, status: int
) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    answer = await service.client.request(method, path, json={"documents": []}, headers=headers)
    assert answer.status_code == status
