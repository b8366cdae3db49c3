"""A worker's loop: what is ready is done, and then it waits; at a stop it finishes."""

import asyncio

from tocsin.application import Worker

WORKER_POLL = 1.0


async def work(worker: Worker, stop: asyncio.Event) -> None:
    """Run a worker; at the end of a drain it finishes what it has begun."""
    while not stop.is_set():
        if not await worker.run_once():
            waiting = [asyncio.create_task(worker.wait()), asyncio.create_task(stop.wait())]
            _, late = await asyncio.wait(
                waiting, timeout=WORKER_POLL, return_when=asyncio.FIRST_COMPLETED
            )
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
    while await worker.run_once():
        pass
