"""Matchers on labels: `team="db"`, `severity=~"critical|error"`, in linear time (RE2)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal, cast

import re2

Operator = Literal["=", "!=", "=~", "!~"]
MAX_LENGTH = 1024
MAX_MEMORY = 512 * 1024  # Of one expression. RE2's own 8 MiB take it 60 ms to refuse.
# Possessive throughout: nothing is tried twice, so that what is no matcher is refused in one pass.
_SYNTAX = re.compile(
    r'\s*+([^\s=!~"{},]++)\s*+(=~|!~|!=|=)\s*+(?:"((?:[^"\\]|\\.)*+)"|([^"]*+))\s*+'
)


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label; an absent label counts as empty, as in Alertmanager."""

    label: str
    operator: Operator
    value: str
    _pattern: Any = field(compare=False, repr=False)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether these labels satisfy the condition. Expressions match the whole value."""
        value = labels.get(self.label, "")
        match self.operator:
            case "=":
                return value == self.value
            case "!=":
                return value != self.value
            case "=~":
                return self._pattern.fullmatch(value) is not None
            case "!~":
                return self._pattern.fullmatch(value) is None

    def __str__(self) -> str:
        """Return the form it is written in."""
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{self.label}{self.operator}"{escaped}"'


@lru_cache(maxsize=4096)
def parse(text: str) -> Matcher:
    """Return the matcher that `text` writes; ValueError says what is wrong with it."""
    if len(text) > MAX_LENGTH:
        raise ValueError(f"a matcher is at most {MAX_LENGTH} characters")
    found = _SYNTAX.fullmatch(text)
    if found is None:
        raise ValueError(f'{text!r} is not a matcher; write label="value", or !=, =~, !~')
    label, operator, quoted, bare = found.groups()
    value = re.sub(r"\\(.)", _unescape, quoted) if quoted is not None else bare.rstrip()
    pattern = _compile(value) if operator in {"=~", "!~"} else None
    return Matcher(label, cast("Operator", operator), value, pattern)


def _unescape(found: re.Match[str]) -> str:
    # Only what a quoted string needs; every other backslash belongs to the expression.
    character = found.group(1)
    return character if character in {'"', "\\"} else found.group(0)


def _compile(expression: str) -> Any:  # noqa: ANN401 - re2 ships no types.
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_MEMORY
    try:
        return re2.compile(expression, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(f"{expression!r} is not an RE2 expression: {text}") from error


def all_match(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Return whether every matcher is satisfied."""
    return all(matcher.matches(labels) for matcher in matchers)
