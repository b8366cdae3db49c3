"""Who may change which documents: whoever owns a set, that set, and what speaks of it alone."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from tocsin.catalog.planning import Change, Held, Spec
from tocsin.catalog.references import references
from tocsin.catalog.snapshot import Key

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
    Where people are away, it is one of the sets of all schedules that pass over them, unless the
    people are of the set that says so.
    """
    by_key = {one.key: one for one in held}
    sets = {of_set}
    for change in found:
        if change.set:
            sets.add(change.set)
        if change.kind == "Settings":
            sets.add(EVERYWHERE)
        before = by_key.get((change.kind, change.name))
        specs = [one for one in (before.spec if before else None, change.spec) if one]
        if change.kind == "Override":
            sets |= _sets_of_schedules(specs, by_key)
        away = set().union(*(_away(change.kind, spec) for spec in specs))
        sets |= _sets_passing_over(
            {one for one in away if not _is_of(("User", one), change.set or of_set, by_key)}, by_key
        )
    return sorted(sets)


def _sets_of_schedules(specs: Iterable[Spec], by_key: Mapping[Key, Held]) -> set[str]:
    names = {str(spec["schedule"]) for spec in specs if "schedule" in spec}
    return {one.set for name in names if (one := by_key.get(("Schedule", name)))}


def _away(kind: str, spec: Spec) -> set[str]:
    """Return the people of whom a document says when they are away, itself or by calendars."""
    if kind == "Absence":
        return {str(spec.get("user"))}
    return set(spec.get("members", ())) if kind == "Team" and spec.get("calendars") else set()


def _is_of(key: Key, of_set: str, by_key: Mapping[Key, Held]) -> bool:
    known = by_key.get(key)
    return known is None or known.set == of_set


def _sets_passing_over(people: Collection[str], by_key: Mapping[Key, Held]) -> set[str]:
    """Return the sets of the schedules in which one of these people takes part."""
    if not people:
        return set()
    return {
        one.set
        for one in by_key.values()
        if one.kind == "Schedule"
        and any(it.kind == "User" and it.name in people for it in references(one.kind, one.spec))
    }
