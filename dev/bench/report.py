"""What a run of the bench found, as JSON and as cells of a table."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from dev.bench.figures import Aim, Answer, Row, ratio
from dev.bench.rows import ROWS

TITLES = {"sqlite": "SQLite", "postgres": "PostgreSQL", "alertmanager": "Alertmanager"}
_FORMS = {
    "accepted": ("", "{:,.0f}/s accepted"),
    "rate": ("", "{:,.0f}/s done"),
    "p50": ("p50 ", "{:,.0f} ms"),
    "p99": ("p99 ", "{:,.0f} ms"),
    "size": ("", "{:,.0f} B"),
    "seconds": ("", "{:.1f} s"),
}


@dataclass
class Report:
    """One run: rows by what they measured (`sqlite`, `postgres`, `alertmanager`)."""

    commit: str
    machine: str
    scale: float
    rows: dict[str, list[Row]] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    date: str = ""
    answers: list[Answer] = field(default_factory=list)
    answers_by: str = ""  # The run that they are from, where it is another.

    def write(self, path: Path) -> None:
        """Keep it as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> "Report":
        """Read what `write` kept."""
        kept = json.loads(path.read_text())
        rows = {name: [Row(**row) for row in some] for name, some in kept.pop("rows").items()}
        answers = [Answer(**one) for one in kept.pop("answers", ())]
        return cls(**kept, rows=rows, answers=answers)

    def with_answers_of(self, other: "Report") -> "Report":
        """Return this run with the answers of another, which measured nothing else."""
        return replace(self, answers=other.answers, answers_by=f"{other.date}, {other.commit}")

    def row(self, subject: str, key: str) -> Row | None:
        """Return what a subject showed in a row."""
        return next((row for row in self.rows.get(subject, ()) if row.key == key), None)

    def lines(self) -> list[list[str]]:
        """Return the table's cells: each row that was measured, by subject, ratio and aim."""
        return [
            [kind.name, *(self._cell(subject, key) for subject in self.rows), *self._beside(key)]
            for key, kind in ROWS.items()
            if any(self.row(subject, key) for subject in self.rows)
        ]

    def heads(self) -> list[str]:
        """Return what stands above the table's columns."""
        peer = ["to Alertmanager's"] if "alertmanager" in self.rows else []
        return ["measurement", *(TITLES[subject] for subject in self.rows), *peer, "aim"]

    def costs(self, subject: str) -> list[list[str]]:
        """Return what an alert costs of the processor in each row, heads first."""
        measured = [row for row in self.rows[subject] if row.cpu]
        names = list(measured[0].cpu) if measured else []
        lines = [
            [
                "idle, per second" if row.key == "idle" else ROWS[row.key].name,
                *(f"{row.cpu.get(name, 0):.2f}" for name in names),
                f"{sum(row.cpu.get(name, 0) for name in names):.2f}",
            ]
            for row in measured
        ]
        return [[f"ms of the processor, {TITLES[subject]}", *names, "all"], *lines]

    def answered(self) -> list[list[str]]:
        """Return what the code alone costs, heads first; nothing where it was not measured."""
        by = f" ({self.answers_by})" if self.answers_by else ""
        heads = [f"the code alone{by}", "measured", "aim"]
        return [heads, *(one.cells() for one in self.answers)] if self.answers else []

    def parts(self) -> list[str]:
        """Return in words what memory and start-up consist of."""
        return [
            f"{ROWS[row.key].name}, {TITLES[subject]}: {_listed(row)}."
            for subject, rows in self.rows.items()
            for row in rows
            if len(row.parts) > 1
        ]

    def _cell(self, subject: str, key: str) -> str:
        row = self.row(subject, key)
        if row is None:
            return ""
        shown = [_said(one, getattr(row, one)) for one in _measured(row)]
        refused = [f"{row.refused:,} refused"] if row.refused else []
        return ", ".join([*shown, *refused]) or "none held"

    def _beside(self, key: str) -> Iterable[str]:
        if "alertmanager" in self.rows:
            theirs, figure = self.row("alertmanager", key), ROWS[key].shows[0]
            ours = [self.row(subject, key) for subject in self.rows if subject != "alertmanager"]
            found = [ratio(row, theirs, figure) for row in ours if row and theirs]
            yield " and ".join(f"x {one:,.2f}" for one in found if one is not None)
        yield ", ".join(self._aim(key, aim) for aim in ROWS[key].aims)

    def _aim(self, key: str, aim: Aim) -> str:
        rows = {s: self.row(s, key) for s in self.rows if s != "alertmanager"}
        missed = [TITLES[s] for s, row in rows.items() if row and not aim.met(row)]
        said = _said(aim.figure, aim.bound, ">= " if aim.at_least else "<= ")
        return f"{said}: not met on {' and '.join(missed)}" if missed else said


def _measured(row: Row) -> list[str]:
    return [figure for figure in ROWS[row.key].shows if getattr(row, figure) is not None]


def _listed(row: Row) -> str:
    figure = "size" if row.size is not None else "seconds"
    return ", ".join(f"{name} {_said(figure, value)}" for name, value in row.parts.items())


def _said(figure: str, value: float, sign: str = "") -> str:
    name, form = _FORMS[figure]
    return f"{name}{sign}{form.format(value)}"
