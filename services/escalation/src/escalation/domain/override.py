"""Somebody answers instead of, beside, or no longer for, whom the layers say: for a span of time.

Overrides apply in their order, each to what those before it left: of two that conflict, the later
wins. One that cannot be done changes nothing, and says so: a substitute who cannot be reached must
not cost the page of the person they stand in for.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from tocsin import catalog
from tocsin.wall_clock import instant_of

Names = tuple[str, ...]
IsReachable = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Override:
    """From `begins` until `ends` (no longer part of it): who is added, who is removed.

    `added` and `removed` together replace, and only while a removed person is on call.
    `covers` puts `added` in place of everybody; nobody then, if it is empty.
    """

    name: str
    begins: datetime
    ends: datetime
    added: Names = ()
    removed: Names = ()
    covers: bool = False
    reason: str = ""

    @classmethod
    def of(cls, name: str, spec: catalog.Override, zone: ZoneInfo) -> "Override":
        """Return the override that a document describes, in its schedule's zone."""
        return cls(
            name,
            instant_of(spec.from_, zone),
            instant_of(spec.until, zone, ends=True),
            spec.add if spec.cover is None else spec.cover,
            spec.remove,
            spec.cover is not None,
            spec.reason,
        )

    def applies(self, at: datetime) -> bool:
        """Return whether it is in force at this instant."""
        return self.begins <= at < self.ends

    def apply(self, people: Names, is_reachable: IsReachable) -> tuple[Names, str]:
        """Return who is on call after it, and what it did in words; no words: nothing."""
        able = tuple(one for one in self.added if is_reachable(one))
        if self.added and not able:
            return people, self._did(f"{_list(self.added)} cannot be reached")
        if self.covers:
            return able, self._did(f"{_list(able) or 'nobody'} instead of everybody")
        if not self.removed:
            return _union(people, able), self._did(f"{_list(able)} as well")
        gone = tuple(one for one in self.removed if one in people)
        if not gone:
            return people, ""
        left = tuple(one for one in people if one not in gone)
        did = f"{_list(able)} instead of {_list(gone)}" if able else f"not {_list(gone)}"
        return _union(left, able), self._did(did)

    def _did(self, what: str) -> str:
        because = f" ({self.reason})" if self.reason else ""
        return f"override {self.name}: {what}{because}"


def applied(
    overrides: Iterable[Override], people: Names, is_reachable: IsReachable
) -> tuple[Names, Names]:
    """Return who is on call after these overrides, and what each did in words."""
    words: list[str] = []
    for override in overrides:
        people, did = override.apply(people, is_reachable)
        if did:
            words.append(did)
    return people, tuple(words)


def _union(people: Names, others: Names) -> Names:
    return (*people, *(one for one in others if one not in people))


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
