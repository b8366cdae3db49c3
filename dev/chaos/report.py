"""What a run was and what came of it: figures for the docs, and words for the terminal."""

import json
import os
import platform
import statistics
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path

from dev.chaos.checker import KINDS, Finding, repeats
from dev.chaos.facts import Facts
from dev.chaos.ledger import Answer, Broken, Entries, Intent, Ring
from dev.layout import ROOT

KILLS = frozenset({"kill", "point", "broker-kill"})
PROMISED_BACK = 5.0
PROMISED_PAGE = 60.0
SHOWN = 20


@dataclass
class Report:
    """One run. Times in seconds."""

    seed: int
    database: str
    replicas: int
    rate: float
    commit: str
    machine: str
    seconds: float
    pace: float = 1.0
    faults: dict[str, int] = field(default_factory=dict)
    missed: dict[str, int] = field(default_factory=dict)
    points: dict[str, int] = field(default_factory=dict)
    kills: int = 0
    sent: int = 0
    accepted: int = 0
    refused: int = 0
    unknown: int = 0
    incidents: int = 0
    pages: int = 0
    repeated_pages: int = 0
    repeated_by_provider: int = 0
    findings: dict[str, int] = field(default_factory=dict)
    first_findings: list[dict[str, str]] = field(default_factory=list)
    back: dict[str, float] = field(default_factory=dict)
    page_delay: dict[str, float] = field(default_factory=dict)
    longest_gap: float = 0.0
    records: int = 0
    copies: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether no promise was broken."""
        return not self.findings

    def save(self, path: Path) -> None:
        """Keep it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")


def report_of(found: Report, entries: Entries, facts: Facts, findings: Sequence[Finding]) -> Report:
    """Fill in the figures of a run."""
    _faults(found, list(entries.of(Broken)))
    answers = list(entries.of(Answer))
    outcomes = Counter(one.outcome for one in answers)
    found.sent = sum(1 for _ in entries.of(Intent))
    found.accepted, found.refused = outcomes["accepted"], outcomes["refused"]
    found.unknown = outcomes["unknown"]
    found.incidents, found.pages = len(facts.incidents), len(facts.pages)
    found.records, found.copies = facts.records, facts.copies
    rings = [one for one in entries.of(Ring) if one.purpose == "page"]
    again = repeats(rings)
    unanswered = {(r.incident, r.person, r.method) for r in rings if r.behaviour in {"cut", "hang"}}
    by_provider = sum((one.incident, one.person, one.method) in unanswered for one in again)
    found.repeated_pages, found.repeated_by_provider = len(again) - by_provider, by_provider
    found.findings = {k: n for k in KINDS if (n := sum(f.kind == k for f in findings))}
    found.first_findings = [asdict(one) for one in findings[:SHOWN]]
    times = sorted(one.at for one in answers if one.outcome == "accepted")
    found.longest_gap = round(max((b - a for a, b in pairwise(times)), default=0), 2)
    found.page_delay = _spread(_delays(entries, facts, rings), PROMISED_PAGE)
    return found


def _faults(found: Report, broken: list[Broken]) -> None:
    done = [one for one in broken if one.hit]
    found.faults = dict(sorted(Counter(one.kind for one in done).items()))
    found.missed = dict(sorted(Counter(one.kind for one in broken if not one.hit).items()))
    found.points = dict(
        sorted(Counter(one.detail.split()[0] for one in done if one.kind == "point").items())
    )
    found.kills = sum(one.kind in KILLS for one in done)
    services = [one for one in done if one.kind in {"kill", "point", "term"}]
    found.back = _spread([one.back for one in services if one.back is not None], PROMISED_BACK)


def _delays(entries: Entries, facts: Facts, rings: list[Ring]) -> list[float]:
    """Return the time from the first sending of each condition to its first ring."""
    began: dict[str, float] = {}
    for intent in entries.of(Intent):
        began.setdefault(intent.key, intent.at)
    first: dict[str, float] = {}
    for ring in rings:
        if ring.is_heard:
            first.setdefault(ring.incident, ring.at)
    return [
        first[incident] - began[key]
        for key, opened in facts.opened.items()
        if key in began and len(opened) == 1
        for incident in opened
        if incident in first
    ]


def _spread(values: list[float], promised: float) -> dict[str, float]:
    if not values:
        return {}
    values = sorted(values)
    cut = (
        statistics.quantiles(values, n=100, method="inclusive") if len(values) > 1 else values * 99
    )
    return {
        "count": len(values),
        "p50": round(cut[49], 2),
        "p99": round(cut[98], 2),
        "max": round(values[-1], 2),
        f"over {promised:.0f} s": sum(value > promised for value in values),
    }


def commit() -> str:
    """Return the commit, with a plus when the tree differs from it."""
    ask = ["git", "-C", str(ROOT)]
    told = subprocess.run(
        [*ask, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    changed = subprocess.run(
        [*ask, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=False
    )
    return told.stdout.strip() + ("+" if changed.stdout.strip() else "")


def machine() -> str:
    """Return what this ran on, in a few words."""
    gibibytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = platform.python_version()
    return f"{os.cpu_count()} cores, {gibibytes:.0f} GiB, {platform.system()}, Python {python}"


def words(report: Report, ledger: Path) -> str:
    """Return the report as a person reads it."""
    rows = {
        "run": f"seed {report.seed}, {report.database}, {report.replicas} of each service, "
        f"commit {report.commit}, {report.machine}",
        "load": f"{report.seconds:.0f} s at {report.rate:g} alert events/s",
        "faults": listed(report.faults),
        "missed": listed(report.missed),
        "kills": f"{report.kills}, of them at named points: {listed(report.points)}",
        "sent": f"{report.sent}: {report.accepted} accepted, {report.refused} refused, "
        f"{report.unknown} unknown",
        "came to": f"{report.incidents} incidents, {report.pages} pages; "
        f"{report.records} events on topics, {report.copies} of them again",
        "repeated": f"{report.repeated_pages} pages by a death in the answer window, "
        f"{report.repeated_by_provider} because the provider's answer was lost",
        "back": listed(report.back),
        "paged": listed(report.page_delay),
        "gap": f"{report.longest_gap:g} s without accepting, at the longest",
        "verdict": "clean: no promise was broken" if report.is_clean else "BROKEN",
    }
    return "\n".join(
        [
            *(f"{name:9} {text}" for name, text in rows.items()),
            *(f"  {kind}: {count}" for kind, count in report.findings.items()),
            *(f"    {f['kind']}: {f['subject']}: {f['detail']}" for f in report.first_findings),
            f"ledger    {ledger}",
        ]
    )


def listed(values: Mapping[str, float]) -> str:
    """Return names and figures in a row."""
    return ", ".join(f"{name} {value:g}" for name, value in values.items()) or "none"
