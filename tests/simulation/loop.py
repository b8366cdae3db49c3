"""An event loop whose time is virtual: what waits costs nothing, and always waits as long."""

import asyncio
import contextvars
import selectors
from collections.abc import Coroutine, Generator
from datetime import UTC, datetime, timedelta
from typing import Any

from tocsin.testing import START

Tasks = dict["asyncio.Task[Any]", None]
# Whose tasks are begun now: they die with their process.
OWNED_BY: contextvars.ContextVar[Tasks | None] = contextvars.ContextVar("owned_by", default=None)


class DeadlockError(Exception):
    """Somebody waits for what nobody will ever do."""


class _Selector(selectors.SelectSelector):
    """Sleeps by moving the time. Nothing here comes from outside, so there is nothing to poll."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise DeadlockError("everybody waits, and nothing is due")
        self.now += max(timeout, 0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs everything in one thread, at the time that its selector keeps."""

    def __init__(self) -> None:
        self._kept = _Selector()
        super().__init__(self._kept)
        self.set_task_factory(_owned)

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._kept.now


def _owned(
    loop: asyncio.AbstractEventLoop,
    work: "Coroutine[Any, Any, Any] | Generator[Any, None, Any]",
    **more: Any,
) -> "asyncio.Task[Any]":
    task = asyncio.Task(work, loop=loop, **more)
    if (owner := OWNED_BY.get()) is not None:
        owner[task] = None
        task.add_done_callback(lambda done: owner.pop(done, None))
    return task


class VirtualClock:
    """The wall clock over the loop's time; it can be put forward, the loop's cannot."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        """Return what a process reads."""
        elapsed = timedelta(microseconds=round(self._loop.time() * 1_000_000))
        return (START + elapsed + self.ahead).astimezone(UTC)
