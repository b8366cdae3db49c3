"""Topics to handler methods: one explicit table."""

from notifier.handlers.incidents import IncidentHandlers
from notifier.handlers.pages import PageHandlers
from notifier.handlers.watching import on_catalog
from notifier.ports import NotifierUnitOfWork
from tocsin import topics
from tocsin.application import Subscription
from tocsin.events import (
    AlertAdded,
    IncidentAcknowledged,
    IncidentMerged,
    IncidentReopened,
    IncidentResolved,
    IncidentSnoozed,
    IncidentTriggered,
    IncidentUnacknowledged,
    OnCallChanged,
    PageRequested,
    PageWithdrawn,
    SeverityChanged,
)

INCIDENT_EVENTS = (
    IncidentTriggered,
    AlertAdded,
    SeverityChanged,
    IncidentAcknowledged,
    IncidentUnacknowledged,
    IncidentSnoozed,
    IncidentMerged,
    IncidentResolved,
    IncidentReopened,
)


def subscriptions(
    pages: PageHandlers, incidents: IncidentHandlers
) -> tuple[Subscription[NotifierUnitOfWork], ...]:
    """Return what notifier hears."""
    return (
        Subscription(
            topics.PAGES,
            pages.on_pages,
            (PageRequested, PageWithdrawn),
            # A page that was answered while we were away, or that a replay brings, wakes nobody.
            after=topics.INCIDENTS,
        ),
        Subscription(topics.INCIDENTS, incidents.on_incidents, INCIDENT_EVENTS),
        Subscription(topics.CATALOG, on_catalog, (OnCallChanged,)),
    )
