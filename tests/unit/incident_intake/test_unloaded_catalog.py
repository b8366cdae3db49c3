"""Nothing is decided by a catalog that is not there yet."""

import pytest

from incident_intake.handlers import Handlers
from tests.unit.incident_intake.world import API, World, message
from tocsin.errors import Unavailable
from tocsin.events import Actor, Envelope, ResolveIncident
from tocsin.holder import CatalogHolder
from tocsin.testing import START
from tocsin.unit_of_work import Timer

RESOLVE = ResolveIncident(incident_id="inc_1", by=Actor(kind="user", name="ada"))


async def test_alert_events_wait_until_the_catalog_is_loaded() -> None:
    world = World(catalog=CatalogHolder())
    with pytest.raises(Unavailable):
        await world.rings(message())


async def test_commands_and_timers_wait_as_well() -> None:
    world = World(catalog=CatalogHolder())
    with pytest.raises(Unavailable):
        await world.rings(RESOLVE)
    async with world.store.begin() as uow:
        timer = Timer("alert-expiry:a", "alert-expiry", "a", START)
        with pytest.raises(Unavailable):
            await world.app.on_timers(uow, [timer], START)
        envelope = Envelope(RESOLVE, START, "tests")
        with pytest.raises(Unavailable):
            await Handlers(CatalogHolder(), START).on_command(uow, envelope, START)


async def test_whoever_commands_over_http_is_told_to_try_again() -> None:
    world = World()
    await world.rings(message())
    world.catalog.loaded = False
    answer = await world.http.post("/v1/incidents/1/resolve", headers=API)
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    world.catalog.loaded = True
    answer = await world.http.post("/v1/incidents/1/resolve", headers=API)
    assert answer.status_code == 202
