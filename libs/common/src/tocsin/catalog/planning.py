"""What applying a set of documents would change: created, changed and deleted, field by field."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from tocsin.catalog.documents import KINDS, Document
from tocsin.catalog.snapshot import Catalog, Key

Spec = Mapping[str, Any]  # As it was written: JSON.


@dataclass(frozen=True, slots=True)
class Held:
    """A document that the catalog holds: what it says, of which set, since which version."""

    kind: str
    name: str
    set: str
    spec: Spec
    version: int = 0
    author: str = ""

    @property
    def key(self) -> Key:
        """Kind and name."""
        return self.kind, self.name


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a document, `None` where it is not there."""

    path: str
    before: Any  # JSON
    after: Any  # JSON


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one document. `renamed` names the other half of what looks like a rename."""

    action: Literal["created", "changed", "deleted"]
    kind: str
    name: str
    fields: tuple[FieldChange, ...] = ()
    spec: Spec | None = None
    renamed: str = ""
    set: str = ""  # Where not all changes are of one set.


def foreign(held: Iterable[Held], documents: Iterable[Document], of_set: str) -> list[Held]:
    """Return the documents that another set holds under the same kind and name: not ours."""
    wanted = {(document.kind, document.name) for document in documents}
    return [one for one in held if one.set != of_set and one.key in wanted]


def changes(held: Iterable[Held], documents: Sequence[Document], of_set: str) -> list[Change]:
    """Return what applying `documents` as the set `of_set` would change, in a stable order.

    Documents of other sets stay as they are.
    """
    before = {one.key: one.spec for one in held if one.set == of_set}
    after = {(document.kind, document.name): document.spec for document in documents}
    found = [_written(key, before.get(key), spec) for key, spec in after.items()]
    found += [_deleted(key, spec) for key, spec in before.items() if key not in after]
    return _with_renames(sorted((one for one in found if one), key=_order))


def restoring(held: Iterable[Held], wanted: Iterable[Held]) -> list[Change]:
    """Return what makes the documents that are held those that are wanted, of any sets."""
    before, after = ({one.key: one for one in some} for some in (held, wanted))
    found = []
    for key in {**before, **after}:
        old, new = before.get(key), after.get(key)
        change = (
            _written(key, old.spec if old else None, new.spec)
            if new
            else _deleted(key, before[key].spec)
        )
        if old and new and old.set != new.set:
            fields = (FieldChange("set", old.set, new.set), *(change.fields if change else ()))
            change = Change("changed", *key, fields, new.spec)
        if change:
            found.append(replace(change, set=(new or before[key]).set))
    return _with_renames(sorted(found, key=_order))


def resulting(
    held: Iterable[Held], documents: Iterable[Document], of_set: str, version: int
) -> Catalog:
    """Return the catalog as it would be; the documents must be without mistakes."""
    before = {one.key: one for one in held}
    found = [one for one in before.values() if one.set != of_set]
    for document in documents:
        one = Held(document.kind, document.name, of_set, document.spec, version)
        kept = before.get(one.key)
        found.append(kept if kept and kept.set == of_set and kept.spec == one.spec else one)
    return catalog_of(found, version)


def catalog_of(held: Iterable[Held], version: int) -> Catalog:
    """Return these documents as a catalog."""
    # Read leniently, as every service does: a later release may have written more fields.
    known = [one for one in held if one.kind in KINDS]
    specs = {one.key: KINDS[one.kind].model_validate(one.spec, extra="ignore") for one in known}
    versions = {one.key: one.version for one in known}
    return Catalog(version, specs, versions, {one.key: one.set for one in known})


def _written(key: Key, before: Spec | None, after: Spec) -> Change | None:
    if before is None:
        return Change("created", *key, _differences("spec", None, after), after)
    fields = _differences("spec", before, after)
    return Change("changed", *key, fields, after) if fields else None


def _deleted(key: Key, before: Spec) -> Change:
    return Change("deleted", *key, _differences("spec", before, None))


def _differences(path: str, before: Any, after: Any) -> tuple[FieldChange, ...]:  # noqa: ANN401 - JSON
    """Walk two JSON values in parallel; lists are compared by position."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        names = [*before, *(name for name in after if name not in before)]
        return tuple(
            change
            for name in names
            for change in _differences(f"{path}.{name}", before.get(name), after.get(name))
        )
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return tuple(
            change for at, (old, new) in pairs for change in _differences(f"{path}[{at}]", old, new)
        )
    return () if before == after else (FieldChange(path, before, after),)


_KIND_ORDER = {kind: place for place, kind in enumerate(KINDS)}


def _order(change: Change) -> tuple[bool, int, str]:
    # What is referred to may go only after what refers to it: deletions come last.
    return change.action == "deleted", _KIND_ORDER.get(change.kind, len(KINDS)), change.name


def _with_renames(found: list[Change]) -> list[Change]:
    """Mark a deletion and a creation of the same content: names are keys, so it is a rename."""
    pairs: dict[Key, str] = {}
    for gone in (one for one in found if one.action == "deleted"):
        content = gone.fields[0].before if gone.fields else {}
        for new in (one for one in found if one.action == "created" and one.kind == gone.kind):
            if content and new.spec == content and (new.kind, new.name) not in pairs:
                pairs[new.kind, new.name], pairs[gone.kind, gone.name] = gone.name, new.name
                break
    return [replace(one, renamed=pairs.get((one.kind, one.name), "")) for one in found]
