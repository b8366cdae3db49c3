"""What a change of the catalog means for people: who would be paged instead, whose shifts move."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from escalation.domain.pages import last_resort
from escalation.domain.policy import Policy, frozen
from escalation.domain.resolution import reachable, resolve
from escalation.domain.schedule import Schedule, Shift
from tocsin.catalog import Catalog, Override
from tocsin.catalog.mistakes import Mistake

HORIZON = timedelta(days=14)
NOBODY = "nobody"
Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """One difference: for whom or what, who before, who after, in words in `text`."""

    kind: Literal["paging", "shift"]
    subject: str
    before: Names
    after: Names
    text: str
    level: int | None = None
    begins: datetime | None = None
    until: datetime | None = None


def effects(before: Catalog, after: Catalog, now: datetime) -> list[Effect]:
    """Return who would be paged differently now, and whose shifts change in the next 14 days."""
    found: list[Effect] = []
    for kind, label in (("EscalationPolicy", "policy"), ("Service", "service")):
        for name in _names(kind, before, after):
            subject = f"{label} {name}"
            then, soon = (_paging(kind, name, catalog, now) for catalog in (before, after))
            found.extend(_paging_effects(subject, then, soon))
    for name in _names("Schedule", before, after):
        found.extend(_shift_effects(name, before, after, now))
    return found


def coverage_warnings(
    catalog: Catalog, keys: Sequence[tuple[str, str]], now: datetime
) -> list[Mistake]:
    """Return a warning for each of these schedules that leaves a gap in the next 14 days.

    An override without its schedule beside it stands for the schedule that it names.
    """
    warnings: list[Mistake] = []
    told: set[str] = set()
    for position, (kind, name) in sorted(enumerate(keys), key=lambda one: one[1][0] != "Schedule"):
        path, subject = _schedule_of(catalog, kind, name)
        if subject and subject not in told and (gap := _gap(catalog, subject, now)):
            told.add(subject)
            warnings.append(Mistake(kind, name, path, gap, level="warning", position=position))
    return warnings


def _schedule_of(catalog: Catalog, kind: str, name: str) -> tuple[str, str | None]:
    """Return which schedule a document is about, and where it says so."""
    spec = catalog.specs.get((kind, name))
    if isinstance(spec, Override):
        return "spec.schedule", spec.schedule
    return "spec.layers", name if kind == "Schedule" else None


def _gap(catalog: Catalog, name: str, now: datetime) -> str:
    spec, schedule = catalog.schedule(name), Schedule.in_catalog(catalog, name)
    if spec is None or schedule is None:
        return ""
    gaps = schedule.gaps(now, now + HORIZON, reachable(catalog))
    if not gaps:
        return ""
    span = _span(gaps[0].begins, gaps[0].until, ZoneInfo(spec.time_zone))
    more = f", and {len(gaps) - 1} more times" if len(gaps) > 1 else ""
    return f"nobody is on call {span}{more} in the next 14 days"


def _names(kind: str, *catalogs: Catalog) -> list[str]:
    return sorted({name for catalog in catalogs for k, name in catalog.specs if k == kind})


def _paging(kind: str, name: str, catalog: Catalog, now: datetime) -> dict[int, Names]:
    """Return who each level pages now; level 0 is the last resort."""
    if (kind, name) not in catalog.specs:
        return {}
    if kind == "Service":
        policy = frozen(catalog, name)
    else:
        spec = catalog.policy(name)
        assert spec is not None
        policy = Policy(name, catalog.version, spec.levels, spec.repeat, spec.last_resort)
    levels = {
        number: tuple(one.responder for one in resolve(level.targets, catalog, now).found)
        for number, level in enumerate(policy.levels, start=1)
    }
    people = last_resort(policy, catalog, now)
    return {**levels, 0: tuple(one.responder for one in people.found)}


def _paging_effects(
    subject: str, before: dict[int, Names], after: dict[int, Names]
) -> Iterator[Effect]:
    # Level 0 is the last of all.
    for level in sorted({*before, *after}, key=lambda number: (number == 0, number)):
        old, new = before.get(level, ()), after.get(level, ())
        if set(old) != set(new):
            place = f"level {level}" if level else "last resort"
            text = f"{subject}, {place}: {_instead(old, new)}"
            yield Effect("paging", subject, old, new, text, level)


def _instead(before: Names, after: Names) -> str:
    if not before:
        return f"pages {_people(after)}, nobody before"
    return f"pages {_people(after)} instead of {_people(before)}"


def _people(names: Names) -> str:
    return ", ".join(names) or NOBODY


def _shift_effects(name: str, before: Catalog, after: Catalog, now: datetime) -> Iterator[Effect]:
    old, new = _spans(name, before, now), _spans(name, after, now)
    instants = sorted({span.begins for span in (*old, *new)} | {now, now + HORIZON})
    spec = after.schedule(name) or before.schedule(name)
    zone = ZoneInfo(spec.time_zone if spec else "UTC")
    open_effect: Effect | None = None
    for begins, until in pairwise(instants):
        pair = (_at(old, begins), _at(new, begins))
        if open_effect and (open_effect.before, open_effect.after) == pair:
            open_effect = _shift_effect(name, open_effect.begins or begins, until, pair, zone)
            continue
        if open_effect:
            yield open_effect
        is_same = pair[0] == pair[1]
        open_effect = None if is_same else _shift_effect(name, begins, until, pair, zone)
    if open_effect:
        yield open_effect


def _shift_effect(
    name: str, begins: datetime, until: datetime, pair: tuple[Names, Names], zone: ZoneInfo
) -> Effect:
    span = _span(begins, until, zone)
    text = f"schedule {name}, {span}: {_people(pair[1])} instead of {_people(pair[0])}"
    return Effect("shift", f"schedule {name}", *pair, text, begins=begins, until=until)


def _spans(name: str, catalog: Catalog, now: datetime) -> list[Shift]:
    schedule = Schedule.in_catalog(catalog, name)
    if schedule is None:
        return []
    return schedule.spans(now, now + HORIZON, reachable(catalog))


def _at(spans: Sequence[Shift], at: datetime) -> Names:
    found = next((span for span in spans if span.begins <= at < span.until), None)
    return found.on_call.responders if found else ()


def _span(begins: datetime, until: datetime, zone: ZoneInfo) -> str:
    times = (f"{instant.astimezone(zone):%a %Y-%m-%d %H:%M}" for instant in (begins, until))
    return f"{' to '.join(times)} ({zone.key})"
