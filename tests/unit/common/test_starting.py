"""What a service says at its start: once, when the catalog is there, and again after a failure."""

import asyncio
from datetime import datetime

from starlette.applications import Starlette

from tocsin import starting
from tocsin.application import Application
from tocsin.catalog import Catalog
from tocsin.errors import Unavailable
from tocsin.holder import CatalogHolder
from tocsin.testing import ManualClock, MemoryStore, MemoryUnitOfWork


class Starting:
    """A service that writes down what it says, and fails as often as it is told."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.said = 0
        self.store = MemoryStore(MemoryUnitOfWork)
        self.holder = CatalogHolder()
        self.application = Application(
            name="things",
            store=self.store,
            clock=ManualClock(),
            subscriptions=(),
            on_timers=self.nothing,
            http=Starlette(),
            on_start=self.on_start,
        )

    async def nothing(self, *_: object) -> None:
        raise AssertionError

    async def on_start(self, uow: MemoryUnitOfWork, now: datetime) -> None:
        uow.table("said")[now] = True
        if self.failures:
            self.failures -= 1
            raise Unavailable("the database is away")
        self.said += 1


async def test_it_waits_for_the_catalog_and_says_it_once() -> None:
    service, stop = Starting(), asyncio.Event()
    running = asyncio.create_task(starting.run(service.application, service.holder, stop))
    await asyncio.sleep(0)
    assert service.said == 0
    service.holder.replace(Catalog())
    await running
    assert service.said == 1


async def test_a_database_that_is_away_is_tried_again_and_nothing_half_is_kept() -> None:
    service, stop = Starting(failures=1), asyncio.Event()
    service.holder.replace(Catalog())
    running = asyncio.create_task(starting.run(service.application, service.holder, stop))
    await asyncio.sleep(0.05)
    assert service.store.tables.get("said", {}) == {}
    await running
    assert service.said == 1


async def test_a_stop_ends_the_wait() -> None:
    service, stop = Starting(), asyncio.Event()
    running = asyncio.create_task(starting.run(service.application, service.holder, stop))
    await asyncio.sleep(0)
    stop.set()
    await asyncio.wait_for(running, 5)
    assert service.said == 0
