"""What a change of the catalog means for people: who would be paged instead, whose shifts move."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from escalation.domain.affected import affected
from escalation.domain.outlook import Difference, Names, Outlook, shift_differences
from escalation.domain.pages import last_resort
from escalation.domain.policy import Policy, frozen, of_catalog
from escalation.domain.resolution import reachable, resolve
from escalation.domain.schedule import Schedule
from tocsin.catalog import Catalog, Override
from tocsin.catalog.mistakes import Mistake

HORIZON = timedelta(days=14)
NOBODY = "nobody"
LABELS = {"EscalationPolicy": "policy", "Service": "service"}


@dataclass(frozen=True, slots=True)
class Effect:
    """One difference: for whom or what, who before, who after, in words in `text`."""

    kind: Literal["paging", "telling", "shift"]
    subject: str
    before: Names
    after: Names
    text: str
    level: int | None = None
    begins: datetime | None = None
    until: datetime | None = None


def effects(
    before: Catalog, after: Catalog, now: datetime, horizon: timedelta = HORIZON
) -> list[Effect]:
    """Return who would be paged differently now, and whose shifts change until the horizon."""
    found: list[Effect] = []
    changed = affected(before, after)
    then, soon = (Outlook(one, (now, now + horizon)) for one in (before, after))
    for name in changed.policies:
        found.extend(paging_effects("EscalationPolicy", name, before, after, now))
    for name in changed.services:
        found.extend(paging_effects("Service", name, before, after, now))
    for name in changed.schedules:
        found.extend(shift_effects(name, then, soon))
    return found


def paging_effects(
    kind: Literal["EscalationPolicy", "Service"],
    name: str,
    before: Catalog,
    after: Catalog,
    now: datetime,
) -> Iterator[Effect]:
    """Yield each level of a policy, or of a service's, that would page or tell others now."""
    subject = f"{LABELS[kind]} {name}"
    old, new = (_policy(kind, name, one) for one in (before, after))
    yield from _paging_effects(subject, _paging(old, before, now), _paging(new, after, now))
    yield from _telling_effects(subject, _telling(old), _telling(new))


def coverage_warnings(
    catalog: Catalog, keys: Sequence[tuple[str, str]], now: datetime, horizon: timedelta = HORIZON
) -> Iterator[Mistake | None]:
    """Yield for each of these schedules a warning of its gaps until the horizon; None without.

    An override without its schedule beside it stands for the schedule that it names.
    """
    seen: set[str] = set()
    for position, (kind, name) in sorted(enumerate(keys), key=lambda one: one[1][0] != "Schedule"):
        path, subject = _schedule_of(catalog, kind, name)
        if subject is None or subject in seen:
            continue
        seen.add(subject)
        gap = _gap(catalog, subject, now, horizon)
        yield Mistake(kind, name, path, gap, level="warning", position=position) if gap else None


def _schedule_of(catalog: Catalog, kind: str, name: str) -> tuple[str, str | None]:
    """Return which schedule a document is about, and where it says so."""
    spec = catalog.specs.get((kind, name))
    if isinstance(spec, Override):
        return "spec.schedule", spec.schedule
    return "spec.layers", name if kind == "Schedule" else None


def _gap(catalog: Catalog, name: str, now: datetime, horizon: timedelta) -> str:
    spec, schedule = catalog.schedule(name), Schedule.in_catalog(catalog, name)
    if spec is None or schedule is None:
        return ""
    gaps = schedule.gaps(now, now + horizon, reachable(catalog))
    if not gaps:
        return ""
    span = span_text(gaps[0].begins, gaps[0].until, ZoneInfo(spec.time_zone))
    more = f", and {len(gaps) - 1} more times" if len(gaps) > 1 else ""
    return f"nobody is on call {span}{more} in the next {horizon.days} days"


def _policy(kind: str, name: str, catalog: Catalog) -> Policy | None:
    if (kind, name) not in catalog.specs:
        return None
    if kind == "Service":
        return frozen(catalog, name)
    spec = catalog.policy(name)
    assert spec is not None
    return of_catalog(name, spec, catalog)


def _paging(policy: Policy | None, catalog: Catalog, now: datetime) -> dict[int, Names]:
    """Return who each level pages now; level 0 is the last resort."""
    if policy is None:
        return {}
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


def _telling(policy: Policy | None) -> dict[int, Names]:
    """Return which channels and webhooks each level tells."""
    told = policy.told if policy else ()
    return {number: tuple(map(str, targets)) for number, targets in enumerate(told, start=1)}


def _telling_effects(
    subject: str, before: dict[int, Names], after: dict[int, Names]
) -> Iterator[Effect]:
    for level in sorted({*before, *after}):
        old, new = before.get(level, ()), after.get(level, ())
        if set(old) != set(new):
            text = f"{subject}, level {level}: tells {_listed(new)}, before {_listed(old)}"
            yield Effect("telling", subject, old, new, text, level)


def _listed(told: Names) -> str:
    return ", ".join(told) or "no channel or webhook"


def _instead(before: Names, after: Names) -> str:
    if not before:
        return f"pages {in_words(after)}, nobody before"
    return f"pages {in_words(after)} instead of {in_words(before)}"


def in_words(names: Names) -> str:
    """Return these people as they are read."""
    return ", ".join(names) or NOBODY


def shift_effects(name: str, before: Outlook, after: Outlook) -> Iterator[Effect]:
    """Yield each span of time in which somebody else is on call for a schedule."""
    return told_of(name, before, after, shift_differences(name, before, after))


def told_of(
    name: str, before: Outlook, after: Outlook, differing: Iterable[Difference[Names]]
) -> Iterator[Effect]:
    """Yield what is told of these differences of a schedule."""
    spec = after.catalog.schedule(name) or before.catalog.schedule(name)
    zone = ZoneInfo(spec.time_zone if spec else "UTC")
    for one in differing:
        yield _shift_effect(name, one.begins, one.until, (one.before, one.after), zone)


def _shift_effect(
    name: str, begins: datetime, until: datetime, pair: tuple[Names, Names], zone: ZoneInfo
) -> Effect:
    span = span_text(begins, until, zone)
    text = f"schedule {name}, {span}: {in_words(pair[1])} instead of {in_words(pair[0])}"
    return Effect("shift", f"schedule {name}", *pair, text, begins=begins, until=until)


def span_text(begins: datetime, until: datetime, zone: ZoneInfo) -> str:
    """Return a span of time on the clock of a zone."""
    times = (f"{instant.astimezone(zone):%a %Y-%m-%d %H:%M}" for instant in (begins, until))
    return f"{' to '.join(times)} ({zone.key})"
