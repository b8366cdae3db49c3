"""What is measured: something that takes alerts over HTTP and tells a webhook of each."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from dev.wire import Sender

CONNECTIONS = 64
SETTLE_WITHIN = 240.0


class Subject(Protocol):
    """A running system under load."""

    name: str
    sender: Sender

    def body(self, titles: Sequence[str], *, together: bool) -> bytes:
        """Return a request with these alerts: each an incident of its own, or all in one."""
        ...

    def told(self, body: bytes) -> Iterable[str]:
        """Return the titles that one webhook rings for."""
        ...

    def pids(self) -> dict[str, int]:
        """Return every process that the work costs, by name."""
        ...

    def holders(self) -> set[str]:
        """Return the processes that hold incidents in memory."""
        ...

    async def handled(self) -> float | None:
        """Return how many alerts it is done with; None: those that it has answered."""
        ...

    async def quiet(self) -> None:
        """Return when nothing is under way any more."""
        ...

    async def start_up(self) -> dict[str, float]:
        """Return how long its parts take from a start to being ready, in seconds."""
        ...


class Pages:
    """When each title was first paged."""

    def __init__(self, told: Callable[[bytes], Iterable[str]]) -> None:
        """Read webhooks by `told`."""
        self.at: dict[str, float] = {}
        self.repeats = 0
        self._told = told

    def __call__(self, body: bytes) -> None:
        """Note one webhook."""
        now = time.perf_counter()
        for title in self._told(body):
            self.repeats += title in self.at
            self.at.setdefault(title, now)

    async def settle(self, titles: Sequence[str]) -> None:
        """Wait until all of these were paged."""
        wanted = set(titles)
        async with asyncio.timeout(SETTLE_WITHIN):
            while not self.at.keys() >= wanted:
                await asyncio.sleep(0.05)
