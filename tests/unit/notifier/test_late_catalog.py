"""A catalog that lags behind the pages: nobody is given up for it."""

from datetime import timedelta

from tests.unit.notifier.making import asked, requested
from tests.unit.notifier.world import TWO_WAYS, World, said, withdrawn
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


async def test_a_catalog_that_stays_behind_does_not_hold_a_page_for_ever() -> None:
    world = World()
    await world.pages("page-1", catalog_version=2)
    await world.passes(timedelta(seconds=14))
    assert world.phone.pages == []

    await world.passes(timedelta(seconds=2))
    assert len(world.phone.pages) == 1


async def test_a_stop_while_a_page_waits_for_the_catalog_does_not_count() -> None:
    world = World({})
    await world.pages("page-1", catalog_version=2)
    world.clock.move_to(world.clock.now() + timedelta(minutes=1))
    world.start()
    await world.fires()
    world.catalog.replace(Catalog(2, {("User", "ada"): TWO_WAYS}))
    await world.passes(timedelta(seconds=2))

    assert len(world.phone.pages) == 1


async def test_while_no_catalog_is_loaded_nobody_is_given_up() -> None:
    world = World({})
    await world.pages("page-1", catalog_version=2)
    world.catalog.loaded = False
    await world.passes(timedelta(minutes=1))
    assert await world.told() == []

    world.catalog.replace(Catalog(2, {("User", "ada"): TWO_WAYS}))
    await world.passes(timedelta(seconds=1))
    assert len(world.phone.pages) == 1


async def test_a_page_that_is_withdrawn_while_it_waits_for_the_catalog_is_not_sent() -> None:
    world = World()
    await world.pages("page-1", catalog_version=2)
    await world.hears(said(withdrawn()))
    await world.passes(timedelta(minutes=10))

    assert (world.phone.pages, world.mail.pages) == ([], [])
    assert await world.told() == ["NotificationWithdrawn", "NotificationWithdrawn"]
