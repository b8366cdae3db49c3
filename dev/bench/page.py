"""The table of docs/performance.md, written from the report that is kept beside it."""

from pathlib import Path

from dev.bench.report import Report
from dev.layout import ROOT

PAGE = ROOT / "docs" / "performance.md"
KEPT = ROOT / "docs" / "performance" / "bench.json"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"


def write(kept: Path = KEPT) -> None:
    """Replace what is between the marks by the figures of the kept report."""
    PAGE.write_text(written(PAGE.read_text(), Report.read(kept)))


def written(page: str, report: Report) -> str:
    """Return the page with the tables of this report."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables(report)}\n{END}{after}"


def tables(report: Report) -> str:
    """Return the report as Markdown."""
    scale = "" if report.scale == 1 else f" SCALE={report.scale:g}"
    how = f"`make bench{scale}` · {report.date} · commit {report.commit} · {report.machine}"
    costs = [_table(*report.costs(subject)) for subject in report.rows]
    alone = [_table(*report.answered())] if report.answers else []
    said = [*report.parts(), *report.troubles]
    told = ["\n".join(f"* {line}" for line in said)] if said else []
    return "\n\n".join([how, _table(report.heads(), *report.lines()), *alone, *told, *costs])


def _table(heads: list[str], *lines: list[str]) -> str:
    rule = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *lines))
