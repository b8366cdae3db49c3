"""Text from outside, made safe to look at: what cannot be seen is written out."""

import re
import unicodedata

# Cc without tab and newline, every format character (bidirectional controls, zero-width, tags),
# line and paragraph separators, and lone surrogates.
_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})
LATIN = 0xFF
BASIC = 0xFFFF
_SUSPECT = re.compile(r"[^\x20-\x7e]")


def visible(text: str, *, lines: bool = False) -> str:
    """Return `text` with invisible and direction-changing characters written as escapes.

    With `lines`, newlines and tabs stay; without, the result is one line.
    """
    return _SUSPECT.sub(lambda found: _shown(found.group(), lines=lines), text)


def shortened(text: str, limit: int) -> str:
    """Return `text` in at most `limit` characters, and an ellipsis that says there was more."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _shown(character: str, *, lines: bool) -> str:
    if character in "\n\t":
        return character if lines else " "
    # ZWJ and the like inside emoji and scripts are lost to sight here: a page must not deceive.
    if unicodedata.category(character) in _CATEGORIES:
        number = ord(character)
        if number > BASIC:
            return f"\\U{number:08x}"
        return f"\\x{number:02x}" if number <= LATIN else f"\\u{number:04x}"
    return character
