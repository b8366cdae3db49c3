"""What processes use, from /proc: seconds of the processor and bytes of memory, children too."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Usage:
    """A process: its parent, its processor time with that of its ended children, its memory."""

    parent: int
    seconds: float
    resident: int


def parsed(stat: str) -> Usage:
    """Read one /proc/PID/stat; the name in it may hold anything, so fields count from its end."""
    fields = stat[stat.rindex(")") + 2 :].split()
    ticks = sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    return Usage(int(fields[1]), ticks / TICKS, int(fields[21]) * PAGE)


def seconds(pids: Mapping[str, int]) -> dict[str, float]:
    """Return the processor time that each of these processes and its descendants have used."""
    found = _all()
    return {name: sum(found[one].seconds for one in tree(found, pid)) for name, pid in pids.items()}


def resident(pids: Mapping[str, int]) -> dict[str, int]:
    """Return the bytes of memory that each of these processes itself holds."""
    found = _all()
    return {name: found[pid].resident for name, pid in pids.items() if pid in found}


def tree(found: Mapping[int, Usage], root: int) -> Iterator[int]:
    """Return a process and its descendants, of those that were found."""
    if root in found:
        yield root
    for pid, usage in found.items():
        if usage.parent == root:
            yield from tree(found, pid)


def _all() -> dict[int, Usage]:
    found = {}
    for folder in PROC.glob("[0-9]*"):
        try:
            found[int(folder.name)] = parsed((folder / "stat").read_text())
        except (FileNotFoundError, ProcessLookupError):  # It has ended meanwhile.
            continue
    return found
