"""A pause that an event ends early."""

import asyncio


async def happens(event: asyncio.Event, within: float) -> bool:
    """Wait for an event, `within` so many seconds; return whether it came."""
    try:
        async with asyncio.timeout(within):
            await event.wait()
    except TimeoutError:
        return False
    return True
