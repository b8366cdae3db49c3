"""Ends a process whose loops stall, or fail without end while all that they need is there.

A supervisor brings back a new one; what is broken inside, nothing else can mend.
"""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Mapping

import structlog

from tocsin import failing, telemetry
from tocsin.failing import Failing

log = structlog.get_logger(__name__)
STALLED_SECONDS = 60.0
BLOCKED_SECONDS = 60.0
HOPELESS_SECONDS = 300.0  # Of failing on the same batch. A disk may be full, a table missing.
EXIT_CODE = 1


class Watchdog:
    """Looks at each loop's last progress; a thread looks at the event loop itself."""

    def __init__(
        self,
        loops: Mapping[str, Callable[[], float]],
        limit: float = STALLED_SECONDS,
        *,
        is_served: Callable[[], bool] = lambda: True,
        failures: Callable[[], Mapping[str, Failing]] = failing.consumers,
    ) -> None:
        """Watch `loops`: names, and when (monotonic) each last made progress; and `failures`.

        While what the process needs does not answer, by `is_served`, failing is not its own fault.
        """
        self._loops = loops
        self._limit = limit
        self._is_served = is_served
        self._failures = failures
        self._beat = time.monotonic()

    def stalled(self) -> list[str]:
        """Return the loops without progress for too long."""
        now = time.monotonic()
        found = []
        for name, progress in self._loops.items():
            age = now - progress()
            telemetry.LOOP_AGE.labels(name).set(age)
            if age > self._limit:
                found.append(f"{name}: no progress for {age:.0f} s")
        return [*found, *self._hopeless(now)] if self._is_served() else found

    def _hopeless(self, now: float) -> list[str]:
        return [
            f"{name}: fails on the same batch for {now - one.since:.0f} s: {one.error}"
            for name, one in sorted(self._failures().items())
            if now - one.since > HOPELESS_SECONDS
        ]

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until told to stop; raise when a loop stalls."""
        thread = threading.Thread(target=self._watch_event_loop, args=(stop,), daemon=True)
        thread.start()
        while not stop.is_set():
            self._beat = time.monotonic()
            if found := self.stalled():
                log.error("stalled", loops=found)
                raise RuntimeError("; ".join(found))
            await asyncio.sleep(1)

    def _watch_event_loop(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            time.sleep(1)
            if time.monotonic() - self._beat > BLOCKED_SECONDS and not stop.is_set():
                os._exit(EXIT_CODE)
