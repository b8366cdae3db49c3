"""Everything wrong with a set of documents, all at once, each with its place and a way out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tocsin.catalog import rules
from tocsin.catalog.documents import KINDS, Document
from tocsin.catalog.fields import spec_mistakes
from tocsin.catalog.mistakes import Mistake
from tocsin.catalog.snapshot import Catalog
from tocsin.catalog.spec import NEW, Name, Spec
from tocsin.catalog.suggestions import nearest

__all__ = ["Mistake", "documents_of", "mistakes"]

Written = Any  # A Document, or JSON as somebody wrote it, which may be anything.
_NAME = TypeAdapter[str](Name)
_FIELDS = ("kind", "name", "spec")


@dataclass(frozen=True, slots=True)
class _Read:
    """A document as far as it can be read."""

    position: int
    kind: str
    name: str
    written: Mapping[str, Any]
    spec: Spec | None
    mistakes: tuple[Mistake, ...]


def mistakes(
    documents: Sequence[Written], *, known: Catalog, whole: bool = True, new: bool = True
) -> list[Mistake]:
    """Return everything wrong with `documents`, errors first, then warnings.

    `known` is what the catalog holds beside them: the documents of other sets. Where these are not
    the `whole`, because others could not be read, what those may explain is left out. What is not
    `new` was in force, and is held to what it needs to be in force again.
    """
    reads = [_read(position, written, new=new) for position, written in enumerate(documents)]
    found = [mistake for read in reads for mistake in read.mistakes]
    found.extend(_duplicates(reads))
    readable = [rules.Placed(r.position, r.kind, r.name, r.written, r.spec) for r in reads]
    names = {(read.kind, read.name) for read in reads} | set(known.specs)
    found.extend(rules.broken_rules(readable, names, known, whole=whole))
    if new:
        found.extend(rules.misplaced_times(readable))
    return sorted(found, key=_order)


def _order(mistake: Mistake) -> tuple[bool, bool, int]:
    return not mistake.is_error, mistake.position is None, mistake.position or 0


def documents_of(documents: Iterable[Written]) -> list[Document]:
    """Return written documents, in which `mistakes` found none, as documents."""
    return [one if isinstance(one, Document) else Document.model_validate(one) for one in documents]


def _read(position: int, document: Written, *, new: bool) -> _Read:
    raw: object = document.model_dump() if isinstance(document, Document) else document
    if not isinstance(raw, Mapping):
        message = "is not a mapping with kind, name and spec"
        wrong = Mistake("document", f"#{position + 1}", "", message, position=position)
        return _Read(position, "", "", {}, None, (wrong,))
    kind, name = str(raw.get("kind", "")), str(raw.get("name", ""))
    label = (kind or "document", name or f"#{position + 1}")
    found = [*_head_mistakes(raw, position, label)]
    inside = raw.get("spec", {})
    written: Mapping[str, Any] = inside if isinstance(inside, Mapping) else {}
    spec: Spec | None = None
    if kind in KINDS and inside is written:
        try:
            spec = KINDS[kind].model_validate(written, context=NEW if new else None)
        except ValidationError as error:
            found.extend(spec_mistakes(KINDS[kind], error, label, position))
    return _Read(position, kind, name, written, spec, tuple(found))


def _head_mistakes(
    raw: Mapping[str, Any], position: int, label: tuple[str, str]
) -> Iterator[Mistake]:
    kind, name = raw.get("kind"), raw.get("name")
    for field in raw:
        if field not in _FIELDS:
            near = nearest(str(field), _FIELDS)
            yield Mistake(*label, str(field), "unknown field", near, position=position)
    if kind is None:
        yield Mistake(*label, "kind", f"is missing; one of {', '.join(KINDS)}", position=position)
    elif not isinstance(kind, str) or kind not in KINDS:
        near = nearest(str(kind), KINDS)
        yield Mistake(*label, "kind", f"unknown kind {kind!r}", near, position=position)
    if wrong := _wrong_with(name):
        yield Mistake(*label, "name", wrong, position=position)
    if not isinstance(raw.get("spec", {}), Mapping):
        yield Mistake(*label, "spec", "is not a mapping", position=position)


def _wrong_with(name: object) -> str:
    """Return why this is no name; nothing where it is."""
    if name is None:
        return "is missing"
    if isinstance(name, int | float):
        return f"{name!r} is a number where text belongs; put it in quotes"
    try:
        _NAME.validate_python(name, strict=True)
    except ValidationError:
        marks = "letters, digits, '.', '_' and '-', at most 100, a letter or digit first"
        return f"{name!r} is not a name: {marks}"
    return ""


def _duplicates(reads: Sequence[_Read]) -> Iterator[Mistake]:
    """Yield every document that shares its name: who mends it has to see them all."""
    named: dict[tuple[str, str], list[int]] = {}
    for read in reads:
        if read.kind and read.name:
            named.setdefault((read.kind, read.name), []).append(read.position)
    for (kind, name), positions in named.items():
        for position in positions if len(positions) > 1 else ():
            message = f"there is another {kind} of this name"
            yield Mistake(kind, name, "name", message, position=position)
