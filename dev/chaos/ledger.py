"""The ledger: what was meant, what was answered, what rang, what was broken. Append-only.

Every intent is written before it is sent, and its answer after; so a sender that never heard is
told from one that was refused. The checker reads the same entries back from the file.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Literal, Self, TypeVar

Outcome = Literal["accepted", "unknown", "refused"]
Action = Literal["trigger", "resolve"]


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened, at `at` seconds of the ledger's own clock."""

    KIND: ClassVar[str]

    at: float


@dataclass(frozen=True, slots=True)
class Intent(Entry):
    """An alert event about to be sent. One that `persists` is sent again until it is accepted."""

    KIND: ClassVar[str] = "intent"

    number: int
    key: str
    service: str
    action: Action
    persists: bool


@dataclass(frozen=True, slots=True)
class Answer(Entry):
    """What became of an intent. `accepted` is a 202; `unknown` means that no answer came."""

    KIND: ClassVar[str] = "answer"

    number: int
    outcome: Outcome
    status: int = 0
    tries: int = 1
    lost_answers: int = 0  # Tries that may have been heard although nobody said so.


@dataclass(frozen=True, slots=True)
class Ring(Entry):
    """A call that reached the fake provider, and how the provider behaved."""

    KIND: ClassVar[str] = "ring"

    person: str
    method: str
    purpose: str
    incident: str
    service: str
    delivery: str
    attempt: int
    behaviour: str
    is_heard: bool  # Whether the person got it, whatever the provider then answered.
    repeat_possible: bool = False


@dataclass(frozen=True, slots=True)
class Acknowledgement(Entry):
    """Somebody pressed the link of a page; `accepted` when the page said so."""

    KIND: ClassVar[str] = "acknowledgement"

    incident: str
    person: str
    outcome: Outcome
    status: int = 0


@dataclass(frozen=True, slots=True)
class Broken(Entry):
    """A fault that was done: `back` seconds until the target served again, if that was measured."""

    KIND: ClassVar[str] = "fault"

    number: int
    kind: str
    target: str
    detail: str = ""
    until: float = 0.0
    back: float | None = None
    hit: bool = True  # A crash point that was never reached is not a kill.


KINDS: dict[str, type[Entry]] = {
    one.KIND: one for one in (Intent, Answer, Ring, Acknowledgement, Broken)
}
E = TypeVar("E", bound=Entry)


@dataclass
class Entries:
    """All entries of a run, by kind."""

    found: list[Entry] = field(default_factory=list)

    def of(self, kind: type[E]) -> Iterator[E]:
        """Return the entries of one kind, in order."""
        return (one for one in self.found if isinstance(one, kind))


class Ledger(Entries):
    """A file that only grows, and the same entries in memory."""

    def __init__(self, path: Path) -> None:
        """Write to `path`."""
        super().__init__()
        self._file = path.open("a", buffering=1)
        self._began = time.monotonic()

    def now(self) -> float:
        """Return the seconds since the ledger was opened."""
        return round(time.monotonic() - self._began, 4)

    def write(self, entry: Entry) -> None:
        """Append an entry; it is in the file before this returns."""
        self.found.append(entry)
        self._file.write(json.dumps({"entry": entry.KIND, **asdict(entry)}) + "\n")

    def __enter__(self) -> Self:
        """Be open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._file.close()


def read(path: Path) -> Entries:
    """Return what a ledger holds."""
    with path.open() as lines:
        return Entries([_entry(json.loads(line)) for line in lines])


def _entry(data: dict[str, Any]) -> Entry:
    return KINDS[data.pop("entry")](**data)
