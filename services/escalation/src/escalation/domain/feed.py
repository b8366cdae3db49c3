"""Shifts as a calendar shows them: whole, and each under an identity that it keeps."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from escalation.domain.resolution import reachable
from escalation.domain.schedule import OnCall, Schedule, Shift
from tocsin import ids
from tocsin.catalog import Catalog
from tocsin.catalog.references import references

BACK, AHEAD = timedelta(days=35), timedelta(days=92)


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a calendar; asked again, the same shift has the same `uid`."""

    uid: str
    begins: datetime
    until: datetime
    summary: str
    description: str


def of_schedule(name: str, catalog: Catalog, now: datetime) -> list[Entry] | None:
    """Return who is on call for a schedule, in the weeks around now; None without a schedule."""
    schedule = Schedule.in_catalog(catalog, name)
    if schedule is None:
        return None
    return list(_entries(schedule, catalog, now, _everybody, name))


def of_person(name: str, catalog: Catalog, now: datetime) -> list[Entry]:
    """Return when somebody is on call, for whatever, in the weeks around now."""

    def said(on_call: OnCall) -> str:
        if name in on_call.responders:
            return "On call"
        return "Shadow on call" if name in on_call.shadows else ""

    found = [
        entry
        for schedule in _schedules_with(name, catalog)
        for entry in _entries(schedule, catalog, now, said, schedule.name, name)
    ]
    return sorted(found, key=lambda one: (one.begins, one.uid))


def _everybody(on_call: OnCall) -> str:
    people = [*on_call.responders, *(f"{one} (shadow)" for one in on_call.shadows)]
    return f"{', '.join(people)} on call" if people else ""


def _entries(
    schedule: Schedule,
    catalog: Catalog,
    now: datetime,
    said: Callable[[OnCall], str],
    *identity: str,
) -> Iterator[Entry]:
    """Yield an entry for each stretch of time of which the same is said."""
    since, until = now - BACK, now + AHEAD
    spans = schedule.spans(since, until, reachable(catalog))
    for words, found in groupby(spans, key=lambda span: said(span.on_call)):
        stretch = list(found)
        begins, ends = stretch[0].begins, stretch[-1].until
        if not words or (begins == since and ends <= now):
            continue  # Of what is over and began before all this, only a part is seen.
        uid = ids.derived("shift", *identity, _place(begins, ends, since, until))
        description = _reasons(stretch)
        yield Entry(uid, begins, ends, f"{words}: {schedule.name}", description)


def _place(begins: datetime, ends: datetime, since: datetime, until: datetime) -> str:
    """Return what of a stretch stays as it is while the weeks that are looked at move on."""
    if begins > since:
        return begins.isoformat()
    return f"until {ends.isoformat()}" if ends < until else "always"


def _reasons(stretch: list[Shift]) -> str:
    reasons = dict.fromkeys(", ".join(span.on_call.reason) for span in stretch)
    return "\n".join(list(reasons)[:10])


def _schedules_with(name: str, catalog: Catalog) -> Iterator[Schedule]:
    """Yield the schedules that name a person, by themselves or by an override."""
    for kind, schedule in sorted(catalog.specs):
        if kind != "Schedule":
            continue
        own = (spec.model_dump(by_alias=True) for _, spec in catalog.overrides(schedule))
        written = [("Override", spec) for spec in own]
        written.append((kind, catalog.specs[kind, schedule].model_dump(by_alias=True)))
        if any(one.name == name for pair in written for one in references(*pair)):
            found = Schedule.in_catalog(catalog, schedule)
            assert found is not None
            yield found
