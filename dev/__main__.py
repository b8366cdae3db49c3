"""`python -m dev …`: the tasks behind the Makefile."""

import argparse
import runpy
import sys

OLDEST = (3, 11)
# Each is a module of this package that reads the rest of the command line itself.
TASKS = {
    "up": "set everything up and run the whole system",
    "demo": "tell the story of one outage in the terminal",
    "settings": "make the secrets and settings of docker compose, once",
    "generate": "(re)write what is generated from code; --check only compares",
    "lock": "(re)write the locked requirements; --check only compares",
    "chaos": "break a whole system by a seed, and check its ledger",
    "vectors": "ask other systems' schedule cases of ours",
    "bench": "measure throughput, delay, drain, memory and start-up",
    "screenshots": "take the pictures of the console that the README shows",
}


def main() -> None:
    """Run the task that the command line names."""
    # Before any import that an older Python would choke on.
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"tocsin: Python 3.11 or newer is needed and this is {found}.")
    parser = argparse.ArgumentParser(prog="python -m dev", description=__doc__)
    parser.add_argument(
        "task", choices=TASKS, help="; ".join(f"{k}: {v}" for k, v in TASKS.items())
    )
    task = parser.parse_args(sys.argv[1:2]).task
    sys.argv = [f"python -m dev {task}", *sys.argv[2:]]
    # By name, so that one task never needs what only another one imports.
    runpy.run_module(f"dev.{task}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
