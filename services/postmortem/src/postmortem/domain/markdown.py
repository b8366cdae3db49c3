"""Markdown that strangers' words cannot break out of, and footnotes that name the evidence."""

import re
import unicodedata
from collections.abc import Iterable

from postmortem.domain.facts import Ids

LONGEST = 500
_MARKUP = re.compile(r"([\\`*_{}\[\]#!|~^$@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def inline(text: str) -> str:
    """Return `text` as inline Markdown that shows it and does nothing else.

    Line breaks become spaces; control, direction and other invisible characters become visible;
    what is very long is cut, and the cut is shown.
    """
    line = " ".join(text.split())
    if len(line) > LONGEST:
        line = line[: LONGEST - 1] + "…"
    visible = "".join(_visible(character) for character in line)
    entities = "".join(_ENTITIES.get(character, character) for character in visible)
    return _MARKUP.sub(r"\\\1", entities)


def _visible(character: str) -> str:
    # Cc, Cf, Cs, Co, Cn: control, format (bidi overrides, zero width), surrogate, private, none.
    if unicodedata.category(character).startswith("C"):
        return f"(U+{ord(character):04X})"
    return character


def table(head: Iterable[str], body: Iterable[Iterable[str]]) -> list[str]:
    """Return a GFM table; the cells are Markdown already."""
    names = list(head)
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    return [*lines, *(f"| {' | '.join(cells)} |" for cells in body)]


class Footnotes:
    """Numbers the evidence as it is cited; the same events cited twice are one footnote."""

    def __init__(self) -> None:
        """Start with none."""
        self._numbers: dict[Ids, int] = {}

    def cite(self, event_ids: Iterable[str]) -> str:
        """Return the reference to the footnote that names these events; nothing for none."""
        ids = tuple(event_ids)
        if not ids:
            return ""
        number = self._numbers.setdefault(ids, len(self._numbers) + 1)
        return f"[^{number}]"

    def lines(self) -> list[str]:
        """Return the footnotes, in the order they were cited."""
        return [
            f"[^{number}]: {', '.join(f'`{_code(event_id)}`' for event_id in ids)}"
            for ids, number in self._numbers.items()
        ]


def _code(event_id: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.:-]", "_", event_id)
