"""The table of docs/reliability.md, written from the reports that are kept beside it."""

import json
from typing import Any

from dev.chaos.report import listed
from dev.layout import ROOT
from tocsin.crash_points import POINTS

PAGE = ROOT / "docs" / "reliability.md"
REPORTS = ROOT / "docs" / "reliability"


def write() -> None:
    """Replace what is between the marks: the crash points, and the figures of the reports."""
    PAGE.write_text(written(PAGE.read_text()))


def written(page: str) -> str:
    """Return the page with its tables as they are now."""
    reports = [json.loads(path.read_text()) for path in sorted(REPORTS.glob("*.json"))]
    return _between(_between(page, "points", _points()), "chaos", _table(reports))


def _between(page: str, mark: str, text: str) -> str:
    begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{text}\n{end}{after}"


def _points() -> str:
    rows = [f"| `{point}` | {leaves} |" for point, leaves in POINTS.items()]
    return "\n".join(["| a kill at | leaves behind |", "|---|---|", *rows])


def _table(reports: list[dict[str, Any]]) -> str:
    return "\n\n".join(_section(report) for report in reports)


def _section(report: dict[str, Any]) -> str:
    rows = {
        "faults": listed(report["faults"]),
        "kills": f"{report['kills']}, of them at named points {sum(report['points'].values())}",
        "alert events": f"{report['sent']} sent at {report['rate']:g}/s, "
        f"{report['accepted']} accepted, {report['refused']} refused, {report['unknown']} unknown",
        "came to": f"{report['incidents']} incidents, {report['pages']} pages",
        "**broken promises**": listed(report["findings"]),
        "pages repeated by a death in the answer window": str(report["repeated_pages"]),
        "pages repeated because the provider's answer was lost": str(
            report["repeated_by_provider"]
        ),
        "a service serves again after (s)": listed(report["back"]),
        "from the first sending to the first ring (s)": listed(report["page_delay"]),
        "longest gap in accepting (s)": f"{report['longest_gap']:g}",
        "events on the topics; of them again": f"{report['records']}; {report['copies']}",
    }
    title = f"### {_name(report)}"
    how = (
        f"`{_command(report)}` · commit {report['commit']} · {report['machine']} · "
        f"{report['seconds'] / 60:.0f} min"
    )
    lines = [f"| {name} | {value} |" for name, value in rows.items()]
    return "\n".join([title, "", how, "", "| | |", "|---|---|", *lines])


def _name(report: dict[str, Any]) -> str:
    database = {"sqlite": "SQLite", "postgres": "PostgreSQL"}[report["database"]]
    each = "" if report["replicas"] == 1 else f", {report['replicas']} of each service"
    return f"{database}{each}: {listed(report['faults'])}"


def _command(report: dict[str, Any]) -> str:
    total = dict(report["faults"])
    for kind, count in report["missed"].items():
        total[kind] = total.get(kind, 0) + count
    faults = ",".join(f"{kind}={count}" for kind, count in sorted(total.items()))
    return (
        f"make chaos SEED={report['seed']} DATABASE={report['database']} "
        f"REPLICAS={report['replicas']} RATE={report['rate']:g} PACE={report['pace']:g} "
        f"FAULTS={faults}"
    )
