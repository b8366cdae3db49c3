"""Makes Java's ahead-of-time cache, with which a broker is ready in half the time.

Java writes it when a process that recorded itself ends, which takes some seconds. So a broker of
its own records, in the background of the first `make up`; nothing waits for it.
"""

import asyncio
import contextlib
import fcntl
import os
import shutil
from pathlib import Path

from dev.jars import CACHE, jars
from dev.kafka import AOT_NAME, KafkaServer
from dev.ports import free_ports
from dev.process import Process

POLITE = 10
RECORDED_WITHIN = 120.0


async def record(cache: Path = CACHE) -> None:
    """Record one start and stop of a throw-away broker; do nothing when it was done before."""
    final = jars(cache) / AOT_NAME
    with (cache / "aot.lock").open("w") as held, contextlib.suppress(BlockingIOError):
        # Another dev system of this checkout may be at it.
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not final.exists():
            await _record(cache, final)


async def _record(cache: Path, final: Path) -> None:
    os.nice(POLITE)
    # A fixed name, so that a run that was killed leaves nothing that the next does not clear.
    folder, partial = cache / "aot", final.with_suffix(".partial")
    shutil.rmtree(folder, ignore_errors=True)
    port, controller_port = free_ports(2)
    broker = KafkaServer(folder, port, controller_port, cache=cache)
    await asyncio.to_thread(broker.prepare)
    command = broker.command(jvm=(f"-XX:AOTCacheOutput={partial}",))
    process = Process(command, folder / "broker.log")
    try:
        await broker.wait_until_ready()
    finally:
        await process.stop(within=RECORDED_WITHIN)
        shutil.rmtree(folder)
    # Renamed when it is whole: a broker that starts meanwhile never reads half a cache.
    if partial.exists():
        partial.rename(final)


if __name__ == "__main__":
    asyncio.run(record())
