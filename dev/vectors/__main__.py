"""`make vectors DIR=…`: the cases of a folder against our schedules, each disagreement named."""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dev.layout import ROOT
from dev.vectors.adapters import adapter_of, reading_of
from dev.vectors.cases import DISPUTED, Case, Disagreement, cases, disagreements
from dev.vectors.uncounted import UNCOUNTED

SHARED = "TOCSIN_SHARED"


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the cases of a folder; a disputed one is a case, but it asks no query."""

    cases: tuple[Case, ...]
    found: tuple[Disagreement, ...]

    @property
    def counted(self) -> list[Disagreement]:
        """Those that are not known beforehand to have no answer in their configuration."""
        return [one for one in self.found if one.case not in UNCOUNTED]

    def lines(self) -> Iterator[str]:
        """Yield the report: each disagreement with both answers, and the sums at the end."""
        for one in self.found:
            because = UNCOUNTED.get(one.case)
            yield f"{one}\n    not counted: {because}" if because else str(one)
        disputed = [one.id for one in self.cases if one.id.startswith(DISPUTED)]
        wrong = {one.case for one in self.found}
        if disputed:
            yield f"disputed: {len(disputed) - len(wrong & set(disputed))} of {len(disputed)} agree"
        asked = sum(len(one.queries) for one in self.cases if one.id not in disputed)
        right = asked - sum(one.case not in disputed for one in self.found)
        number = len(self.cases)
        yield (
            f"vectors: {number - len(wrong)} of {number} cases, {right} of {asked} queries agree"
        )


def default_folder() -> Path:
    """Return where the cases are, unless somebody says otherwise."""
    return Path(os.environ.get(SHARED) or ROOT.parent / "shared") / "schedule_vectors"


def report(folder: Path) -> Report:
    """Ask every case of a folder."""
    asked = tuple(cases(folder))
    found = (
        one
        for case in asked
        for one in disagreements(case, adapter_of(case.model), reading_of(case))
    )
    return Report(asked, tuple(found))


def main() -> int:
    """Print the report; return 1 where a query that counts disagrees."""
    parser = argparse.ArgumentParser(prog="python -m dev vectors", description=__doc__)
    parser.add_argument(
        "folder", type=Path, nargs="?", help=f"default: schedule_vectors in {SHARED}"
    )
    folder = parser.parse_args().folder or default_folder()
    if not folder.is_dir():
        print(f"vectors: skipped, there is no folder {folder}; name one: make vectors DIR=…")
        return 0
    found = report(folder)
    for line in found.lines():
        print(line)
    if not found.cases:
        print(f"{folder}: holds no cases (*.json)", file=sys.stderr)
        return 1
    return 1 if found.counted else 0


if __name__ == "__main__":
    sys.exit(main())
