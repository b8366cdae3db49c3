"""The dead-man's heartbeat: goes out while all is well, so that silence itself is an alarm.

Whoever listens (healthchecks.io, Dead Man's Snitch, an Alertmanager that expects it) is outside:
it notices when all of us are gone, and nobody is left to ring.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from tocsin import outside, telemetry
from tocsin.pausing import happens

log = structlog.get_logger(__name__)
EVERY = 30.0
FIRST = 10.0
Ping = Callable[[str], Awaitable[None]]
Troubles = Callable[[], Sequence[str]]


async def ping(url: str) -> None:
    """Let the watcher know; raise OSError if it does not take it."""
    await outside.call("GET", url)


class Heartbeat:
    """Beats for one service, for as long as this process is well."""

    def __init__(
        self, url: str, service: str, troubles: Troubles, *, beat: Ping = ping, every: float = EVERY
    ) -> None:
        """Beat at `url`, in which `{service}` is replaced, while there are no `troubles`."""
        self._url = url.replace("{service}", service)
        self._troubles = troubles
        self._beat = beat
        self._every = every

    async def run(self, stop: asyncio.Event) -> None:
        """Beat until told to stop; without an address there is nothing to do."""
        if not self._url:
            return
        # Not at once: a process that ends again and again right after its start is not well.
        pause = min(FIRST, self._every)
        while not await happens(stop, pause):
            await self.beat()
            pause = self._every

    async def beat(self) -> None:
        """Beat once, unless something is wrong: then silence says it."""
        if troubles := self._troubles():
            telemetry.HEARTBEATS.labels("withheld").inc()
            log.warning("heartbeat_withheld", because=list(troubles))
            return
        try:
            await self._beat(self._url)
        except (OSError, TimeoutError, ValueError) as error:
            telemetry.HEARTBEATS.labels("failed").inc()
            log.warning("heartbeat_failed", to=outside.place(self._url), error=repr(error))
        else:
            telemetry.HEARTBEATS.labels("sent").inc()
