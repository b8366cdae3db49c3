"""`make bench`: measure, print the tables, keep them as JSON; with TABLE=1 in the docs too."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvloop
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from dev.bench import hot, page, peer, schedules
from dev.bench.figures import Row
from dev.bench.measure import Bench
from dev.bench.ours import Tocsin
from dev.bench.report import TITLES, Report
from dev.bench.rows import ROWS
from dev.bench.subjects import Pages
from dev.chaos.report import commit, machine
from dev.running import running
from dev.wire import receive
from tocsin.clock import SystemClock

DATABASES = ("sqlite", "postgres")
JSON = Path("var/bench.json")
ALONE = "schedules"  # Not a row of a system's: on-call answers, plans and bursts of timers.
Step = Callable[[str, int], None]


def main() -> int:
    """Do what the command line asks for."""
    options = _options()
    if options.write:
        page.write()
        return 0
    if options.profile:
        hot.main(options.scale)
        return 0
    report = Report(commit(), machine(), options.scale, date=SystemClock().now().date().isoformat())
    plan = _plan(options, report)
    with _progress(sum(map(len, plan.values()))) as step:
        if options.alone:
            step("on-call answers, plans, timers", 0)
            report.answers = schedules.in_a_process(lambda name: step(name, 0))
            report.write(options.json)
        for subject, keys in plan.items():
            report.rows[subject] = _measured(report, subject, keys, step)
            report.write(options.json)  # Whatever comes of the next one.
    _print(report)
    if options.table:
        kept = report if report.rows else Report.read(page.KEPT).with_answers_of(report)
        kept.write(page.KEPT)
        page.write()
    return 0


def _plan(options: argparse.Namespace, report: Report) -> dict[str, list[str]]:
    """Return the rows to measure, by subject."""
    keys = options.rows
    plan = dict.fromkeys(options.databases if keys else (), keys)
    theirs = [key for key in keys if ROWS[key].peer]
    if not peer.installed():
        report.troubles.append(f"{peer.ABSENT}.")
    elif theirs:
        plan["alertmanager"] = theirs
    return plan


def _measured(report: Report, subject: str, keys: Sequence[str], step: Step) -> list[Row]:
    def say(name: str) -> None:
        step(f"{TITLES[subject]}: {name}", 1)

    step(f"{TITLES[subject]}: starting", 0)
    if subject == "alertmanager":
        with peer.alertmanager() as theirs:
            return uvloop.run(measure(theirs, report, keys, say))
    with running(subject) as system:
        return uvloop.run(_of_ours(Tocsin(system), report, keys, say))


async def _of_ours(
    tocsin: Tocsin, report: Report, keys: Sequence[str], say: Callable[[str], None]
) -> list[Row]:
    try:
        return await measure(tocsin, report, keys, say)
    finally:
        await tocsin.close()


async def measure(
    subject: Tocsin | peer.Alertmanager,
    report: Report,
    keys: Sequence[str],
    say: Callable[[str], None],
) -> list[Row]:
    """Measure these rows on a fresh subject, one after another; what fails is a trouble."""
    pages = Pages(subject.told)
    server, port = await receive(pages)
    async with server:
        await subject.prepare(port)
        bench = Bench(subject, pages)
        await bench.warm_up()
        rows = [await bench.idle()]
        for key in keys:
            say(ROWS[key].name)
            try:
                rows.append(await ROWS[key].measure(bench, report.scale))
            except (TimeoutError, OSError, EOFError, httpx.HTTPError) as error:
                report.troubles.append(f"{subject.name}, {ROWS[key].name}: not done: {error!r}.")
    if pages.repeats:
        report.troubles.append(f"{subject.name}: {pages.repeats} pages came again.")
    return rows


@contextmanager
def _progress(total: int) -> Iterator[Step]:
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, TextColumn("{task.description}"), console=console) as progress:
        task = progress.add_task("", total=total, completed=-1)

        def step(name: str, begun: int) -> None:
            progress.update(task, description=name, advance=begun)
            if not console.is_terminal:
                console.print(name)

        yield step


def _print(report: Report) -> None:
    console = Console(width=150)
    title = f"commit {report.commit}, {report.machine}, scale {report.scale:g}"
    for heads, *lines in (
        *([[report.heads(), *report.lines()]] if report.rows else []),
        *([report.answered()] if report.answers else []),
        *(report.costs(subject) for subject in report.rows),
    ):
        drawn = Table(title=title)
        for index, head in enumerate(heads):
            drawn.add_column(head, justify="right" if index else "left")
        for cells in lines:
            drawn.add_row(*cells)
        console.print(drawn)
    for line in (*report.parts(), *report.troubles):
        console.print(f"* {line}")


def _options() -> argparse.Namespace:
    env = os.environ
    parser = argparse.ArgumentParser(prog="python -m dev bench", description=__doc__)
    parser.add_argument("--database", choices=DATABASES, default=env.get("DATABASE") or None)
    parser.add_argument(
        "--scale",
        type=float,
        default=float(env.get("SCALE") or 1),
        help="shorter or longer loads; the table is meant for 1",
    )
    known = [*ROWS, ALONE]
    parser.add_argument("--only", default=env.get("ONLY") or "", help=f"of {', '.join(known)}")
    parser.add_argument("--json", type=Path, default=JSON)
    parser.add_argument("--table", action="store_true", default=bool(env.get("TABLE")))
    parser.add_argument("--write", action="store_true", help="write the docs' table, measure none")
    parser.add_argument("--profile", action="store_true", help="show where the time goes instead")
    options = parser.parse_args()
    only = [word for word in options.only.split(",") if word] or known
    if unknown := set(only) - set(known):
        parser.error(f"--only: {', '.join(sorted(unknown))}: none of {', '.join(known)}")
    options.rows = [word for word in only if word != ALONE]
    options.alone = ALONE in only
    options.databases = [options.database] if options.database else list(DATABASES)
    return options


if __name__ == "__main__":
    sys.exit(main())
