"""`make chaos`: break a whole system by a seed, and print what was lost. Exit code 1: something."""

import argparse
import asyncio
import json
import os
import sys

import uvloop
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from dev.chaos import table
from dev.chaos.plan import KINDS
from dev.chaos.report import words
from dev.chaos.run import Order, faults_of, folder_for_reports, run


def main() -> int:
    """Run what the command line or the environment asks for."""
    options = _options()
    if options.table:
        table.write()
        return 0
    order = _order(options)
    if options.dry_run:
        for fault in faults_of(order):
            print(f"{fault.at:9.2f} s  {fault.kind:17} {fault.target:18} {fault.detail}")
        return 0
    console = Console(stderr=True)
    console.print(f"seed {order.seed}: the same seed gives the same faults")
    columns = (SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("bringing the system up")
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            outcome = runner.run(
                run(
                    order,
                    folder_for_reports(),
                    lambda line: _tell(progress, task, line),
                )
            )
    print(words(outcome.report, outcome.ledger))
    return 0 if outcome.report.is_clean else 1


def _tell(progress: Progress, task: TaskID, line: str) -> None:
    progress.update(task, description=line)
    if not progress.console.is_terminal:
        progress.console.print(line)


def _order(options: argparse.Namespace) -> Order:
    chosen = dict(_fault(word) for word in options.faults.split(",") if word)
    counts = {kind: count for kind, count in chosen.items() if count}
    return Order(
        seed=options.seed,
        minutes=options.minutes,
        database=options.database,
        replicas=options.replicas,
        rate=options.rate,
        pace=options.pace,
        kinds=tuple(chosen),
        counts=counts,
        environment=json.loads(os.environ.get("CHAOS_ENVIRONMENT", "{}")),
    )


def _fault(word: str) -> tuple[str, int]:
    kind, _, count = word.partition("=")
    if kind not in KINDS:
        sys.exit(f"--faults: {kind!r} is none of {', '.join(KINDS)}")
    if count and not count.isdigit():
        sys.exit(f"--faults: {word!r}: write {kind}=20")
    return kind, int(count or 0)


def _options() -> argparse.Namespace:
    env = os.environ
    parser = argparse.ArgumentParser(prog="python -m dev chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=int(env.get("SEED") or 1))
    parser.add_argument("--minutes", type=float, default=float(env.get("MINUTES") or 2))
    parser.add_argument(
        "--database", choices=("sqlite", "postgres"), default=env.get("DATABASE") or "sqlite"
    )
    parser.add_argument("--replicas", type=int, default=int(env.get("REPLICAS") or 1))
    parser.add_argument("--rate", type=float, default=float(env.get("RATE") or 50))
    parser.add_argument(
        "--pace", type=float, default=float(env.get("PACE") or 1), help="2: faults twice as often"
    )
    parser.add_argument(
        "--faults",
        default=env.get("FAULTS") or "",
        help=f"kinds, or kinds with counts such as kill=100,point=20; of {', '.join(KINDS)}",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the faults of the seed")
    parser.add_argument("--table", action="store_true", help="write docs/reliability.md's table")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
