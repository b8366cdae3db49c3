"""An incident becomes urgent: who was told in the way of what can wait is woken now."""

from dataclasses import replace
from datetime import datetime

from escalation.domain import open_pages
from escalation.domain.by_name import ask
from escalation.domain.conditions import against
from escalation.domain.escalation import Decision, Escalation
from escalation.domain.incident import Incident
from escalation.domain.status import Exhausted
from tocsin.catalog import Catalog, Level, Target

URGENT = "asked for; it has become urgent"
REPLACED = "replaced: it has become urgent"


def more_urgent(climb: Escalation, before: Incident, now: datetime, catalog: Catalog) -> Decision:
    """Page once more, at once: the level reached, and whoever was asked for by name.

    Where somebody has it, only whoever was asked for since. `before` is the incident until now.
    """
    gone = open_pages.withdrawn(climb.incident, climb.pages, REPLACED)
    asked = climb.pages
    again = Decision(replace(climb, pages=()))
    if climb.is_climbing:
        again = _page_again(climb, before, now, catalog)
        asked = tuple(page for page in climb.pages if page.asked)
    paged = {page.responder for page in again.escalation.pages}
    names = dict.fromkeys(page.responder for page in asked if not page.is_shadow)
    targets = [Target(user=name) for name in names if name not in paged]
    return ask(again.escalation, targets, now, catalog, URGENT).after(*gone, *again.facts)


def _page_again(climb: Escalation, before: Incident, now: datetime, catalog: Catalog) -> Decision:
    """Page the level reached, or begin with the first before it that takes part only now."""
    fresh = replace(climb, cycle=climb.version, pages=())
    is_spent = isinstance(climb.status, Exhausted)
    loop, level = climb.place
    if (first := _joining(climb, before, now)) is not None:
        # Nobody of what is urgent was asked so far: of the last resort as little as of a level.
        return replace(fresh, rounds=0).climb_from(1 if is_spent else loop, first, now, catalog)
    if is_spent:
        return fresh.page_last_resort(now, catalog)
    return fresh.climb_from(loop, level, now, catalog)


def _joining(climb: Escalation, before: Incident, now: datetime) -> int | None:
    """Return the first level so far that took no part in what can wait, and does now."""
    _, reached = climb.place
    labels = climb.policy.labels

    def joins(level: Level) -> bool:
        was_barred = against(level.when, before, labels, now)
        return bool(was_barred) and not against(level.when, climb.incident, labels, now)

    levels = enumerate(climb.policy.levels[:reached], start=1)
    return next((number for number, level in levels if joins(level)), None)
