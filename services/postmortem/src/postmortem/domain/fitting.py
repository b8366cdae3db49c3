"""As much of a text as fits into a drawing."""

LETTER = 8  # About as wide as one is, at the size of our drawings.
SHORTEST = 2


def fitting(text: str, width: int) -> str:
    """Return as much of a text as fits, and nothing where that would say nothing."""
    letters = width // LETTER - 1
    if len(text) <= letters:
        return text
    return f"{text[: letters - 1]}…" if letters > SHORTEST else ""
