"""What ends a command: one sentence for people, and the rest for scripts."""

from collections.abc import Mapping
from typing import Any


class CliError(Exception):
    """A refusal or a failure. `more` is what a script may want: status, problem, mistakes."""

    def __init__(
        self,
        sentence: str,
        *,
        code: int = 1,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep the sentence and the exit code."""
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.more = dict(more or {})


class UsageError(CliError):
    """The command was not understood, or the settings were not: exit code 2."""

    def __init__(self, sentence: str) -> None:
        """Keep the sentence."""
        super().__init__(sentence, code=2)
