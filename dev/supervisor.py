"""Keeps processes running in the foreground: prefixed output, restarts, ordered start and stop.

starting -> running -> died -> waiting (0.2 s, doubling to 2 s; reset after 3 s alive) -> running
   any   -> stopping (asked by signal) -> killed when it takes too long -> gone
"""

import asyncio
import contextlib
import json
import os
import signal
import time
from asyncio.subprocess import DEVNULL, STDOUT
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dev.console import Console
from dev.process import tether

FIRST_BACKOFF = 0.2
LONGEST_BACKOFF = 2.0
ALIVE_AFTER = 3.0  # Twice a start: it has served.
LAST_WORDS = 1.0
CHUNK = 64 * 1024


@dataclass(frozen=True)
class Program:
    """What to run and how to end it.

    environment: the whole environment, ours when None; stop_signal: asks it to end; stop_within:
    seconds it has for that before it is killed.
    """

    name: str
    command: list[str]
    environment: Mapping[str, str] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within: float = 10.0


@dataclass
class Backoff:
    """How long to wait before the next restart."""

    first: float = FIRST_BACKOFF
    longest: float = LONGEST_BACKOFF
    _next: float = field(default=0.0, init=False)

    def after(self, alive: float) -> float:
        """Return the wait after a process that lived so many seconds."""
        if alive >= ALIVE_AFTER or not self._next:
            self._next = self.first
        wait, self._next = self._next, min(self._next * 2, self.longest)
        return wait


class Child:
    """One program, restarted whenever it dies until it is stopped."""

    def __init__(self, program: Program, console: Console, on_change: Callable[[], None]) -> None:
        self.program = program
        self.pid: int | None = None
        self._console = console
        self._on_change = on_change
        self._stopping = asyncio.Event()
        self._task = asyncio.create_task(self._keep_running())

    async def stop(self) -> None:
        """Ask it to end, kill it when it takes too long, and return when it is gone."""
        self._stopping.set()
        self._signal(self.program.stop_signal)
        done, _ = await asyncio.wait([self._task], timeout=self.program.stop_within)
        if not done:
            self._console.say(self.program.name, "took too long to stop and is killed")
            self.kill()
        await self._task

    def kill(self) -> None:
        """End it and everything it started, at once."""
        self._stopping.set()
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    async def _keep_running(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            started = time.monotonic()
            code = await self._run_once()
            if self._stopping.is_set():
                return
            wait = backoff.after(time.monotonic() - started)
            self._console.say(self.program.name, f"{_how(code)}; restarting in {wait:.1f} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait)

    async def _run_once(self) -> int:
        # A pipe of our own: asyncio's would make wait() last as long as any grandchild holds it.
        reading, writing = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *tether(),
                *self.program.command,
                env=self.program.environment,
                stdin=DEVNULL,
                stdout=writing,
                stderr=STDOUT,
                start_new_session=True,
            )
        finally:
            os.close(writing)
        self._became(process.pid)
        relay = asyncio.create_task(self._relay(reading))
        if self._stopping.is_set():
            self._signal(self.program.stop_signal)
        code = await process.wait()
        self._became(None)
        await asyncio.wait([relay], timeout=LAST_WORDS)
        relay.cancel()
        return code

    async def _relay(self, reading: int) -> None:
        reader = asyncio.StreamReader()
        pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb", 0)
        )
        rest = b""
        try:
            while chunk := await reader.read(CHUNK):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._say(line)
        finally:
            if rest:
                self._say(rest)
            pipe.close()

    def _say(self, line: bytes) -> None:
        self._console.say(self.program.name, line.decode(errors="replace").rstrip("\r"))

    def _signal(self, how: signal.Signals) -> None:
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, how)

    def _became(self, pid: int | None) -> None:
        self.pid = pid
        self._on_change()


class Supervisor:
    """Stages of programs: started one after the other, stopped in the reverse order."""

    def __init__(self, pids: Path, console: Console) -> None:
        self._pids = pids
        self._console = console
        self._stages: list[list[Child]] = []

    def start(self, *programs: Program) -> None:
        """Start one stage; who needs it ready waits for that by its own means."""
        stage: list[Child] = []
        # Known before it runs, so that its process id is never missing from the file.
        self._stages.append(stage)
        stage += [Child(program, self._console, self._write_pids) for program in programs]

    async def stop(self) -> None:
        """Stop the last stage first, the programs of one stage together."""
        for stage in reversed(self._stages):
            await asyncio.gather(*(child.stop() for child in stage))

    def kill(self) -> None:
        """End everything at once; `stop` must still be awaited."""
        for stage in self._stages:
            for child in stage:
                child.kill()

    def _write_pids(self) -> None:
        running = {c.program.name: c.pid for stage in self._stages for c in stage if c.pid}
        # Renamed into place, so that nobody ever reads half a file.
        partial = self._pids.with_suffix(".partial")
        partial.write_text(json.dumps(running, indent=2) + "\n")
        partial.replace(self._pids)


def _how(code: int) -> str:
    return f"died of {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
