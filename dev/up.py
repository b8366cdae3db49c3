"""`make up`: sets everything up and runs the whole system in the foreground until Ctrl-C."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from asyncio.subprocess import DEVNULL

from dev.console import Console
from dev.errors import DevError
from dev.jars import CACHE, jars
from dev.kafka import AOT_NAME
from dev.layout import Layout
from dev.preflight import claimed
from dev.process import tether
from dev.supervisor import Supervisor
from dev.system import System

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Run the dev system of this environment; return the exit code."""
    # What the Kafka client says while the broker starts is no news.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        layout = Layout.of(os.environ)
        with claimed(layout):
            system = System(layout, os.environ, Console())
            system.prepare()
            asyncio.run(run(system))
    except DevError as error:
        print(f"tocsin: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        # Before anything ran, during the set-up.
        return 130
    return 0


async def run(system: System) -> None:
    """Bring a system up, keep it up until a signal, and take it down in order."""
    ending = _on_signals(system.supervisor)
    lasting = asyncio.create_task(_bring_up(system))
    ended = asyncio.create_task(ending.wait())
    try:
        done, _ = await asyncio.wait([lasting, ended], return_when=asyncio.FIRST_COMPLETED)
        if lasting in done:
            lasting.result()
            await ended
    finally:
        lasting.cancel()
        with contextlib.suppress(asyncio.CancelledError, DevError):
            await lasting
        print("stopping: the services drain first (Ctrl-C again kills)", flush=True)
        await system.supervisor.stop()
        ended.cancel()


def _on_signals(supervisor: Supervisor) -> asyncio.Event:
    """Let the first signal begin an orderly stop, and the second end everything at once."""
    ending = asyncio.Event()

    def on_signal() -> None:
        if ending.is_set():
            supervisor.kill()
        ending.set()

    for number in ENDING:
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    return ending


async def _bring_up(system: System) -> None:
    await system.bring_up()
    if not (jars(CACHE) / AOT_NAME).exists():
        await _record_start()


async def _record_start() -> None:
    """Let the next start be quicker: once per checkout, behind everything else."""
    recording = await asyncio.create_subprocess_exec(
        *tether(),
        *(sys.executable, "-m", "dev.aot"),
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=DEVNULL,
        start_new_session=True,
    )
    try:
        await recording.wait()
    finally:
        if recording.returncode is None:
            recording.kill()
            await recording.wait()


if __name__ == "__main__":
    sys.exit(main())
