"""Channels and webhooks that a level tells: where they are, and what became of telling them."""

from typing import Literal

from notifier.domain.contact import ContactMethod
from tocsin.catalog import Catalog
from tocsin.events import (
    AnnouncementAttempted,
    AnnouncementEvent,
    AnnouncementWithdrawn,
    NotificationDelivered,
    NotificationEvent,
    NotificationFailed,
    NotificationSent,
    NotificationUncertain,
    NotificationWithdrawn,
)

Outcome = Literal["sent", "delivered", "failed", "uncertain"]
_OUTCOMES: dict[type[NotificationEvent], Outcome] = {
    NotificationSent: "sent",
    NotificationDelivered: "delivered",
    NotificationFailed: "failed",
    NotificationUncertain: "uncertain",
}


def is_target(responder: str) -> bool:
    """Return whether this is a channel or webhook, `channel payments`, and no person."""
    # By its form, which no name in the catalog has: a row that the previous release has written
    # anew beside this one still says it.
    return " " in responder


def places(target: str, catalog: Catalog) -> tuple[ContactMethod, ...]:
    """Return where a target is told: a webhook at its address, a channel in each of its chats."""
    kind, _, name = target.partition(" ")
    if kind == "webhook":
        webhook = catalog.webhook(name)
        return (ContactMethod(name, "webhook", webhook.url),) if webhook else ()
    team = catalog.team(name) if kind == "channel" else None
    chats = sorted(team.chat.items()) if team else ()
    return tuple(ContactMethod(chat, chat, address) for chat, address in chats if address)


def nowhere(target: str, catalog: Catalog) -> str:
    """Return why a target has no place to be told at."""
    kind, _, name = target.partition(" ")
    if kind == "channel":
        known = catalog.team(name) is not None
        return f"team {name} has no chat" if known else f"the catalog has no team {name}"
    return f"the catalog has no {target}"


def told(fact: NotificationEvent) -> AnnouncementEvent:
    """Return what became of a notification, as what became of an announcement."""
    if isinstance(fact, NotificationWithdrawn):
        return AnnouncementWithdrawn(
            incident_id=fact.incident_id,
            announcement_id=fact.page_id,
            target=fact.responder,
            channel=fact.channel,
            delivery_id=fact.notification_id,
            attempt=fact.attempt,
            reason=fact.reason,
        )
    return AnnouncementAttempted(
        incident_id=fact.incident_id,
        announcement_id=fact.page_id,
        target=fact.responder,
        channel=fact.channel,
        delivery_id=fact.notification_id,
        attempt=fact.attempt,
        outcome=_OUTCOMES[type(fact)],
        reason=getattr(fact, "reason", ""),
        retry_at=getattr(fact, "retry_at", None),
        reference=getattr(fact, "reference", ""),
        late_seconds=getattr(fact, "late_seconds", 0),
    )
