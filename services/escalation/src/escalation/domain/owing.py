"""What a page owes: that it reaches its person, or is known not to, in time.

Notifier's own patience decides how long that is: it tries a contact method for minutes before it
gives up. While it tells of failures it is at work, so each gives it the same time again.
"""

from datetime import datetime, timedelta

from tocsin.catalog import Catalog
from tocsin.events import (
    Event,
    NotificationDelivered,
    NotificationFailed,
    NotificationSent,
    NotificationUncertain,
    PageRequested,
    ResponderUnreachable,
)
from tocsin.hours import heard_from
from tocsin.obligations import Obligation, plain

REACHED = "reached"
REACHED_WITHIN = timedelta(minutes=5)
ENDS = (NotificationSent, NotificationDelivered, ResponderUnreachable)
TRIES = (NotificationFailed, NotificationUncertain)
NO_TIME = timedelta(0)


def identity(page_id: str) -> str:
    """Return the id of what this page owes."""
    return f"{REACHED}/{page_id}"


def owed(page: PageRequested, now: datetime, within: timedelta, catalog: Catalog) -> Obligation:
    """Return what a page owes; a person who wants to be told later is not reached sooner."""
    about = f"incident #{page.number} of {page.service} ({page.severity})"
    return Obligation(
        obligation_id=identity(page.page_id),
        kind=REACHED,
        subject=page.incident_id,
        text=plain(f"{page.responder} is reached, or known not to be, for {about}: {page.title}"),
        owed_at=now,
        due_at=_first_notice(page, catalog, now) + within,
    )


def ended(event: Event) -> str | None:
    """Return the obligation that this event of notifier discharges."""
    return identity(event.page_id) if isinstance(event, ENDS) else None


def tried(event: Event, now: datetime, within: timedelta) -> tuple[str, datetime] | None:
    """Return the obligation that has time again, since notifier is at it, and until when."""
    if not isinstance(event, TRIES):
        return None
    return identity(event.page_id), max(event.retry_at or now, now) + within


def _first_notice(page: PageRequested, catalog: Catalog, now: datetime) -> datetime:
    """Return when this person's own rules, and quiet hours, let the first message go."""
    user = catalog.user(page.responder)
    if user is None:
        return now
    rules = [
        rule.after
        for rule in user.notification_rules
        if rule.urgency == page.urgency and user.contact_method(rule.contact_method)
    ]
    return heard_from(user, page.urgency, now + min(rules, default=NO_TIME))
