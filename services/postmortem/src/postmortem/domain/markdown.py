"""Markdown that strangers' words cannot break out of, and footnotes that name the evidence."""

import re
from collections.abc import Iterable, Iterator, Sequence

from postmortem.domain.document import Ids
from postmortem.domain.plain import blocks, one_line, visible

_MARKUP = re.compile(r"([\\`*_{}\[\]#!|~^$@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_AT_THE_START = re.compile(r"([-+=]|\d+(?=[.)]))")


def inline(text: str) -> str:
    """Return `text` as inline Markdown that shows it and does nothing else."""
    return _inert(one_line(text))


def prose(text: str) -> list[str]:
    """Return what people wrote as the lines of paragraphs and lists, and of nothing else.

    An empty line ends a paragraph; a line that starts with a dash and a space is an item.
    """
    found: list[str] = []
    for block in blocks(text):
        found += [f"- {_line(line)}" for line in block.lines] if block.is_list else []
        found += _broken([_line(line) for line in block.lines]) if not block.is_list else []
        found.append("")
    return found[:-1]


def _broken(lines: Sequence[str]) -> list[str]:
    return [*(line + "\\" for line in lines[:-1]), lines[-1]]


def _line(text: str) -> str:
    """Return one line of prose; whatever starts a block elsewhere starts none here."""
    line = _inert(visible(text))
    if found := _AT_THE_START.match(line):
        end = found.end()
        return f"\\{line}" if not line[0].isdigit() else f"{line[:end]}\\{line[end:]}"
    return line


def _inert(text: str) -> str:
    entities = "".join(_ENTITIES.get(character, character) for character in text)
    return _MARKUP.sub(r"\\\1", entities)


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

    def number(self, event_ids: Iterable[str]) -> int | None:
        """Return the number of the footnote that names these events; None for none."""
        ids = tuple(event_ids)
        return self._numbers.setdefault(ids, len(self._numbers) + 1) if ids else None

    def cite(self, event_ids: Iterable[str]) -> str:
        """Return the reference to the footnote that names these events; nothing for none."""
        number = self.number(event_ids)
        return "" if number is None else f"[^{number}]"

    def cited(self) -> Iterator[tuple[int, Ids]]:
        """Yield the footnotes, in the order they were cited."""
        for ids, number in self._numbers.items():
            yield number, ids

    def lines(self) -> list[str]:
        """Return the footnotes as Markdown."""
        return [
            f"[^{number}]: {', '.join(f'`{_code(event_id)}`' for event_id in ids)}"
            for number, ids in self.cited()
        ]


def _code(event_id: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.:-]", "_", event_id)
