"""Saying again what was asked for, where nobody heard of an outcome: the same pages, no new ones.

A page keeps its id, so notifier passes over one that it has; one that was lost on the way, or with
a database, is made up for.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from escalation.domain import pages
from escalation.domain.escalation import Decision, Escalation
from escalation.domain.open_pages import OpenPage
from escalation.domain.resolution import Found
from escalation.domain.status import Exhausted, Halted
from tocsin.catalog import Catalog
from tocsin.events import IncidentTriggered, PageEvent, PageRequested

AGAIN = "requested again: nothing was heard of it"


def announced_again(
    climb: Escalation, event: IncidentTriggered, now: datetime, catalog: Catalog
) -> Decision | None:
    """Return what an incident's repeated announcement means, or None where it is news after all.

    It is news to a climb that never began, or was halted by an older answer than it tells of.
    """
    if not event.again or (not climb.is_climbing and event.version > climb.version):
        return None
    known = climb if climb.incident.is_described else _described(climb, event)
    if not climb.is_climbing:
        return Decision(known)
    seen = replace(known, version=max(known.version, event.version))
    return Decision(seen, repeated=at_its_place(seen, now, catalog))


def at_its_place(climb: Escalation, now: datetime, catalog: Catalog) -> tuple[PageEvent, ...]:
    """Return the pages of the place reached; where there are none, why nobody is paged."""
    if not isinstance(climb.status, Exhausted):
        here = [page for page in climb.pages if (page.loop, page.level) == climb.place]
        return tuple(_page(climb, page, now, catalog) for page in here)
    last = [page for page in climb.pages if (page.loop, page.level) == (climb.rounds, 0)]
    if last:
        return tuple(_page(climb, page, now, catalog) for page in last)
    people = pages.last_resort(climb.policy, catalog, now)
    request = climb.request(0, climb.rounds, catalog)
    return (request.exhausted(people, climb.place[0], "nobody answered"),)


def requested_again(
    climb: Escalation, page_ids: Collection[str], now: datetime, catalog: Catalog
) -> tuple[PageRequested, ...]:
    """Return these pages once more, those of them that are still wanted."""
    if isinstance(climb.status, Halted) and climb.status.is_over:
        return ()
    wanted = [page for page in climb.pages if page.page_id in page_ids]
    return tuple(_page(climb, page, now, catalog) for page in wanted)


def _described(climb: Escalation, event: IncidentTriggered) -> Escalation:
    return replace(climb, incident=climb.incident.described_by(event))


def _where(climb: Escalation, page: OpenPage) -> str:
    if page.asked:
        return "asked for by name"
    return climb.policy.because(page.level, page.loop) if page.level else "last resort"


def _page(climb: Escalation, page: OpenPage, now: datetime, catalog: Catalog) -> PageRequested:
    request = replace(climb.request(page.level, page.loop, catalog), asked=page.asked)
    found = Found(page.responder, (AGAIN,))
    again = request.page(found, now, _where(climb, page), ())
    return again.model_copy(update={"page_id": page.page_id})  # Its cycle may have been another.
