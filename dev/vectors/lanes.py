"""Shifts by person: when each is on call, without a break at what changes nothing for them."""

from collections.abc import Iterable
from datetime import datetime

from escalation.domain.schedule import Shift

Span = tuple[datetime, datetime]
Lanes = dict[str, list[Span]]


def lanes(shifts: Iterable[Shift]) -> Lanes:
    """Return when each person is on call."""
    return joined(
        (person, one.begins, one.until) for one in shifts for person in one.on_call.responders
    )


def stretches(shifts: Iterable[Shift]) -> list[Span]:
    """Return when anybody is on call."""
    found = joined(("", one.begins, one.until) for one in shifts if one.on_call.responders)
    return found.get("", [])


def joined(spans: Iterable[tuple[str, datetime, datetime]]) -> Lanes:
    """Return spans by person, those that touch or overlap as one."""
    found: Lanes = {}
    for person, begins, ends in sorted(spans):
        own = found.setdefault(person, [])
        if own and begins <= own[-1][1]:
            own[-1] = (own[-1][0], max(own[-1][1], ends))
        else:
            own.append((begins, ends))
    return found
