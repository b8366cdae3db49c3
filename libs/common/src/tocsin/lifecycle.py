"""The process of a service: settings, logs, traces, and exit codes.

Exit codes: 0 drained, 1 a loop failed or stalled (a supervisor starts it again), 2 wrong settings.
"""

import argparse
import asyncio
import gc
import os
import signal
import sys
from datetime import datetime
from typing import Any

import uvloop

from tocsin import crash_points, recalling, settings, telemetry
from tocsin.application import Definition, Parts
from tocsin.errors import MisconfiguredError, TocsinError
from tocsin.process import Process
from tocsin.settings import ServiceSettings

__all__ = ["Definition", "Parts", "main", "quieten_collector"]


RECALL_HELP = "take over what was told since this time, after a restore, and exit"


def main(definition: Definition[Any]) -> None:
    """Be the process: read settings, run until told to stop, exit with a code that says how."""
    parser = argparse.ArgumentParser(prog=f"python -m {definition.package}")
    parser.add_argument("--check", action="store_true", help="validate the settings and exit")
    if definition.recall is not None:
        parser.add_argument("--recall-since", metavar="TIME", help=RECALL_HELP)
    arguments = parser.parse_args()
    try:
        found = settings.from_env(definition.settings, definition.prefix, os.environ)
    except MisconfiguredError as error:
        for mistake in error.mistakes:
            sys.stderr.write(f"{mistake}\n")
        sys.exit(2)
    if found.environment == "production" and crash_points.folder() is not None:
        sys.stderr.write(f"{crash_points.FOLDER}: is for tests; unset it in production\n")
        sys.exit(2)
    if arguments.check:
        sys.stdout.write(f"{definition.name}: the settings are valid\n")
        return
    quieten_collector()
    telemetry.configure_logs(found.log_level, definition.name)
    if getattr(arguments, "recall_since", None):
        sys.exit(_recall(definition, found, arguments.recall_since))
    telemetry.configure_traces(found.otlp, definition.name)
    # A thread that has committed waits this long at most for a busy event loop to let it say so.
    sys.setswitchinterval(0.0005)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        code = runner.run(Process(definition, found).run())
    telemetry.flush_traces()
    sys.exit(code)


def _recall(definition: Definition[Any], found: ServiceSettings, text: str) -> int:
    """Take over what the service told since; exit code 1 where that was refused or failed."""
    assert definition.recall is not None
    # What is half taken over is not done: a signal ends it as a failure.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        # A time without an offset is one of this machine's zone, as `date` says it.
        since = datetime.fromisoformat(text)
        count = asyncio.run(recalling.recall(definition, found, definition.recall, since))
    except (TocsinError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{definition.name}: {count} facts since {text} were taken over\n")
    return 0


def quieten_collector() -> None:
    """Look for cycles rarely, and never among what lives as long as the process.

    Messages make objects without cycles by the thousand; at Python's default thresholds the
    collector walks everything that was ever imported again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)
    gc.enable()  # `launching` turned it off for the imports.
