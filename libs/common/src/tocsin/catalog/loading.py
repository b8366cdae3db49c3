"""A folder of YAML files to catalog documents, each value with the file and line it stands on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarbool import ScalarBoolean

from tocsin.catalog.validation import Mistake

MAX_DEPTH = 40
Lines = dict[str, int]


class _Constructor(RoundTripConstructor):
    """YAML 1.2, but a time stays the text it was written as: the catalog is JSON."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", lambda _self, node: node.value)


@dataclass(frozen=True, slots=True)
class LoadedDocument:
    """A document as written, and where each of its values stands."""

    written: dict[str, Any]
    file: str
    line: int
    lines: Lines = field(repr=False)

    def where(self, path: str) -> str:
        """Return `file:line` of a path such as `spec.levels[0]`, or of the nearest around it."""
        while path and path not in self.lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return f"{self.file}:{self.lines.get(path, self.line)}"


@dataclass(frozen=True, slots=True)
class BrokenFile:
    """A file that is not YAML, or not documents: where, and why."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        """Return the line that a person reads."""
        return f"{self.file}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Loaded:
    """All documents of a folder in the order of its files, and what could not be read."""

    documents: tuple[LoadedDocument, ...] = ()
    broken: tuple[BrokenFile, ...] = ()

    @property
    def written(self) -> list[dict[str, Any]]:
        """The documents as they were written: what `validation.mistakes` and the API take."""
        return [document.written for document in self.documents]

    def located(self, mistake: Mistake) -> str:
        """Return a mistake with the place it stands at."""
        if mistake.position is None:
            return str(mistake)
        where = self.documents[mistake.position].where(mistake.path)
        return f"{where}: {mistake.sentence}"


def load(folder: Path) -> Loaded:
    """Return every document of the `.yaml` and `.yml` files below `folder` (or of one file)."""
    documents: list[LoadedDocument] = []
    broken: list[BrokenFile] = []
    for file in files(folder):
        try:
            documents.extend(_documents(file))
        except _BrokenDocumentError as error:
            broken.append(BrokenFile(str(file), error.line, str(error)))
        except MarkedYAMLError as error:
            broken.append(_broken(file, error))
        except (YAMLError, UnicodeDecodeError, OSError, RecursionError) as error:
            broken.append(BrokenFile(str(file), 1, f"cannot be read: {error}"))
    return Loaded(tuple(documents), tuple(broken))


def files(folder: Path) -> list[Path]:
    """Return the files that `load` reads, in its order."""
    if folder.is_file():
        return [folder]
    found = (file for kind in ("*.yaml", "*.yml") for file in folder.rglob(kind))
    inside = (file for file in found if file.is_file())
    return sorted(
        file
        for file in inside
        if not any(p.startswith(".") for p in file.relative_to(folder).parts)
    )


class _BrokenDocumentError(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def _documents(file: Path) -> Iterator[LoadedDocument]:
    yaml = YAML(typ="rt", pure=True)
    yaml.Constructor = _Constructor
    text = file.read_text(encoding="utf-8")
    for number, node in enumerate(yaml.load_all(text)):
        if node is None:  # An empty document, as after a last `---`.
            continue
        if not isinstance(node, CommentedMap):
            # Words alone do not know where they stood.
            found = next(islice(YAML(pure=True).compose_all(text), number, None))
            message = "a document is a mapping with kind, name and spec"
            raise _BrokenDocumentError(found.start_mark.line + 1, message)
        lines: Lines = {}
        yield LoadedDocument(_plain(node, "", lines), str(file), node.lc.line + 1, lines)


def _plain(node: Any, path: str, lines: Lines, depth: int = 0) -> Any:  # noqa: ANN401 - ruamel's nodes
    """Return the plain JSON value of a node, and note the lines below it."""
    if depth > MAX_DEPTH:
        raise _BrokenDocumentError(lines.get(path, 1), f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(node, Mapping):
        return {
            _key(key, node, lines, path): _plain(value, _below(path, key), lines, depth + 1)
            for key, value in node.items()
        }
    if isinstance(node, list):
        for at in range(len(node)):
            lines[f"{path}[{at}]"] = _line(node, at)
        return [_plain(item, f"{path}[{at}]", lines, depth + 1) for at, item in enumerate(node)]
    if isinstance(node, ScalarBoolean):  # What ruamel makes of a boolean with an anchor.
        return bool(node)
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return None if node is None else str(node)


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _key(key: object, node: Any, lines: Lines, path: str) -> str:  # noqa: ANN401 - ruamel's nodes
    lines[_below(path, key)] = (
        node.lc.key(key)[0] + 1 if key in (node.lc.data or {}) else _line(node)
    )
    return str(key)


def _line(node: Any, at: int | None = None) -> int:  # noqa: ANN401 - ruamel's nodes
    place = (node.lc.data or {}).get(at) if at is not None else None
    return int(place[0] if place else node.lc.line) + 1


def _broken(file: Path, error: MarkedYAMLError) -> BrokenFile:
    mark = error.problem_mark or error.context_mark
    message = " ".join(str(part) for part in (error.context, error.problem) if part)
    first = message.partition("\n")[0].strip()
    return BrokenFile(str(file), mark.line + 1 if mark else 1, f"not YAML: {first}")
