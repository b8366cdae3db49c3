"""The first that a service imports, and light itself: it can be stopped before the rest is there.

The kernel drops a signal that the first process of a container has no handler for, and importing
takes a second or more. Without this a stop in that second would be lost, and end in a SIGKILL.
"""

import gc
import importlib
import os
import signal

SIGNALS = (signal.SIGTERM, signal.SIGINT)


def launch(package: str) -> None:
    """Import the service in `package` and be its process."""
    for number in SIGNALS:
        signal.signal(number, _end)
    # What is imported stays: looking for garbage in it is a tenth of the start. `lifecycle` takes
    # it out of all later looks, and turns them on again.
    gc.disable()
    bootstrap = importlib.import_module(f"{package}.bootstrap")
    importlib.import_module("tocsin.lifecycle").main(bootstrap.SERVICE)


def _end(number: int, frame: object) -> None:
    """End at once, as drained: nothing was begun. From the first loop on, a signal drains."""
    del number, frame
    os._exit(0)
