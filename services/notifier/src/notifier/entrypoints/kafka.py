"""Topics to handler methods: one explicit table."""

from collections.abc import Sequence
from datetime import datetime

from notifier.handlers import watching
from notifier.handlers.incidents import IncidentHandlers
from notifier.handlers.notices import NoticeHandlers
from notifier.handlers.pages import PageHandlers
from notifier.ports import NotifierUnitOfWork
from tocsin import topics
from tocsin.application import Subscription
from tocsin.events import (
    AlertAdded,
    AnnouncementRequested,
    CatalogApplied,
    Envelope,
    Event,
    HandoffNoteLeft,
    IncidentAcknowledged,
    IncidentMerged,
    IncidentReassigned,
    IncidentReopened,
    IncidentResolved,
    IncidentSnoozed,
    IncidentTriggered,
    IncidentUnacknowledged,
    OnCallChanged,
    PageRequested,
    PageWithdrawn,
    SeverityChanged,
    ShiftsForeseen,
)

INCIDENT_EVENTS = (
    IncidentTriggered,
    AlertAdded,
    SeverityChanged,
    IncidentAcknowledged,
    IncidentUnacknowledged,
    IncidentSnoozed,
    IncidentReassigned,
    IncidentMerged,
    IncidentResolved,
    IncidentReopened,
)


def subscriptions(
    pages: PageHandlers, incidents: IncidentHandlers, notices: NoticeHandlers
) -> tuple[Subscription[NotifierUnitOfWork], ...]:
    """Return what notifier hears."""

    async def on_catalog(
        uow: NotifierUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
    ) -> None:
        await watching.on_catalog(uow, envelopes, now)
        await notices.on_catalog(uow, envelopes, now)

    return (
        Subscription(
            topics.PAGES,
            pages.on_pages,
            (PageRequested, PageWithdrawn, AnnouncementRequested),
            # A page that was answered while we were away, or that a replay brings, wakes nobody.
            after=topics.INCIDENTS,
        ),
        Subscription(topics.INCIDENTS, incidents.on_incidents, INCIDENT_EVENTS),
        Subscription(
            topics.CATALOG,
            on_catalog,
            (OnCallChanged, ShiftsForeseen, CatalogApplied, HandoffNoteLeft),
        ),
    )
