"""Orders to a process: die, or stop in your tracks, when you reach this point."""

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path

import aiohttp

from dev.chaos.plan import Fault
from dev.running import Running
from tocsin.crash_points import SIGNAL

POLL = 0.05
REACHED_WITHIN = 10.0


class Orders:
    """Gives orders by files in `points`, as `tocsin.crash_points` reads them."""

    def __init__(self, system: Running, points: Path) -> None:
        """Order the processes of `system`."""
        self._system = system
        self._points = points

    async def die(self, fault: Fault) -> bool:
        """Order a process to die at a point; return whether it has."""
        point = fault.detail.split()[0]
        if point == "process.migrated":
            # It lies in the start: so it is killed, to start again.
            name = fault.target.rstrip("0123456789").removesuffix("-")
            (self._points / f"next-{name}").write_text(f"{point} 1")
            os.kill(self._system.pid(fault.target), signal.SIGKILL)
            return True
        if point == "process.drained":
            return await self._reaches(fault.target, f"{point} 1", then=signal.SIGTERM)
        return await self._reaches(fault.target, fault.detail)

    async def freeze(self, fault: Fault) -> bool:
        """Order a process to stop in its tracks, and let it go on later: a zombie."""
        pid = self._system.pid(fault.target)
        if not await self._reaches(fault.target, f"{fault.detail} stop"):
            return False
        await asyncio.sleep(fault.lasts)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
        return True

    async def _reaches(self, target: str, order: str, then: signal.Signals | None = None) -> bool:
        # Before it listens to orders, their signal would end it.
        began = time.monotonic()
        if await serves(self._system, target, "healthz", began, REACHED_WITHIN) is None:
            return False
        pid = self._system.pid(target)
        file = self._points / str(pid)
        file.write_text(order)
        os.kill(pid, SIGNAL)
        if then is not None:
            await asyncio.sleep(POLL)
            os.kill(pid, then)
        deadline = time.monotonic() + REACHED_WITHIN
        while time.monotonic() < deadline:
            if not file.exists():
                return True
            await asyncio.sleep(POLL)
        # Not on its way now: disarm it, so that it does not die unseen later.
        file.write_text("")
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, SIGNAL)
        return False


async def serves(
    system: Running, name: str, probe: str, began: float, within: float
) -> float | None:
    """Return the seconds since `began` (monotonic) at which it answers 2xx; None: not in time."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as session:
        while time.monotonic() - began < within:
            await asyncio.sleep(POLL)
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                async with session.get(f"{system.url(name)}/{probe}") as answer:
                    if answer.ok:
                        return round(time.monotonic() - began, 3)
    return None
