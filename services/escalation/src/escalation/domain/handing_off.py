"""Who is on call now, since when and until when: what the others are told at each hand-off."""

from datetime import datetime, timedelta

from escalation.domain.resolution import reachable
from escalation.domain.schedule import IsReachable, Schedule
from tocsin.catalog import Catalog
from tocsin.events import OnCallChanged

SPANS = (timedelta(days=1), timedelta(days=8), timedelta(days=32))
SAID_AGAIN = timedelta(days=1)


def on_call_now(
    told: OnCallChanged | None, name: str, catalog: Catalog, now: datetime
) -> OnCallChanged:
    """Return who is on call for a schedule now; `told` is what was last told of it."""
    schedule = Schedule.in_catalog(catalog, name)
    if schedule is None:
        return OnCallChanged(
            schedule=name,
            responders=(),
            since=now,
            catalog_version=catalog.version,
            reason=(f"schedule {name} is not in the catalog",),
            removed=True,
        )
    can = reachable(catalog)
    present = schedule.on_call(now, can)
    later = schedule.next_change(now, can)
    return OnCallChanged(
        schedule=name,
        responders=present.responders,
        since=_since(told, schedule, now, catalog),
        catalog_version=catalog.version,
        until=later.begins if later else None,
        then=later.on_call.responders if later else (),
        reason=present.reason,
    )


def says_otherwise(told: OnCallChanged | None, present: OnCallChanged) -> bool:
    """Return whether the present is news to those who were told that."""
    if told is None:
        return not present.removed
    same = {"since": told.since, "catalog_version": told.catalog_version}
    return present.model_copy(update=same) != told


def look_again_at(present: OnCallChanged, now: datetime) -> datetime | None:
    """Return when the next is to be told: at the hand-off, and once a day in any case."""
    if present.removed:
        return None
    daily = now + SAID_AGAIN
    return min(present.until, daily) if present.until else daily


def _since(
    told: OnCallChanged | None, schedule: Schedule, now: datetime, catalog: Catalog
) -> datetime:
    can = reachable(catalog)
    begun = _begun(schedule, now, can)
    if told is None:
        return begun or now
    stays = told.responders == schedule.on_call(now, can).responders
    if told.catalog_version == catalog.version:
        return max(told.since, begun or told.since) if stays else begun or now
    # Another catalog put them on call in the middle of a turn.
    return told.since if stays else now


def _begun(schedule: Schedule, now: datetime, can: IsReachable) -> datetime | None:
    """Return since when those on call now are it without a break."""
    present = schedule.on_call(now, can).responders
    for back in SPANS:
        begun = now
        for span in reversed(schedule.spans(now - back, now, can)):
            if span.on_call.responders != present:
                return begun
            begun = span.begins
    return None
