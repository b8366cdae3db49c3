"""From a page and a person's rules to notifications, each with its time."""

from dataclasses import dataclass, replace
from datetime import datetime

from notifier.domain.announcing import nowhere, places
from notifier.domain.contact import ContactMethod, Step, steps
from notifier.domain.notification import Notification
from notifier.domain.page import Page
from notifier.domain.states import Delivered, Sent, Waiting
from tocsin import hours, ids
from tocsin.catalog import Catalog, User
from tocsin.channels import Purpose
from tocsin.events import AnnouncementAttempted, ResponderUnreachable


@dataclass(frozen=True, slots=True)
class Plan:
    """The notifications of a page, soonest first; or why there is none."""

    notifications: tuple[Notification, ...] = ()
    unreachable: ResponderUnreachable | AnnouncementAttempted | None = None


def planned(page: Page, catalog: Catalog) -> Plan:
    """Return how whoever a page is for will be told of it: a person, or a channel or webhook."""
    if page.is_announcement:
        return announced(page, catalog)
    return plan(page, catalog.user(page.request.responder))


def announced(page: Page, catalog: Catalog) -> Plan:
    """Return how a channel or webhook will be told: at once, whatever the hour and the urgency."""
    target = page.request.responder
    found = places(target, catalog)
    if not found:
        return Plan(unreachable=_given_up(page, nowhere(target, catalog)))
    rule = f"level {page.request.level} of policy {page.request.policy}"
    told = (_told(page, place, rule, order) for order, place in enumerate(found))
    return Plan(tuple(told))


def plan(page: Page, user: User | None) -> Plan:
    """Return how a person will be told of a page.

    Delays count from when the page was to be asked for, not from when this was decided.
    """
    request = page.request
    if user is None:
        return Plan(unreachable=_unreachable(page, "the catalog has no such person"))
    wanted = steps(user, request.urgency)
    if not wanted:
        return Plan(unreachable=_unreachable(page, "has no contact method"))
    found = (_notification(page, user, step) for step in wanted)
    return Plan(tuple(replace(one, order=order) for order, one in enumerate(found)))


def _asked_at(page: Page) -> datetime:
    return min(page.request.due_at or page.envelope.time, page.envelope.time)


def _notification(page: Page, user: User, step: Step) -> Notification:
    wished = _asked_at(page) + step.after
    # What was asked for late waits by the hour at which it was: nobody is woken for being late.
    asked = max(wished, page.envelope.time)
    heard = hours.heard_from(user, page.request.urgency, asked)
    due = wished if heard == asked else heard
    rule = step.rule if due == wished else f"{step.rule}, held by quiet hours"
    identity = ids.derived("notification", page.page_id, step.contact.name, step.rule)
    return _new(page, identity, step.contact, rule, due)


def _told(page: Page, place: ContactMethod, rule: str, order: int) -> Notification:
    identity = ids.derived("notification", page.page_id, place.name, rule)
    return replace(_new(page, identity, place, rule, _asked_at(page)), order=order)


def _new(
    page: Page, identity: str, contact: ContactMethod, rule: str, due: datetime
) -> Notification:
    request = page.request
    return Notification(
        notification_id=identity,
        page_id=page.page_id,
        incident_id=request.incident_id,
        incident_version=request.incident_version,
        responder=request.responder,
        contact=contact,
        rule=rule,
        order=0,
        purpose="page",
        due_since=due,
        state=Waiting(due),
    )


def may_go_at(one: Notification, page: Page, user: User | None, now: datetime) -> datetime:
    """Return from when on it may go: in quiet hours what is tried in vain waits, for a day at most.

    Escalation knows by then that nobody was reached, and waits for it no longer.
    """
    if user is None or not one.last_hope:
        return now
    heard = hours.heard_from(user, page.request.urgency, now)
    return min(heard, max(now, one.due_since + hours.DAY))


def update_of(paged: Notification, purpose: Purpose, version: int, now: datetime) -> Notification:
    """Return the notification that tells, where `paged` went, what became of the incident."""
    state = paged.state
    about = state.reference if isinstance(state, Sent | Delivered) else ""
    return Notification(
        notification_id=ids.derived(purpose, str(version), paged.notification_id),
        page_id=paged.page_id,
        incident_id=paged.incident_id,
        incident_version=version,
        responder=paged.responder,
        contact=paged.contact,
        rule=purpose,
        order=paged.order,
        purpose=purpose,
        due_since=now,
        state=Waiting(now),
        about=about,
    )


def _unreachable(page: Page, reason: str) -> ResponderUnreachable:
    return ResponderUnreachable(
        incident_id=page.request.incident_id,
        page_id=page.page_id,
        responder=page.request.responder,
        reason=reason,
    )


def _given_up(page: Page, reason: str) -> AnnouncementAttempted:
    return AnnouncementAttempted(
        incident_id=page.request.incident_id,
        announcement_id=page.page_id,
        target=page.request.responder,
        channel="",
        delivery_id=page.page_id,
        outcome="failed",
        reason=reason,
    )
