"""Text from outside, made safe to look at: what cannot be seen is written out."""

import re
import unicodedata
from collections.abc import Callable

# Cc without tab and newline, every format character (bidirectional controls, zero-width, tags),
# line and paragraph separators, and lone surrogates.
_CATEGORIES = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})
LATIN = 0xFF
BASIC = 0xFFFF
_SUSPECT = re.compile(r"[^\x20-\x7e]")


def escape(number: int) -> str:
    r"""Return a code point as Python writes it: `\x1b`, `\u202e`, `\U000e0041`."""
    if number > BASIC:
        return f"\\U{number:08x}"
    return f"\\x{number:02x}" if number <= LATIN else f"\\u{number:04x}"


def visible(text: str, *, lines: bool = False, written: Callable[[int], str] = escape) -> str:
    """Return `text` with invisible and direction-changing characters `written` out.

    With `lines`, newlines and tabs stay; without, the result is one line.
    """

    def shown(found: re.Match[str]) -> str:
        character = found.group()
        if character in "\n\t":
            return character if lines else " "
        # ZWJ and the like inside emoji and scripts are lost to sight here: a page must not deceive.
        if unicodedata.category(character) in _CATEGORIES:
            return written(ord(character))
        return character

    return _SUSPECT.sub(shown, text)
