"""A pause, or work, that an event ends early."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def happens(event: asyncio.Event, within: float) -> bool:
    """Wait for an event, `within` so many seconds; return whether it came."""
    try:
        async with asyncio.timeout(within):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def unless(event: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Return what this comes to; None when the event comes first, which cancels it."""
    doing, coming = asyncio.create_task(work), asyncio.create_task(event.wait())
    try:
        await asyncio.wait({doing, coming}, return_when=asyncio.FIRST_COMPLETED)
        return doing.result() if doing.done() else None
    finally:
        for task in (doing, coming):
            task.cancel()
        await asyncio.gather(doing, coming, return_exceptions=True)
