"""Text from outside, made safe to look at: what cannot be seen is written out."""

import re
import unicodedata

# Controls, every format character (bidirectional overrides, zero width, tags), separators of lines
# and paragraphs, lone surrogates.
_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})
_SUSPECT = re.compile(r"[^\x20-\x7e]")


def visible(text: str, *, lines: bool = False) -> str:
    """Return `text` with what is invisible or changes direction written out, as `(U+202E)`.

    With `lines`, line breaks and tabs stay; without, they are spaces.
    """
    return _SUSPECT.sub(lambda found: _shown(found.group(), lines=lines), text)


def _shown(character: str, *, lines: bool) -> str:
    if character in "\n\t":
        return character if lines else " "
    if unicodedata.category(character) in _CATEGORIES:
        return f"(U+{ord(character):04X})"
    return character
