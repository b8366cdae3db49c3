"""Who may change which documents: whoever owns a set, that set, and what speaks of it alone."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tocsin.catalog.planning import Change, Held

EVERYWHERE = "*"  # What the whole installation goes by belongs to no set.


@dataclass(frozen=True, slots=True)
class Rights:
    """The sets that somebody may change; None: every set, and what is everybody's."""

    token: str = ""
    sets: Collection[str] | None = None

    def allow(self, of_set: str) -> bool:
        """Return whether they may change this set."""
        return self.sets is None or of_set in self.sets


EVERY_SET = Rights()


def touched(found: Iterable[Change], of_set: str, held: Iterable[Held]) -> list[str]:
    """Return the sets that these changes change something for, by name.

    An override changes who is on call for a schedule, so it is a change of that schedule's set.
    """
    by_key = {one.key: one for one in held}
    sets = {of_set}
    for change in found:
        if change.set:
            sets.add(change.set)
        if change.kind == "Settings":
            sets.add(EVERYWHERE)
        if change.kind == "Override":
            before = by_key.get((change.kind, change.name))
            for name in _schedules(before.spec if before else None, change.spec):
                schedule = by_key.get(("Schedule", name))
                sets |= {schedule.set} if schedule else set()
    return sorted(sets)


def _schedules(*specs: Mapping[str, Any] | None) -> Iterator[str]:
    return (str(spec["schedule"]) for spec in specs if spec and "schedule" in spec)
