"""A swap is agreed to by both, and then it is who is paged."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.unit.escalation.examples import NOW
from tests.unit.escalation.service import BASE, READ, Service, schedule, user

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
GIVES, TAKES = NOW + DAY, NOW + WEEK + DAY  # Ada has the first week, bob the second.


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    await made.put([*BASE, user("eve")], 0)
    yield made
    await made.client.aclose()


def span(begins: datetime, length: timedelta = DAY) -> dict[str, str]:
    return {"from": begins.isoformat(), "until": (begins + length).isoformat()}


def wanted(**more: Any) -> dict[str, Any]:
    swap = {"schedule": "web", "by": "ada", "with": "bob", "in_return": span(TAKES)}
    return {**swap, **span(GIVES), **more}


async def propose(service: Service, **more: Any) -> Any:
    answer = await service.client.post("/v1/swaps", json=wanted(**more))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def says(service: Service, swap: Any, verb: str, by: str) -> httpx.Response:
    answer = await service.client.post(f"/v1/swaps/{swap['id']}/{verb}", json={"by": by})
    await service.follow()
    return answer


async def on_call(service: Service, at: datetime) -> list[str]:
    params = {"schedule": "web", "at": at.isoformat()}
    (item,) = (await service.client.get("/v1/on-call", params=params)).json()["items"]
    return list(item["responders"])


async def four(service: Service) -> list[list[str]]:
    """Return who is on call before, in and after what ada gives, and in what she takes."""
    instants = (GIVES - timedelta(seconds=1), GIVES, GIVES + DAY, TAKES)
    return [await on_call(service, at) for at in instants]


UNCHANGED = [["ada"], ["ada"], ["ada"], ["bob"]]
SWAPPED = [["ada"], ["bob"], ["ada"], ["ada"]]


async def test_what_is_proposed_changes_nothing_until_the_other_agrees(service: Service) -> None:
    swap = await propose(service, reason="dentist")
    assert (swap["status"], swap["overrides"]) == ("proposed", [])
    assert swap["expires_at"] == "2026-03-03T08:00:00Z"
    assert await four(service) == UNCHANGED
    answer = await says(service, swap, "accept", "bob")
    assert (answer.status_code, answer.json()["status"]) == (200, "accepted")
    assert await four(service) == SWAPPED
    held = (await service.client.get("/v1/catalog")).json()["documents"]
    mine = [one for one in held if one["set"] == "swaps"]
    assert [one["name"] for one in mine] == answer.json()["overrides"]
    assert {(one["author"], one["spec"]["reason"]) for one in mine} == {("ada and bob", "dentist")}


def texts(answer: Any) -> list[str]:
    return [one["text"] for one in answer["effects"]]


MOVES = [
    (
        "schedule web, Tue 2026-03-03 09:00 to Wed 2026-03-04 09:00 (Europe/Paris):"
        " bob instead of ada"
    ),
    (
        "schedule web, Tue 2026-03-10 09:00 to Wed 2026-03-11 09:00 (Europe/Paris):"
        " ada instead of bob"
    ),
]


async def test_whose_shifts_move_is_told_before_and_after_both_have_agreed(
    service: Service,
) -> None:
    swap = await propose(service)
    assert (texts(swap), swap["catalog_version"], swap["dry_run"]) == (MOVES, 1, False)
    agreed = (await says(service, swap, "accept", "bob")).json()
    assert (texts(agreed), agreed["catalog_version"]) == (MOVES, 2)
    again = (await says(service, swap, "accept", "bob")).json()
    assert (texts(again), again["catalog_version"]) == (MOVES, 2)
    undone = await propose(service, **{"by": "bob", "with": "ada"})
    assert texts(undone)[0].endswith("ada instead of bob")
    declined = (await says(service, undone, "decline", "ada")).json()
    assert (texts(declined), declined["catalog_version"]) == ([], 2)


async def test_a_swap_that_is_only_tried_changes_nothing(service: Service) -> None:
    tried = await propose(service, dry_run=True)
    assert (texts(tried), tried["dry_run"]) == (MOVES, True)
    assert (await service.client.get("/v1/swaps")).json()["items"] == []
    impossible = await service.client.post("/v1/swaps", json=wanted(dry_run=True, schedule="wbe"))
    assert impossible.status_code == 422

    swap = await propose(service)
    asked = {"by": "bob", "dry_run": True}
    path = f"/v1/swaps/{swap['id']}/accept"
    accepting = (await service.client.post(path, json=asked)).json()
    assert (texts(accepting), accepting["dry_run"]) == (MOVES, True)
    assert (accepting["status"], accepting["catalog_version"]) == ("proposed", 1)
    assert (await service.client.post(path, json={**asked, "by": "ada"})).status_code == 409
    assert await four(service) == UNCHANGED
    changed = [*(one for one in BASE if one["kind"] != "Schedule"), schedule("eve", "bob")]
    await service.put([*changed, user("eve")], 1)
    assert (await service.client.post(path, json=asked)).status_code == 409


async def test_agreed_twice_is_agreed_once(service: Service) -> None:
    swap = await propose(service)
    first = await says(service, swap, "accept", "bob")
    version = (await service.client.get("/v1/catalog")).json()["version"]
    again = await says(service, swap, "accept", "bob")
    assert again.json() == first.json()
    assert (await service.client.get("/v1/catalog")).json()["version"] == version


async def test_proposed_twice_under_one_key_is_one(service: Service) -> None:
    key = {"Idempotency-Key": "k"}
    both = [await service.client.post("/v1/swaps", json=wanted(), headers=key) for _ in range(2)]
    assert both[0].json() == both[1].json()
    assert len((await service.client.get("/v1/swaps")).json()["items"]) == 1


@pytest.mark.parametrize(
    ("verb", "by"),
    [("accept", "ada"), ("accept", "eve"), ("decline", "ada"), ("withdraw", "bob")],
)
async def test_nobody_answers_for_somebody_else(service: Service, verb: str, by: str) -> None:
    swap = await propose(service)
    answer = await says(service, swap, verb, by)
    assert (answer.status_code, by in answer.json()["detail"]) == (409, True)
    assert await four(service) == UNCHANGED
    assert (await says(service, swap, "accept", "bob")).status_code == 200


@pytest.mark.parametrize(
    ("verb", "by", "status"),
    [("decline", "bob", "declined"), ("withdraw", "ada", "withdrawn")],
)
async def test_what_is_declined_or_withdrawn_can_no_longer_be_agreed_to(
    service: Service, verb: str, by: str, status: str
) -> None:
    swap = await propose(service)
    assert (await says(service, swap, verb, by)).json()["status"] == status
    late = await says(service, swap, "accept", "bob")
    assert (late.status_code, status in late.json()["detail"]) == (409, True)
    assert await four(service) == UNCHANGED


async def test_what_nobody_answers_expires(service: Service) -> None:
    swap = await propose(service, expires_at=(NOW + timedelta(hours=1)).isoformat())
    service.clock.advance(timedelta(hours=1))
    (item,) = (await service.client.get("/v1/swaps")).json()["items"]
    assert (item["id"], item["status"]) == (swap["id"], "expired")
    assert (await says(service, swap, "accept", "bob")).status_code == 409
    assert await four(service) == UNCHANGED


async def test_a_turn_that_has_begun_can_be_given_until_it_ends(service: Service) -> None:
    swap = await propose(service, **span(NOW - DAY, 2 * DAY))
    assert swap["expires_at"] == "2026-03-03T08:00:00Z"
    service.clock.advance(timedelta(hours=1))
    assert (await says(service, swap, "accept", "bob")).status_code == 200
    assert await on_call(service, NOW + timedelta(hours=1)) == ["bob"]


async def test_a_schedule_that_was_changed_meanwhile_is_looked_at_again(service: Service) -> None:
    swap = await propose(service)
    changed = [*(one for one in BASE if one["kind"] != "Schedule"), schedule("eve", "bob")]
    await service.put([*changed, user("eve")], 1)
    answer = await says(service, swap, "accept", "bob")
    assert (answer.status_code, "ada is not on call for web" in answer.json()["detail"]) == (
        409,
        True,
    )
    held = (await service.client.get("/v1/catalog")).json()
    assert [one for one in held["documents"] if one["set"] == "swaps"] == []


async def test_a_turn_can_be_given_away_for_nothing(service: Service) -> None:
    swap = await propose(service, in_return=None)
    assert len((await says(service, swap, "accept", "bob")).json()["overrides"]) == 1
    assert await four(service) == [["ada"], ["bob"], ["ada"], ["bob"]]


async def test_two_swaps_stand_beside_each_other(service: Service) -> None:
    for later in (timedelta(0), 2 * DAY):
        pair = {**span(GIVES + later), "in_return": span(TAKES + later)}
        await says(service, await propose(service, **pair), "accept", "bob")
    assert await four(service) == SWAPPED
    assert await on_call(service, GIVES + 2 * DAY) == ["bob"]
    assert await on_call(service, TAKES + 2 * DAY) == ["ada"]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"with": "ada"}, "with"),
        (span(NOW - 2 * DAY), "until"),
        (span(GIVES, -DAY), "until"),
        (span(GIVES, 100 * DAY), "until"),
        (span(NOW + 400 * DAY), "until"),
        ({"from": "9999-12-31T00:00:00-14:00", "until": "9999-12-31T23:59:59-14:00"}, "until"),
        ({"in_return": span(TAKES, timedelta(0))}, "in_return.until"),
        ({"expires_at": NOW.isoformat()}, "expires_at"),
        ({"schedule": "none"}, "schedule"),
        ({"with": "nobody"}, "schedule"),
        ({"with": "eve"}, "schedule"),  # She has no turn to give in return.
        ({"by": "a b"}, "by"),
        ({"until": "tomorrow"}, "until"),
        ({"untill": 1}, "untill"),
    ],
)
async def test_what_cannot_be_swapped_is_told_by_its_field(
    service: Service, more: dict[str, Any], field: str
) -> None:
    answer = await service.client.post("/v1/swaps", json=wanted(**more))
    assert answer.status_code == 422
    assert {one["field"].removeprefix("body.") for one in answer.json()["errors"]} == {field}
    assert (await service.client.get("/v1/swaps")).json()["items"] == []


@pytest.mark.parametrize(
    ("more", "near"), [({"schedule": "wbe"}, "web"), ({"with": "bobb"}, "bob")]
)
async def test_a_name_that_is_not_there_is_told_with_the_nearest(
    service: Service, more: dict[str, str], near: str
) -> None:
    answer = await service.client.post("/v1/swaps", json=wanted(**more))
    assert answer.status_code == 422
    assert f'did you mean "{near}"?' in answer.json()["detail"]


async def test_swaps_are_listed_by_person_and_page_by_page(service: Service) -> None:
    made = [(await propose(service, reason=str(number)))["id"] for number in range(3)]
    eve = await propose(service, **{"with": "eve", "in_return": None})
    of_eve = (await service.client.get("/v1/swaps?person=eve")).json()["items"]
    assert [one["id"] for one in of_eve] == [eve["id"]]
    seen, cursor = [], ""
    while True:
        page = (await service.client.get(f"/v1/swaps?person=bob&limit=2{cursor}")).json()
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == sorted(made)
    assert (await service.client.get("/v1/swaps?schedule=other")).json()["items"] == []


async def test_only_who_may_write_proposes_and_answers(service: Service) -> None:
    reader = {"Authorization": f"Bearer {READ}"}
    swap = await propose(service)
    assert (await service.client.get("/v1/swaps", headers=reader)).status_code == 200
    accepting = f"/v1/swaps/{swap['id']}/accept"
    for target, body in (("/v1/swaps", wanted()), (accepting, {"by": "bob"})):
        answer = await service.client.post(target, json=body, headers=reader)
        assert answer.status_code == 403
    missing = await service.client.post("/v1/swaps/none/accept", json={"by": "bob"})
    assert missing.status_code == 404


async def test_a_token_of_somebodys_own_speaks_for_nobody_else(service: Service) -> None:
    writer = user("writer")  # As the token is called that all requests here are sent with.
    await service.put([*BASE, user("eve"), writer], 1)
    answer = await service.client.post("/v1/swaps", json=wanted())
    assert (answer.status_code, answer.json()["field"]) == (403, "by")
    swap = {"id": "swp_0"}
    assert (await says(service, swap, "accept", "bob")).status_code == 403
    assert (await says(service, swap, "accept", "writer")).status_code == 404
