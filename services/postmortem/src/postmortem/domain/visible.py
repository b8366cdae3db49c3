"""Text from outside, made safe to look at: what cannot be seen is written out, as `(U+202E)`."""

from tocsin import visible as common


def visible(text: str, *, lines: bool = False) -> str:
    """Return `text` with what is invisible or changes direction written out.

    With `lines`, line breaks and tabs stay; without, they are spaces.
    """
    return common.visible(text, lines=lines, written=lambda number: f"(U+{number:04X})")
