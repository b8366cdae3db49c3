"""A catalog that lags behind the pages: nobody is given up for it."""

from datetime import timedelta

from tests.unit.notifier.making import asked, requested
from tests.unit.notifier.world import TWO_WAYS, World
from tocsin.catalog import Catalog


async def test_a_page_that_waited_out_a_stop_waits_for_the_catalog_as_well() -> None:
    """Notifier was down for a minute; at its start it knows the catalog of before."""
    world = World({})
    asked_at = world.clock.now()
    world.clock.move_to(asked_at + timedelta(minutes=1))
    await world.hears(asked(requested(catalog_version=2), asked_at))
    world.catalog.replace(Catalog(2, {("User", "ada"): TWO_WAYS}))
    await world.passes(timedelta(seconds=2))

    assert len(world.phone.pages) == 1


async def test_a_page_ahead_of_the_catalog_does_not_go_to_the_address_of_before() -> None:
    world = World()
    await world.pages("page-1", catalog_version=2)

    assert world.phone.pages == []
