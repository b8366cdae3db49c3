"""Severity: how bad, says the sender; ranked, and read from the words that tools use."""

from collections.abc import Mapping

from tocsin.events import Severity

RANKED: tuple[Severity, ...] = ("critical", "error", "warning", "info")
DEFAULT: Severity = "error"
_WORDS: dict[str, Severity] = {
    **dict.fromkeys(("critical", "crit", "page", "emergency", "fatal", "p1"), "critical"),
    **dict.fromkeys(("error", "err", "high", "major", "p2"), "error"),
    **dict.fromkeys(("warning", "warn", "minor", "medium", "p3"), "warning"),
    **dict.fromkeys(("info", "notice", "none", "low", "informational", "p4", "p5"), "info"),
}


def rank(severity: Severity) -> int:
    """Return the place of a severity; 0 is the worst."""
    return RANKED.index(severity)


def worst(counts: tuple[int, ...]) -> Severity | None:
    """Return the worst severity with a count above zero; `counts` are in the order of RANKED."""
    return next((RANKED[place] for place, count in enumerate(counts) if count), None)


def from_word(word: str) -> Severity | None:
    """Return the severity that a tool's word means, whatever its case."""
    return _WORDS.get(word.strip().lower())


def from_labels(labels: Mapping[str, str]) -> Severity:
    """Return the severity by convention: the label `severity`, else `priority`, else an error."""
    return from_word(labels.get("severity", "")) or from_word(labels.get("priority", "")) or DEFAULT
