"""The watchdog: names what stalls, and ends the process for it."""

import asyncio
import time
from collections.abc import Callable

import pytest

from tocsin.failing import Failing
from tocsin.watchdog import HOPELESS_SECONDS, Watchdog


def watchdog(**ages: float) -> Watchdog:
    now = time.monotonic()

    def made_progress(age: float) -> Callable[[], float]:
        return lambda: now - age

    return Watchdog({name: made_progress(age) for name, age in ages.items()}, limit=10)


def test_a_loop_that_makes_progress_is_not_named() -> None:
    assert watchdog(relay=0, timers=9).stalled() == []


def test_each_loop_without_progress_is_named_with_its_age() -> None:
    assert watchdog(relay=61, timers=1, kafka=3600).stalled() == [
        "relay: no progress for 61 s",
        "kafka: no progress for 3600 s",
    ]


@pytest.mark.parametrize(
    ("seconds", "is_served", "named"),
    [
        (HOPELESS_SECONDS + 1, True, ["notifier.pages: fails on the same batch for 301 s: full"]),
        (HOPELESS_SECONDS - 1, True, []),
        (HOPELESS_SECONDS + 1, False, []),  # A new process could not mend it either.
    ],
)
def test_a_batch_that_fails_without_end_is_named_when_all_it_needs_is_there(
    seconds: float, *, is_served: bool, named: list[str]
) -> None:
    failing = {"notifier.pages": Failing(9, time.monotonic() - seconds, "full")}
    watched = Watchdog({}, is_served=lambda: is_served, failures=lambda: failing)
    assert watched.stalled() == named


async def test_a_stall_ends_the_run() -> None:
    stop = asyncio.Event()
    with pytest.raises(RuntimeError, match="relay: no progress for 11 s"):
        await watchdog(relay=11, timers=0).run(stop)
    # Its thread goes on, so that a drain that hangs is ended too: here it would end the tests.
    stop.set()


async def test_it_watches_until_it_is_told_to_stop() -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(watchdog(relay=0).run(stop))
    await asyncio.sleep(0.01)
    assert not running.done()
    stop.set()
    async with asyncio.timeout(3):
        await running
