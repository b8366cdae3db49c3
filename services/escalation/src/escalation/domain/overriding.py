"""Whether an override that somebody asks for can be done: each mistake with its field and a fix."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from escalation.domain.override import Override
from escalation.domain.resolution import unreachable_because
from tocsin import catalog
from tocsin.catalog import Catalog
from tocsin.catalog.mistakes import Mistake

LONGEST = timedelta(days=366)


def override_of(name: str, spec: catalog.Override, held: Catalog) -> Override:
    """Return an override of the catalog; without its schedule its clock is UTC's."""
    schedule = held.schedule(spec.schedule)
    return Override.of(name, spec, ZoneInfo(schedule.time_zone if schedule else "UTC"))


def from_now(
    written: Mapping[str, Any], spec: catalog.Override, held: Catalog, now: datetime
) -> dict[str, Any]:
    """Return what was written, beginning now where it would have begun before: what was stays."""
    begins = override_of("", spec, held).begins
    return {**written, "from": text(now)} if begins < now else dict(written)


def ended(written: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return what was written, over from now on."""
    return {**written, "until": text(now)}


def refusals(name: str, spec: catalog.Override, held: Catalog, now: datetime) -> Iterator[Mistake]:
    """Yield why this override cannot be done; nothing where it can."""
    wanted = override_of(name, spec, held)
    if wanted.ends <= now:
        yield _mistake(name, "until", "is over already; write a time to come")
    elif wanted.ends <= max(wanted.begins, now):
        yield _mistake(name, "until", "is not after `from`; write a later time")
    elif wanted.ends - max(wanted.begins, now) > LONGEST:
        message = f"is more than {LONGEST.days} days after `from`; change the schedule instead"
        yield _mistake(name, "until", message)
    field = "add" if spec.cover is None else "cover"
    for person in wanted.added:
        # Somebody who is not in the catalog is told with the nearest right name.
        if held.user(person) and (because := unreachable_because(person, held)):
            message = f"{because}: give them one in the catalog first, or choose somebody else"
            yield _mistake(name, field, message)


def text(at: datetime) -> str:
    """Return an instant as documents write it."""
    return at.isoformat().replace("+00:00", "Z")


def _mistake(name: str, field: str, message: str) -> Mistake:
    return Mistake("Override", name, f"spec.{field}", message, position=0)
