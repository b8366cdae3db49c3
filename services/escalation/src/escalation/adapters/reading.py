"""Reads a calendar in a process of its own, which is ended when it takes too long.

A rule of few letters can stand for more events than there is time or memory for, and no library
stops half-way. Here that costs a process, and not the one that wakes people.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import date

from escalation.domain.calendars import Spans
from escalation.ports import UnreadableError

WITHIN = 12.0  # By the clock; `reading_apart` has less of the processor's time.
COMMAND = (sys.executable, "-I", "-m", "escalation.adapters.reading_apart")


class ApartRead:
    """Fills the port `Read`."""

    def __init__(self, within: float = WITHIN, command: Sequence[str] = COMMAND) -> None:
        """Give the process that `command` starts `within` seconds."""
        self._within = within
        self._command = command

    async def __call__(self, body: bytes, since: date, until: date) -> Spans:
        """Return when the events of these days are; raise UnreadableError."""
        try:
            process = await self._started(since, until)
        except OSError as error:
            why = f"no process can be started to read it ({type(error).__name__})"
            raise UnreadableError(why) from error
        try:
            async with asyncio.timeout(self._within):
                answer, _ = await process.communicate(body)
        except TimeoutError as error:
            raise UnreadableError("it takes too long to read") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return _spans(answer, process.returncode or 0)

    async def _started(self, since: date, until: date) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self._command,
            since.isoformat(),
            until.isoformat(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={},  # It knows no secrets.
            start_new_session=True,  # What stops the service from a terminal is not meant for it.
        )


def _spans(answer: bytes, code: int) -> Spans:
    if code < 0:  # Ended by a signal: it reached one of its limits.
        raise UnreadableError("it takes too long to read")
    if code:
        raise UnreadableError("it cannot be understood as a calendar")
    found = json.loads(answer)
    if "error" in found:
        raise UnreadableError(found["error"])
    return tuple((begins, until) for begins, until in found["spans"])
