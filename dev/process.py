"""One child process in its own group that does not outlive us."""

import asyncio
import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


@functools.cache
def tether() -> tuple[str, ...]:
    """Return the argv prefix that kills a child when its parent dies; empty where there is none.

    `setpriv` of util-linux sets the parent-death signal and then becomes the child, so nothing of
    ours has to run between fork and exec (which Python 3.12 warns about in threaded programs).
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None or sys.platform != "linux":
        return ()
    told = subprocess.run([setpriv, "--help"], capture_output=True, text=True, check=False)
    return (setpriv, "--pdeathsig", "KILL") if "--pdeathsig" in told.stdout else ()


class Process:
    """A child whose output goes to a file; started, awaited and ended from any event loop."""

    def __init__(
        self,
        command: list[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self._child = subprocess.Popen(
                [*tether(), *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=environment,
                cwd=folder,
            )

    @property
    def pid(self) -> int:
        """The process id, also after its end."""
        return self._child.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._child.poll() is None

    async def stop(self, *, how: signal.Signals = signal.SIGTERM, within: float) -> None:
        """Ask it to end by a signal, and kill it when it takes longer than allowed."""
        # In a thread, since no event tells of a child's end in every event loop.
        await asyncio.to_thread(self.end, how=how, within=within)

    def end(self, *, how: signal.Signals = signal.SIGTERM, within: float) -> None:
        """Do what `stop` does, for whoever has no event loop to spare."""
        if self.is_running:
            self._child.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(within)
        self.kill()

    def ended(self, *, within: float) -> int:
        """Wait until it has ended by itself, and return its exit code."""
        return self._child.wait(within)

    def kill(self) -> None:
        """End it at once, as a crash would, and wait until it is gone."""
        if self.is_running:
            os.killpg(self.pid, signal.SIGKILL)
        self._child.wait(10)

    def last_lines(self, count: int = 5) -> str:
        """Return the end of its output, to say why it failed."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])
