"""Times whose UTC instant lies in the year 10000 can be written, but never be read again."""

from typing import Any

import httpx
import pytest

from incident_intake import bootstrap
from incident_intake.adapters.memory import MemoryIntakeUnitOfWork
from incident_intake.adapters.sql import SqlIntakeUnitOfWork
from incident_intake.ports import IntakeUnitOfWork
from incident_intake.settings import IntakeSettings
from tests.contract.conftest import MakeStore
from tests.unit.incident_intake.world import API, HOOK, TOKEN, catalog, hashed
from tocsin.application import Parts
from tocsin.bus import Consumer
from tocsin.holder import CatalogHolder
from tocsin.testing import ManualClock, MemoryBroker
from tocsin.unit_of_work import Store

FAR = "9999-12-31T23:59:59-12:00"


@pytest.fixture
async def store(make_store: MakeStore) -> Store[IntakeUnitOfWork]:
    return await make_store(MemoryIntakeUnitOfWork, SqlIntakeUnitOfWork, "incident_intake")


async def test_a_silence_that_ends_after_the_calendar_stops_no_alert(
    store: Store[IntakeUnitOfWork], clock: ManualClock
) -> None:
    broker = MemoryBroker()
    settings = IntakeSettings(tokens=(f"operator={hashed(TOKEN)}:read+write",))
    parts = Parts[IntakeUnitOfWork](store, clock, CatalogHolder(catalog()), broker)
    app = bootstrap.build(settings, parts)
    transport = httpx.ASGITransport(app.http, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake") as client:
        silence = {"matchers": ['service="other"'], "ends_at": FAR}
        refused = await client.post("/v1/silences", headers=API, json=silence)
        assert (refused.status_code, "ends_at" in refused.json()["detail"]) == (422, True)
        answer = await client.post("/v1/alerts/generic", headers=HOOK, json={"title": "fire"})
        assert answer.status_code == 202
        async with store.begin() as uow:  # Whatever was diverted.
            assert uow is not None
        for one in app.subscriptions:
            consumer: Consumer[Any] = Consumer("incident-intake", one, store, clock)
            while await broker.deliver(consumer):
                pass
        incidents = (await client.get("/v1/incidents", headers=API)).json()["items"]

    assert [one["title"] for one in incidents] == ["fire"]


async def test_a_snooze_until_after_the_calendar_stops_no_timer(
    store: Store[IntakeUnitOfWork], clock: ManualClock
) -> None:
    settings = IntakeSettings(tokens=(f"operator={hashed(TOKEN)}:read+write",))
    parts = Parts[IntakeUnitOfWork](store, clock, CatalogHolder(catalog()), MemoryBroker())
    app = bootstrap.build(settings, parts)
    transport = httpx.ASGITransport(app.http, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake") as client:
        opened = await client.post("/v1/incidents", headers=API, json={"title": "by hand"})
        which = opened.json()["number"]
        url = f"/v1/incidents/{which}/snooze"
        refused = await client.post(url, headers=API, json={"until": FAR})
        assert (refused.status_code, "until" in refused.json()["detail"]) == (422, True)

    await store.next_due()
