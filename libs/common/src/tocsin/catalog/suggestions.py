"""The nearest right word to a wrong one."""

import difflib
import re
from collections.abc import Collection, Iterable

SHOWN = 100  # A wrong name may be of any length.
MOST_COMPARED = 50_000  # Names: somewhat under a second.


def nearest(word: str, right: Iterable[str]) -> str:
    """Return the right word most like this one, or an empty string where none is."""
    words = {one.lower(): one for one in sorted(right)}
    found = difflib.get_close_matches(word.lower(), words, n=1, cutoff=0.6)
    return words[found[0]] if found else ""


def one_of(word: str, right: Collection[str]) -> str:
    """Return the nearest right word as a question, or else all that there are."""
    near = nearest(word, right)
    return f'did you mean "{near}"?' if near else f"it has {', '.join(sorted(right)) or 'none'}"


class NearestNames:
    """The nearest names of the catalog, as long as that is no work.

    Many names that are missing are no typos but documents that are not there: telling each with
    the nearest would keep a service for minutes from what it is there for.
    """

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        """Know these names, each with its kind."""
        self._names: dict[str, list[str]] = {}
        for kind, name in names:
            self._names.setdefault(kind, []).append(name)
        self._found: dict[tuple[str, str], str] = {}
        self._left = MOST_COMPARED

    def to(self, kind: str, name: str) -> str:
        """Return the nearest name of this kind, or an empty string where none is."""
        if (kind, name) not in self._found:
            right = self._names.get(kind, ())
            self._left -= len(right)
            self._found[kind, name] = nearest(name, right) if self._left >= 0 else ""
        return self._found[kind, name]


def no_such(kind: str, name: str, known: Iterable[tuple[str, str]]) -> str:
    """Return that there is no document of this kind and name, and the nearest name of the kind."""
    near = nearest(name[:SHOWN], (one for of_kind, one in known if of_kind == kind))
    hint = f'; did you mean "{near}"?' if near else ""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()
    return f"the catalog has no {words} {name[:SHOWN]!r}{hint}"


def as_sentence(clause: str) -> str:
    """Return a clause as a sentence of its own."""
    return f"{clause[0].upper()}{clause[1:]}{'' if clause.endswith('?') else '.'}"
