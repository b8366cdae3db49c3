"""Ends a process whose loops stall: a supervisor brings back a live one, nothing else can."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Mapping

import structlog

from tocsin import telemetry

log = structlog.get_logger(__name__)
STALLED_SECONDS = 60.0
BLOCKED_SECONDS = 60.0
EXIT_CODE = 1


class Watchdog:
    """Looks at each loop's last progress; a thread looks at the event loop itself."""

    def __init__(
        self, loops: Mapping[str, Callable[[], float]], limit: float = STALLED_SECONDS
    ) -> None:
        """Watch `loops`: names, and when (monotonic) each last made progress."""
        self._loops = loops
        self._limit = limit
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
        return found

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
