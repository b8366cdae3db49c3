"""Strangers' words as one line that shows everything and hides nothing, before any format."""

import unicodedata
from dataclasses import dataclass

LONGEST = 500
BULLET = "- "


def one_line(text: str, longest: int = LONGEST) -> str:
    """Return `text` as one visible line.

    Line breaks become spaces; control, direction and other invisible characters become visible;
    what is very long is cut, and the cut is shown.
    """
    line = " ".join(text.split())
    if len(line) > longest:
        line = line[: longest - 1] + "…"
    return visible(line)


def visible(text: str) -> str:
    """Return `text` with a readable name in the place of each character that cannot be seen."""
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    # Cc, Cf, Cs, Co, Cn: control, format (bidi overrides, zero width), surrogate, private, none.
    if unicodedata.category(character).startswith("C"):
        return f"(U+{ord(character):04X})"
    return character


@dataclass(frozen=True, slots=True)
class ProseBlock:
    """A paragraph, or a list of items, line by line."""

    lines: tuple[str, ...]
    is_list: bool = False


def blocks(text: str) -> tuple[ProseBlock, ...]:
    """Return what people wrote as paragraphs and lists.

    An empty line ends a block; a line that starts with a dash and a space is an item of a list.
    """
    found: list[ProseBlock] = []
    current: list[str] = []
    is_list = False
    for line in [*text.splitlines(), ""]:
        said = " ".join(line.split())
        item = said.startswith(BULLET) and said != BULLET.strip()
        if current and (not said or item != is_list):
            found.append(ProseBlock(tuple(current), is_list))
            current = []
        if said:
            is_list = item
            current.append(said.removeprefix(BULLET) if item else said)
    return tuple(found)
