"""Who was on call at a time, as it was known then and as it is known now."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from tests.unit.escalation.examples import NOW, minutes
from tests.unit.escalation.service import Service, schedule, user

YESTERDAY = NOW - timedelta(days=1)
PEOPLE = [user("ada"), user("bob"), user("eve")]


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    """Ada had the turn; an hour later somebody wrote down that it had always been eve's."""
    made = Service()
    await made.put([*PEOPLE, schedule("ada", "bob")], 0)
    made.clock.advance(minutes(60))
    await made.put([*PEOPLE, schedule("eve", "bob")], 1)
    yield made
    await made.client.aclose()


async def asked(service: Service, at: datetime, known: datetime | None) -> tuple[list[str], int]:
    params = {"schedule": "web", "at": at.isoformat()}
    if known is not None:
        params["as_known_at"] = known.isoformat()
    answer = await service.client.get("/v1/on-call", params=params)
    assert answer.status_code == 200, answer.text
    (item,) = answer.json()["items"]
    return item["responders"], item["catalog_version"]


async def test_the_past_is_told_as_it_is_known_now(service: Service) -> None:
    assert await asked(service, NOW, None) == (["eve"], 2)


@pytest.mark.parametrize(
    ("known", "answer"),
    [
        (timedelta(0), (["ada"], 1)),
        (timedelta(minutes=60, microseconds=-1), (["ada"], 1)),
        (timedelta(minutes=60), (["eve"], 2)),
    ],
)
async def test_and_as_it_was_known_then(
    service: Service, known: timedelta, answer: tuple[list[str], int]
) -> None:
    assert await asked(service, NOW, NOW + known) == answer
    # What was planned for later is asked in the same way.
    later = await asked(service, NOW + timedelta(days=7), NOW + known)
    assert later == (["bob"], answer[1])


async def test_what_was_deleted_since_is_still_known_then(service: Service) -> None:
    service.clock.advance(minutes(1))
    await service.put(PEOPLE, 2)
    assert (await service.client.get("/v1/on-call?schedule=web")).status_code == 404
    assert await asked(service, NOW, NOW) == (["ada"], 1)


async def test_shifts_as_they_were_known(service: Service) -> None:
    path = "/v1/schedules/web/shifts"
    known = await service.client.get(path, params={"as_known_at": NOW.isoformat()})
    now = await service.client.get(path)
    assert [one["responders"] for one in known.json()["items"]] == [["ada"], ["bob"], ["ada"]]
    assert [one["responders"] for one in now.json()["items"]] == [["eve"], ["bob"], ["eve"]]


@pytest.mark.parametrize(
    ("known", "status", "slug"),
    [
        (YESTERDAY, 404, "nothing-known"),
        (NOW + minutes(61), 422, "bad-instant"),
    ],
)
async def test_before_the_history_and_after_now_nothing_is_known(
    service: Service, known: datetime, status: int, slug: str
) -> None:
    for path in ("/v1/on-call", "/v1/schedules/web/shifts"):
        answer = await service.client.get(path, params={"as_known_at": known.isoformat()})
        assert answer.status_code == status
        assert answer.json()["type"] == f"urn:tocsin:problem:{slug}"
        assert "as_known_at" in answer.json()["field"]
