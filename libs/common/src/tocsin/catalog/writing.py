"""Catalog documents to YAML: what `loading` reads back as the same, in lines that git compares."""

import io
import json
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.representer import SafeRepresenter

from tocsin.catalog.sets import OWN_SETS

WIDEST = 80  # Of a mapping or a list that stands in one line.
BETWEEN = "---\n"
_TAG = "tag:yaml.org,2002:"
# Text in YAML 1.2, which the catalog is, but a boolean, a number or the mark of a key to readers.
_AMBIGUOUS = re.compile(r"\?.*|(?i:y|n|yes|no|on|off)|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")


class _Document(dict[str, Any]):
    """Its fields stand in lines of their own, however short it is."""


class _Representer(SafeRepresenter):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401 - JSON
        """Write every value where it belongs: anchors are for those who write by hand."""
        del data
        return True


def _mapping(writer: SafeRepresenter, value: dict[str, Any]) -> MappingNode:
    is_short = not isinstance(value, _Document) and _fits_a_line(value, value.values())
    # As pairs: a mapping would be sorted.
    return writer.represent_mapping(f"{_TAG}map", list(value.items()), flow_style=is_short)


def _list(writer: SafeRepresenter, value: list[Any]) -> SequenceNode:
    return writer.represent_sequence(f"{_TAG}seq", value, flow_style=_fits_a_line(value, value))


def _text(writer: SafeRepresenter, value: str) -> ScalarNode:
    style = None
    if _AMBIGUOUS.fullmatch(value) or not value.replace("\n", "").isprintable():
        style = '"'
    elif "\n" in value and value[0] not in " \n":
        style = "|"
    return writer.represent_scalar(f"{_TAG}str", value, style=style)


def _fits_a_line(value: Any, items: Iterable[Any]) -> bool:  # noqa: ANN401 - JSON
    for item in items:
        if isinstance(item, dict | list) or (isinstance(item, str) and "\n" in item):
            return False
    return len(json.dumps(value, ensure_ascii=False)) <= WIDEST


_Representer.add_representer(_Document, _mapping)
_Representer.add_representer(dict, _mapping)
_Representer.add_representer(list, _list)
_Representer.add_representer(str, _text)


def written(document: Mapping[str, Any]) -> str:
    """Return a document (kind, name, spec; JSON) as YAML."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Representer = _Representer
    yaml.width = sys.maxsize  # Nothing is folded: what changes in a line is one line of a diff.
    yaml.indent(mapping=2, sequence=4, offset=2)
    text = io.StringIO()
    yaml.dump(_Document((field, document[field]) for field in ("kind", "name", "spec")), text)
    return text.getvalue()


def file_of(kind: str) -> str:
    """Return the name of the file that holds the documents of a kind: `escalation-policy.yaml`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind).lower() + ".yaml"


def header(of_set: str) -> str:
    """Return the comment above the documents of a set; its first line says who wrote the file."""
    text = f"# Written by `tocsin export` from the set {of_set}.\n"
    if of_set in OWN_SETS:
        text += "# Tocsin changes this set by itself: applied, it takes back what has come since.\n"
    return text
