"""One run: a system brought up, loaded, broken, left in peace, and checked against the ledger."""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dev.chaos import checker, facts
from dev.chaos.checker import Finding
from dev.chaos.disk import SmallDisk, small_disk
from dev.chaos.facts import Facts
from dev.chaos.faults import Breaker
from dev.chaos.ledger import Ledger
from dev.chaos.load import Load, People
from dev.chaos.orders import serves
from dev.chaos.plan import SERVICES, Fault, plan, possible
from dev.chaos.provider import Provider
from dev.chaos.report import Report, commit, machine, report_of
from dev.chaos.town import documents
from dev.running import Running, running
from tocsin.crash_points import FOLDER

DISK_MEGABYTES = 3 * 1024  # Of memory, as it fills: the databases of an hour, and ballast.
PEACE_WITHIN = 240.0
LOOK_EVERY = 3.0
AFTERMATH = 3.0
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Order:
    """What to run: these `faults`; or by seed as many as `counts` says; or a mix for `minutes`."""

    seed: int
    minutes: float = 1.0
    database: str = "sqlite"
    replicas: int = 1
    rate: float = 50.0
    pace: float = 1.0
    kinds: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    peace_within: float = PEACE_WITHIN  # Seconds without anything following until the rest is lost.
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    report: Report
    findings: list[Finding]
    ledger: Path


def faults_of(order: Order, *, has_small_disk: bool = True) -> list[Fault]:
    """Return the faults of an order: the same for the same seed."""
    if order.faults:
        return list(order.faults)
    kinds = order.kinds or possible(order.database, has_small_disk=has_small_disk)
    return plan(
        order.seed,
        kinds=kinds,
        minutes=order.minutes,
        counts=order.counts,
        replicas=order.replicas,
        pace=order.pace,
    )


async def run(order: Order, folder: Path, tell: Tell) -> Outcome:
    """Do a run; its ledger and report are kept in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"ledger-{order.database}-{order.seed}.jsonl"
    path.unlink(missing_ok=True)
    with Ledger(path) as ledger, _system(order) as (system, points, disk):
        faults = faults_of(order, has_small_disk=disk is not None)
        began = time.monotonic()
        breaker = Breaker(system, ledger, points, disk)
        found = await _break(order, system, ledger, breaker, faults, tell)
        tell("at rest: asking for every timeline")
        found, findings = await _judge(system, ledger, found, order.peace_within)
        report = Report(
            seed=order.seed,
            database=order.database,
            replicas=order.replicas,
            rate=order.rate,
            pace=order.pace,
            commit=commit(),
            machine=machine(),
            seconds=round(time.monotonic() - began, 1),
        )
        report_of(report, ledger, found, findings)
        if findings:
            evidence = folder / f"evidence-{order.database}-{order.seed}"
            _keep_evidence(system, disk, evidence)
            lines = [f"{one.kind}: {one.subject}: {one.detail}\n" for one in findings]
            (evidence / "findings.txt").write_text("".join(lines))
    report.save(folder / f"report-{order.database}-{order.seed}.json")
    return Outcome(report, findings, path)


@contextmanager
def _system(order: Order) -> Iterator[tuple[Running, Path, SmallDisk | None]]:
    here = Path(tempfile.mkdtemp(prefix="tocsin-chaos-"))
    points = here / "points"
    points.mkdir()
    wants_disk = order.database == "sqlite" and _may(order, "disk-full")
    try:
        with small_disk(here / "disk", DISK_MEGABYTES if wants_disk else 1) as disk:
            small = disk if wants_disk else None
            environment = {
                FOLDER: str(points),
                "REPLICAS": str(order.replicas),
                **(small.environment() if small else {}),
                **order.environment,
            }
            with running(order.database, environment) as system:
                yield system, points, small
    finally:
        shutil.rmtree(here, ignore_errors=True)


def _may(order: Order, kind: str) -> bool:
    if order.faults:
        return any(one.kind == kind for one in order.faults)
    if order.counts:
        return kind in order.counts
    return not order.kinds or kind in order.kinds


async def _break(
    order: Order,
    system: Running,
    ledger: Ledger,
    breaker: Breaker,
    faults: list[Fault],
    tell: Tell,
) -> Facts:
    """Load the system, break it as planned, let the load end, and return what is found at rest."""
    people = People(ledger, order.seed)
    provider = Provider(ledger, order.seed, people.on_ring)
    await provider.start()
    try:
        await system.apply(documents(provider.port), "chaos")
        stop = asyncio.Event()
        intakes = [system.url(name) for name in system.names() if name.startswith(SERVICES[0])]
        loading = asyncio.create_task(Load(ledger, intakes, order.seed).run(order.rate, stop))
        await breaker.run(faults, lambda fault: tell(_line(fault, len(faults))))
        await asyncio.sleep(AFTERMATH)
        stop.set()
        await loading
        await people.settle()
        tell("the load has ended: waiting until everything has followed")
        await _until_ready(system, order.peace_within)
        found = await _at_peace(system, ledger, order.peace_within)
        await people.settle()
    finally:
        await provider.stop()
    return found


def _line(fault: Fault, count: int) -> str:
    return f"{fault.number + 1}/{count} {fault.kind} {fault.target} {fault.detail}".rstrip()


async def _until_ready(system: Running, within: float) -> None:
    began = time.monotonic()
    for name in system.names():
        await serves(system, name, "readyz", began, within)


async def _at_peace(system: Running, ledger: Ledger, within: float) -> Facts:
    """Return what is found when nothing is missing, or no less for too long: a backlog is none."""
    found = Facts()
    fewest: int | None = None
    deadline = 0.0
    while True:
        await _look(system, found)
        # In a thread: whoever is rung meanwhile, here as well, is to answer in time.
        findings = await asyncio.to_thread(checker.check, ledger, found, timelines=False)
        missing = sum(one.kind == "lost" for one in findings)
        # Counted from a look on: after a long run it takes minutes.
        if fewest is None or missing < fewest:
            fewest, deadline = missing, time.monotonic() + within
        if not missing or time.monotonic() > deadline:
            return found
        await asyncio.sleep(LOOK_EVERY)


async def _look(system: Running, found: Facts) -> None:
    # The lists first: what the topics tell later is then told of something that is listed.
    await facts.add_lists(found, system)
    await facts.add_topics(found, facts.brokers(system))


async def _judge(
    system: Running, ledger: Ledger, found: Facts, within: float
) -> tuple[Facts, list[Finding]]:
    await _look(system, found)
    await facts.add_timelines(found, system, found.incidents)
    deadline = time.monotonic() + within
    while (findings := await asyncio.to_thread(checker.check, ledger, found)) and (
        time.monotonic() < deadline
    ):
        behind = {one.subject for one in findings if "timeline" in one.detail}
        if not behind:
            break
        await asyncio.sleep(LOOK_EVERY)
        await facts.add_timelines(found, system, behind)
    return found, findings


def _keep_evidence(system: Running, disk: SmallDisk | None, folder: Path) -> None:
    """Keep what tells how it came about: the log of all, and the databases if they are files."""
    folder.mkdir(parents=True, exist_ok=True)
    found = [*system.layout.var.glob("*.log"), *system.layout.var.glob("*.db*")]
    for path in [*found, *(disk.folder.glob("*.db*") if disk else ())]:
        shutil.copy(path, folder)


def folder_for_reports() -> Path:
    """Return where ledgers and reports are kept."""
    return Path(os.environ.get("CHAOS_FOLDER", "var/chaos")).resolve()
