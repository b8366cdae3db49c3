"""One thing wrong with a document of the catalog: where, what, and the nearest right word."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong, or (`level` warning) something that will surprise somebody at night.

    `path` is the place in the document (`spec.levels[0].targets[0].usr`), `position` the
    document's place in what was given; None: the mistake is in none of them.
    """

    kind: str
    name: str
    path: str
    message: str
    suggestion: str = ""
    level: Literal["error", "warning"] = "error"
    position: int | None = None

    @property
    def is_error(self) -> bool:
        """Return whether it must be mended before the documents can be applied."""
        return self.level == "error"

    @property
    def sentence(self) -> str:
        """Say what is wrong, without the document: for where file and line name it."""
        hint = f'; did you mean "{self.suggestion}"?' if self.suggestion else ""
        mark = "" if self.is_error else "warning: "
        place = f"{self.path}: " if self.path else ""
        return f"{place}{mark}{self.message}{hint}"

    def __str__(self) -> str:
        """Return the line that a person reads."""
        return f"{self.kind} {self.name}: {self.sentence}"
