"""Text from outside, made safe to look at, and short."""

from tocsin.visible import visible

__all__ = ["shortened", "visible"]


def shortened(text: str, limit: int) -> str:
    """Return `text` in at most `limit` characters, and an ellipsis that says there was more."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
