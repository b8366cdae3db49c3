"""The nearest right word to a wrong one."""

import difflib
from collections.abc import Iterable


def nearest(word: str, right: Iterable[str]) -> str:
    """Return the right word most like this one, or an empty string where none is."""
    words = {one.lower(): one for one in sorted(right)}
    found = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    return words[found[0]] if found else ""
