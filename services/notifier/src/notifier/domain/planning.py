"""From a page and a person's rules to notifications, each with its time."""

from dataclasses import dataclass, replace
from datetime import datetime

from notifier.domain.contact import Step, steps
from notifier.domain.notification import Notification
from notifier.domain.page import Page
from notifier.domain.states import Delivered, Sent, Waiting
from tocsin import hours, ids
from tocsin.catalog import User
from tocsin.channels import Purpose
from tocsin.events import ResponderUnreachable


@dataclass(frozen=True, slots=True)
class Plan:
    """The notifications of a page, soonest first; or why there is none."""

    notifications: tuple[Notification, ...] = ()
    unreachable: ResponderUnreachable | None = None


def plan(page: Page, user: User | None) -> Plan:
    """Return how a person will be told of a page.

    Delays count from when the page was to be asked for, not from when this was decided.
    """
    request = page.request
    asked_at = min(request.due_at or page.envelope.time, page.envelope.time)
    if user is None:
        return Plan(unreachable=_unreachable(page, "the catalog has no such person"))
    wanted = steps(user, request.urgency)
    if not wanted:
        return Plan(unreachable=_unreachable(page, "has no contact method"))
    found = (_notification(page, user, step, asked_at) for step in wanted)
    return Plan(tuple(replace(one, order=order) for order, one in enumerate(found)))


def _notification(page: Page, user: User, step: Step, asked_at: datetime) -> Notification:
    request = page.request
    wished = asked_at + step.after
    due = hours.heard_from(user, request.urgency, wished)
    rule = step.rule if due == wished else f"{step.rule}, held by quiet hours"
    return Notification(
        notification_id=ids.derived("notification", page.page_id, step.contact.name, step.rule),
        page_id=page.page_id,
        incident_id=request.incident_id,
        incident_version=request.incident_version,
        responder=request.responder,
        contact=step.contact,
        rule=rule,
        order=0,
        purpose="page",
        due_since=due,
        state=Waiting(due),
    )


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
