"""What the console shows of incidents: the list, and one with its story."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from postmortem.domain.collapse import Row, rows
from postmortem.domain.facts import AlertFacts, PagedFacts, facts, paged
from postmortem.domain.order import SHOWN_FOR, Order
from postmortem.domain.recorded import is_identity
from postmortem.domain.standings import Standing
from postmortem.ports import PostmortemUnitOfWork
from postmortem.ports.console import Place
from tocsin import events as e
from tocsin.events import Envelope, Event
from tocsin.web import Problem

PER_PAGE = 50
STORY = 200
Tab = Literal["open", "triggered", "acknowledged", "resolved", "all"]
TABS: Mapping[str, tuple[str, ...]] = {
    "open": ("triggered", "acknowledged"),
    "triggered": ("triggered",),
    "acknowledged": ("acknowledged",),
    "resolved": ("resolved", "merged"),
    "all": ("triggered", "acknowledged", "resolved", "merged"),
}
ALERTS = (e.IncidentTriggered, e.AlertAdded, e.AlertResolved)
PAGES = (
    e.PageRequested,
    e.PageWithdrawn,
    e.NotificationSent,
    e.NotificationDelivered,
    e.NotificationFailed,
    e.NotificationUncertain,
    e.NotificationWithdrawn,
    e.ResponderUnreachable,
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of the list, how many are open, and where the next page begins."""

    incidents: Sequence[Standing]
    counts: Mapping[str, int]
    next: Place | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One incident. `story` is its latest, latest first; `is_whole` says whether it is all."""

    incident: Standing
    story: Sequence[Row]
    is_whole: bool
    alerts: Sequence[AlertFacts]
    people: Sequence[PagedFacts]
    orders: Sequence[Order]

    def waits(self, now: datetime) -> bool:
        """Whether the answer to a command may still come."""
        return any(order.is_waiting(now) for order in self.orders)


async def listed(uow: PostmortemUnitOfWork, tab: Tab, after: Place | None) -> Listed:
    """Return a page of the list."""
    found = await uow.standings.page(TABS[tab], after, PER_PAGE + 1)
    counts = await uow.standings.counts(TABS["open"])
    last = found[PER_PAGE - 1] if len(found) > PER_PAGE else None
    following = (last.status, last.number) if last and last.number is not None else None
    return Listed(found[:PER_PAGE], counts, following)


async def standing_of(uow: PostmortemUnitOfWork, identity: str) -> Standing:
    """Return where an incident stands, by its id or number; a problem if nothing is known of it."""
    found = await uow.standings.find(identity) if is_identity(identity) else None
    if found is None:
        detail = f"Nothing is known of an incident {identity[:80]!r}."
        raise Problem(404, "unknown-incident", detail)
    return found


async def shown(uow: PostmortemUnitOfWork, identity: str, now: datetime) -> Shown:
    """Return one incident, by its id or number."""
    incident = await standing_of(uow, identity)
    found = await uow.log.latest(incident.incident_id, STORY + 1)
    is_whole = len(found) <= STORY
    known = about_alerts = about_pages = facts(incident.incident_id, found[:STORY])
    if not is_whole:  # A storm: what is asked for is read by its type.
        about_alerts = facts(incident.incident_id, await _of(uow, incident, ALERTS))
        about_pages = facts(incident.incident_id, await _of(uow, incident, PAGES))
    return Shown(
        incident=incident,
        story=rows(known.story)[::-1],
        is_whole=is_whole,
        alerts=about_alerts.alerts[::-1],
        people=paged(about_pages.events),
        orders=await uow.orders.latest(incident.incident_id, now - SHOWN_FOR),
    )


async def _of(
    uow: PostmortemUnitOfWork, incident: Standing, types: Sequence[type[Event]]
) -> Sequence[Envelope[Event]]:
    return await uow.log.latest(incident.incident_id, STORY, [one.TYPE for one in types])
