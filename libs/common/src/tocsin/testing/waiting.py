"""Waiting in tests: for a condition, with a deadline, never for a duration."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(
    condition: Callable[[], Awaitable[T]], within: float = 10.0, every: float = 0.05
) -> T:
    """Return the first truthy result of `condition`; fail with its last result after `within` s."""
    deadline = time.monotonic() + within
    while True:
        last = await condition()
        if last:
            return last
        if time.monotonic() > deadline:
            raise AssertionError(f"still {last!r} after {within} s")
        await asyncio.sleep(every)
