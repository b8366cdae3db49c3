"""Kafka away, the database away, both: what intake promises then, and that it keeps it.

KAFKA_AWAY sets for how many seconds Kafka is gone: 900 shows the quarter of an hour.
OUTAGES=all takes each part away in both ways, and lets Kafka come and go.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from dev.running import paged_by_webhook
from tests.integration.outage_load import (
    KEY,
    Answers,
    all_have_an_incident,
    load,
    post,
    told_in_order,
)
from tests.integration.stand import NAMES, Stand, freeze, standing, thaw
from tocsin.testing import eventually

KAFKA_AWAY = float(os.environ.get("KAFKA_AWAY", "8"))
AWHILE = 4.0
BACK_WITHIN = 180.0
GROWTH = 96 * 1024 * 1024
SOON = 12.0
NOBODY_LISTENS = 9
ALL = os.environ.get("OUTAGES") == "all"
BOTH = ["killed", "frozen"]

pytestmark = [pytest.mark.system, pytest.mark.kafka, pytest.mark.postgres]


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    """Run a system on PostgreSQL, for all tests here: each leaves it whole."""
    with standing(postgres=True) as up:
        documents = paged_by_webhook("outages", "olga", NOBODY_LISTENS, KEY)
        asyncio.run(up.system.apply(documents, "outages"))
        yield up


@pytest.fixture
async def client(stand: Stand) -> AsyncIterator[httpx.AsyncClient]:
    async with stand.system.client() as one:
        yield one


def memory(stand: Stand) -> int:
    return int(psutil.Process(stand.services["incident-intake"].pid).memory_info().rss)


async def readiness(client: httpx.AsyncClient, stand: Stand) -> dict[str, object]:
    answer = await client.get(f"{stand.system.intake}/readyz")
    return dict(answer.json())


async def every_incident_is_told(stand: Stand, answers: Answers) -> None:
    await eventually(partial(told_in_order, stand, answers), within=BACK_WITHIN, every=0.5)


async def test_without_kafka_every_post_is_202_and_order_holds(stand: Stand) -> None:
    before = memory(stand)
    freeze(stand.kafka.pid)
    try:
        answers = await load(stand.system, "frozen", KAFKA_AWAY)
        after = memory(stand)
    finally:
        thaw(stand.kafka.pid)
    posts = sum(answers.statuses.values())
    print(f"{posts} posts in {KAFKA_AWAY:.0f} s, RSS {before >> 20} MiB, then {after >> 20} MiB")
    assert answers.statuses == {202: posts}
    assert after - before < GROWTH
    await every_incident_is_told(stand, answers)


@pytest.mark.skipif(not ALL, reason="OUTAGES=all lets Kafka come and go as well")
async def test_kafka_that_comes_and_goes_under_load_keeps_the_order(stand: Stand) -> None:
    loading = asyncio.create_task(load(stand.system, "flapping", 3 * AWHILE))
    await asyncio.sleep(1)
    stand.kafka.kill()
    await asyncio.sleep(AWHILE)
    await stand.kafka.start()
    await asyncio.sleep(2)
    freeze(stand.kafka.pid)
    await asyncio.sleep(3)
    thaw(stand.kafka.pid)
    answers = await loading
    assert answers.statuses == {202: sum(answers.statuses.values())}
    await every_incident_is_told(stand, answers)


@pytest.mark.parametrize("how", BOTH if ALL else ["frozen"])
async def test_without_the_database_kafka_takes_alerts_and_the_rest_is_503_soon(
    stand: Stand, client: httpx.AsyncClient, how: str
) -> None:
    # What intake kept while Kafka was away is gone, and it knows.
    await eventually(partial(alerts_go_to_kafka, client, stand), within=30)
    if how == "killed":
        stand.postgres.kill()
    else:
        freeze(stand.postgres.pid)
    try:
        loading = asyncio.create_task(load(stand.system, f"database {how}", AWHILE))
        for url in (
            f"{stand.system.intake}/v1/incidents",
            f"{stand.system.escalation}/v1/catalog",
            f"{stand.system.postmortem}/v1/timelines/inc_{'0' * 32}",
        ):
            started = time.monotonic()
            answer = await client.get(url)
            took = time.monotonic() - started
            assert answer.status_code == 503, f"{url}: {answer.status_code} {answer.text}"
            assert answer.headers["retry-after"]
            assert answer.json()["type"] == "urn:tocsin:problem:unavailable"
            assert took < SOON, f"{url} took {took:.1f} s"
        answers = await loading
        await eventually(partial(says, client, stand, "database", False), within=15)
        assert (await client.get(f"{stand.system.intake}/healthz")).status_code == 200
    finally:
        if how == "killed":
            await stand.postgres.start()
        else:
            thaw(stand.postgres.pid)
    assert answers.statuses == {202: sum(answers.statuses.values())}
    await eventually(
        partial(all_have_an_incident, stand, set(answers.accepted)), within=BACK_WITHIN, every=0.5
    )
    await every_incident_is_told(stand, answers)
    await stand.until("readyz", *NAMES)


async def alerts_go_to_kafka(client: httpx.AsyncClient, stand: Stand) -> bool:
    return (await readiness(client, stand)).get("alerts_to") == "kafka"


async def says(client: httpx.AsyncClient, stand: Stand, what: str, wanted: object) -> bool:
    return (await readiness(client, stand)).get(what) is wanted


@pytest.mark.parametrize("how", BOTH if ALL else ["killed"])
async def test_without_both_senders_are_told_to_try_again_and_it_heals(
    stand: Stand, client: httpx.AsyncClient, how: str
) -> None:
    freeze(stand.kafka.pid)
    if how == "killed":
        stand.postgres.kill()
    else:
        freeze(stand.postgres.pid)
    try:
        answers = await asyncio.gather(
            *(post(client, stand.system, f"both {how} {number}", "firing") for number in range(20))
        )
        assert {answer.status_code for answer in answers} == {503}
        assert {answer.headers["retry-after"] for answer in answers} == {"5"}
        assert (await client.get(f"{stand.system.intake}/healthz")).status_code == 200
    finally:
        thaw(stand.kafka.pid)
        if how == "killed":
            await stand.postgres.start()
        else:
            thaw(stand.postgres.pid)

    async def accepted() -> bool:
        answer = await post(client, stand.system, f"after both {how}", "firing")
        return answer.status_code == httpx.codes.ACCEPTED

    await eventually(accepted, within=30, every=0.5)
    keys = {f"after both {how}"}
    await eventually(partial(all_have_an_incident, stand, keys), within=BACK_WITHIN, every=0.5)


@pytest.mark.parametrize("how", BOTH if ALL else ["killed"])
async def test_a_service_that_starts_without_its_database_answers_at_once(
    stand: Stand, client: httpx.AsyncClient, how: str
) -> None:
    stand.kill(*NAMES)
    if how == "killed":
        stand.postgres.kill()
    else:
        freeze(stand.postgres.pid)
    try:
        stand.start(*NAMES)
        await stand.until("healthz", *NAMES)

        async def accepted() -> bool:
            answer = await post(client, stand.system, f"restarted {how}", "firing")
            assert answer.status_code in {202, 503}, answer.text
            return answer.status_code == httpx.codes.ACCEPTED

        # Refused at first: nobody can look whether the outbox holds what must not be overtaken.
        await eventually(accepted, within=60, every=0.2)
        answer = await client.get(f"{stand.system.intake}/readyz")
        assert answer.status_code == 503
        assert answer.json()["database"] is False
        assert answer.json()["catalog"] is True
        answer = await client.get(f"{stand.system.escalation}/v1/catalog")
        assert answer.status_code == 503
    finally:
        if how == "killed":
            await stand.postgres.start()
        else:
            thaw(stand.postgres.pid)
    await stand.until("readyz", *NAMES)
    await eventually(
        partial(all_have_an_incident, stand, {f"restarted {how}"}), within=BACK_WITHIN, every=0.5
    )


async def test_a_service_that_starts_without_both_refuses_politely_and_then_knows_its_keys(
    stand: Stand, client: httpx.AsyncClient
) -> None:
    stand.kill("incident-intake")
    stand.postgres.kill()
    stand.kafka.kill()
    try:
        stand.start("incident-intake")
        await stand.until("healthz", "incident-intake")
        answer = await post(client, stand.system, "too early", "firing")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
    finally:
        await stand.postgres.start()

    async def accepted() -> bool:
        answer = await post(client, stand.system, "the database is back", "firing")
        return answer.status_code == httpx.codes.ACCEPTED

    try:
        await eventually(accepted, within=30, every=0.2)  # From the outbox: Kafka is still away.
    finally:
        await stand.kafka.start()
    await stand.until("readyz", *NAMES)
    keys = {"the database is back"}
    await eventually(partial(all_have_an_incident, stand, keys), within=BACK_WITHIN, every=0.5)
