"""What a service says once at each start, in one transaction, as soon as it has the catalog."""

import asyncio
from typing import Any

import structlog

from tocsin.application import Application
from tocsin.failures import is_infrastructure
from tocsin.holder import CatalogHolder
from tocsin.pausing import happens

log = structlog.get_logger(__name__)
AGAIN = 0.5


async def run(application: Application[Any], catalog: CatalogHolder, stop: asyncio.Event) -> None:
    """Say it, unless told to stop before. A kill before the commit: the next start says it."""
    while application.on_start is not None and not stop.is_set():
        try:
            if catalog.loaded:
                async with application.store.begin() as uow:
                    await application.on_start(uow, application.clock.now())
                return
        except Exception as error:
            if not is_infrastructure(error):
                raise
            log.warning("start_not_said", error=repr(error))
        await happens(stop, AGAIN)
