"""`tocsin export`: the catalog in force as the folder that `validate`, `plan` and `apply` read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tocsin.catalog import writing
from tocsin.catalog.suggestions import one_of
from tocsin.cli import export_folder
from tocsin.cli.export_folder import File
from tocsin.cli.failure import CliError, UsageError
from tocsin.cli.on_call import ESCALATION
from tocsin.cli.session import Session, session

Document = dict[str, Any]
Sets = Mapping[str, Sequence[Document]]
DONE = {"new": "written", "differing": "written", "gone": "removed", "unchanged": "unchanged"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def export(
    ctx: typer.Context,
    of_set: Annotated[str, typer.Option("--set", help="Of one set only.")] = "",
    out: Annotated[
        Path | None,
        typer.Option(help="Into this folder; without --set, into a folder of it for each set."),
    ] = None,
    version: Annotated[
        int | None, typer.Option(min=1, help="An earlier one; `tocsin history` lists them.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write over what differs, remove what is gone.")
    ] = False,
) -> None:
    """Write the catalog in force as YAML that a plan finds no change in, to stdout or a folder."""
    run = session(ctx)
    if force and out is None:
        raise UsageError("--force is about the files of a folder: name it with --out")
    if out is not None and out.exists() and not out.is_dir():
        raise UsageError(f"{out} is no folder: name one, or one that is yet to be made")
    found = run.client.get(ESCALATION, "/v1/catalog", {"version": version})
    sets = _sets(found, of_set)
    if out is None:
        _show(run, found["version"], sets)
        return
    folders = {out if of_set else out / name: name for name in sets}
    wanted = [file for folder, name in folders.items() for file in _files(run, folder, sets[name])]
    try:
        files = export_folder.compared(wanted, folders)
        if not of_set:
            files += export_folder.of_other_sets(out, folders)
        _refuse(files, force=force)
        for file in files:
            if file.state != "unchanged":
                export_folder.put(file)
    except OSError as error:
        raise CliError(f"{out} could not be written: {error}; run it again") from error
    _tell(run, found["version"], out, files)


def _sets(found: Any, wanted: str) -> Sets:  # noqa: ANN401 - what escalation answers.
    """Return the documents of each set, or of the one that is wanted, by its name."""
    sets: dict[str, list[Document]] = {}
    for one in sorted(found["documents"], key=lambda one: (one["set"], one["kind"], one["name"])):
        for word in (one["set"], one["kind"]):
            if not _NAME.fullmatch(word):  # Files are named by it.
                raise CliError(f"{word!r} names no set and no kind; is it escalation that answers?")
        sets.setdefault(one["set"], []).append(one)
    where = f"at version {found['version']}"
    if not sets:
        raise CliError(f"The catalog holds nothing {where}.")
    if wanted and wanted not in sets:
        raise CliError(f"The catalog has no set {wanted!r} {where}; {one_of(wanted, sets)}")
    return {wanted: sets[wanted]} if wanted else sets


def _texts(run: Session, documents: Sequence[Document]) -> list[tuple[str, str]]:
    """Return each document of a set as YAML, with its kind."""
    found = []
    with run.out.bar(f"the set {documents[0]['set']}") as advance:
        for done, one in enumerate(documents, start=1):
            found.append((one["kind"], writing.written(one)))
            advance(done, len(documents))
    return found


def _files(run: Session, folder: Path, documents: Sequence[Document]) -> Iterator[File]:
    """Yield the files of a set: one for each kind, with its documents by name."""
    of_set = documents[0]["set"]
    kinds: dict[str, list[str]] = {}
    for kind, text in _texts(run, documents):
        kinds.setdefault(kind, []).append(text)
    for kind, texts in kinds.items():
        text = writing.header(of_set) + writing.BETWEEN.join(texts)
        yield File(folder / writing.file_of(kind), of_set, text, len(texts))


def _show(run: Session, version: int, sets: Sets) -> None:
    every = [one for documents in sets.values() for one in documents]
    run.out.answer({"version": version, "documents": every})
    if not run.out.machine:
        streams = (
            writing.header(name) + writing.BETWEEN.join(text for _, text in _texts(run, found))
            for name, found in sets.items()
        )
        run.out.text(writing.BETWEEN.join(streams))


def _refuse(files: Sequence[File], *, force: bool) -> None:
    """Let nobody lose what they wrote, and let no folder say more than the catalog does."""
    foreign = [one for one in files if one.state == "foreign"]
    if foreign:
        said = "was not written by `tocsin export`, and a plan would read it as well"
        _fail(foreign, said, "Move what is named, or name another folder.")
    lost = [one for one in files if one.state in {"differing", "gone"}]
    if lost and not force:
        said = "is not as it would be written"
        _fail(lost, said, "--force writes over what differs, and removes what is in force no more.")


def _fail(files: Sequence[File], said: str, way_out: str) -> None:
    lines = [f"{one.path}: {said}" for one in files]
    more = {"files": [{"file": str(one.path), "state": one.state} for one in files]}
    raise CliError("\n".join([*lines, f"Nothing was written. {way_out}"]), more=more)


def _tell(run: Session, version: int, out: Path, files: Sequence[File]) -> None:
    told = [
        {
            "file": str(one.path),
            "set": one.of_set,
            "documents": one.documents,
            "state": DONE[one.state],
        }
        for one in files
    ]
    run.out.answer({"version": version, "folder": str(out), "files": told})
    for one in told:
        if one["state"] != "unchanged":
            run.out.say(f"{one['state']} {one['file']}")
    number = sum(one.documents for one in files)
    run.out.say(f"{out}: {number} documents, as they are at version {version}", style="green")
