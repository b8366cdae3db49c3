"""Named places, one at each arrow, where the chaos harness may kill this process.

Nothing is armed unless `TOCSIN_CRASH_POINTS` names a folder, and production refuses to start with
it. The harness writes `<folder>/<pid>` with `point nth`, sends SIGUSR2, and the process ends itself
with SIGKILL the nth time that it reaches the point: no handler runs, as in a real crash. With a
third word, `stop`, it stops in its tracks instead (SIGSTOP), to come back later as a zombie. What
is to be armed from the first instruction on, `<folder>/next-<service>` says.
"""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

FOLDER = "TOCSIN_CRASH_POINTS"
SIGNAL = signal.SIGUSR2
# Every point, and what a kill there leaves behind.
POINTS = {
    "intake.before-append": "nothing: the sender gets no answer and sends again",
    "intake.after-append": "a durable alert whose sender got no answer",
    "intake.after-divert": "an alert in the outbox whose sender got no answer",
    "batch.before-commit": "nothing: the batch comes again",
    "batch.after-commit": "effects without offsets: the batch comes again, to be passed over",
    "timers.before-commit": "nothing: the timers are still due",
    "timers.after-commit": "effects whose in-process wake-ups are missing: polls find them",
    "relay.before-publish": "rows that the next relay publishes",
    "relay.after-publish": "rows that are published twice, to be passed over",
    "relay.after-delete": "nothing",
    "notifier.before-look": "claims without a call, as the next",
    "notifier.before-call": "claims without a call: taken over, sent as a possible repeat",
    "notifier.after-call": "a call without a record: the one window that repeats a page",
    "notifier.after-record": "nothing",
    "process.drained": "what the last flush of the relay would have published: rows",
    "process.migrating": "a migration rolled back: the next start does it",
    "process.migrated": "nothing",
}
_armed: dict[str, int] = {}
_how = signal.SIGKILL


def folder() -> Path | None:
    """Return where orders come from; None: there are none."""
    found = os.environ.get(FOLDER)
    return Path(found) if found else None


def listen(service: str) -> None:
    """Obey from now on; what was ordered for the next start of this service is armed at once."""
    if (here := folder()) is None:
        return
    with contextlib.suppress(OSError):
        (here / f"next-{service}").rename(here / str(os.getpid()))
    asyncio.get_running_loop().add_signal_handler(SIGNAL, read_orders)
    read_orders()


def read_orders() -> None:
    """Arm what the harness has ordered for this process; an order without words disarms."""
    if (here := folder()) is None:
        return
    global _how  # noqa: PLW0603 - one process, one order.
    _armed.clear()
    try:
        point, nth, *how = (here / str(os.getpid())).read_text().split()
    except (OSError, ValueError):
        return
    _how = signal.SIGSTOP if how == ["stop"] else signal.SIGKILL
    _armed[point] = int(nth)


def reach(point: str) -> None:
    """End the process here if that was ordered."""
    if not _armed or point not in _armed:
        return
    _armed[point] -= 1
    if _armed[point] > 0:
        return
    del _armed[point]
    if (here := folder()) is not None:
        # The harness sees by this that the process died where it was to die.
        (here / str(os.getpid())).unlink(missing_ok=True)
    os.kill(os.getpid(), _how)
