"""Nothing is decided by a catalog that is not there yet."""

import pytest

from tests.unit.incident_intake.world import World, message
from tocsin.errors import Unavailable
from tocsin.holder import CatalogHolder


async def test_alert_events_wait_until_the_catalog_is_loaded() -> None:
    world = World(catalog=CatalogHolder())
    with pytest.raises(Unavailable):
        await world.rings(message())
