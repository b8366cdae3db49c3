"""What an export makes of a folder: nothing that it did not write itself is lost to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tocsin.catalog import loading, writing

State = Literal["new", "unchanged", "differing", "gone", "foreign"]


@dataclass(frozen=True, slots=True)
class File:
    """A file of a set: what is to stand in it, and how it is beside that.

    `gone` was written by an earlier export, of a kind that the set has no more; `foreign` by
    somebody else, and whoever reads the folder would read it too.
    """

    path: Path
    of_set: str
    text: str = ""
    documents: int = 0
    state: State = "new"


def compared(wanted: Iterable[File], folders: Mapping[Path, str]) -> list[File]:
    """Return the files that are wanted as they are now, and whatever else is in their folders."""
    found = {one.path: replace(one, state=_state(one)) for one in wanted}
    for folder, of_set in folders.items():
        for path in _files(folder):
            if path not in found:
                is_ours = path.parent == folder and _is_written_by_us(path, of_set)
                found[path] = File(path, of_set, state="gone" if is_ours else "foreign")
    return list(found.values())


def of_other_sets(out: Path, folders: Iterable[Path]) -> list[File]:
    """Return what was written before of sets that are no more, each in a folder of its name."""
    others = sorted(one for one in _folders(out) if one not in folders)
    return [
        File(path, folder.name, state="gone")
        for folder in others
        for path in _files(folder)
        if path.parent == folder and _is_written_by_us(path, folder.name)
    ]


def put(file: File) -> None:
    """Make a file as it is wanted; a kill leaves it whole, as it was or as it is to be."""
    if file.state == "gone":
        file.path.unlink()
        return
    file.path.parent.mkdir(parents=True, exist_ok=True)
    partial = file.path.with_name(f"{file.path.name}.partial")
    try:
        partial.write_text(file.text, encoding="utf-8", newline="\n")
        partial.replace(file.path)
    finally:
        partial.unlink(missing_ok=True)


def _state(file: File) -> State:
    if not file.path.is_file():
        return "new"
    return "unchanged" if file.path.read_bytes() == file.text.encode() else "differing"


def _files(folder: Path) -> list[Path]:
    return loading.files(folder) if folder.is_dir() else []


def _folders(out: Path) -> list[Path]:
    return [one for one in out.iterdir() if one.is_dir()] if out.is_dir() else []


def _is_written_by_us(path: Path, of_set: str) -> bool:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline() == writing.header(of_set).splitlines(keepends=True)[0]
