"""Values for notifier's tests, with only what a test is about left to say."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from notifier.domain import reply
from notifier.domain.contact import ContactMethod
from notifier.domain.notification import Notification
from notifier.domain.page import Page
from notifier.domain.states import Waiting
from notifier.handlers.posts import PostHandlers
from tocsin.catalog import User
from tocsin.events import AlertSummary, Envelope, PageRequested
from tocsin.holder import CatalogHolder
from tocsin.testing import START

SECRET = "a secret of the tests only"
PHONE = ContactMethod("phone", "webhook", "https://push.example.org/ada")
MAIL = ContactMethod("mail", "email", "ada@example.org")


def requested(page_id: str = "page-1", **more: Any) -> PageRequested:
    given: dict[str, Any] = {
        "incident_id": "inc-1",
        "page_id": page_id,
        "incident_version": 1,
        "number": 7,
        "title": "Checkout is slow",
        "service": "checkout",
        "severity": "critical",
        "urgency": "high",
        "responder": "ada",
        "level": 1,
        "loop": 0,
        "policy": "payments",
        "catalog_version": 1,
        "reason": ("policy payments", "level 1", "user ada"),
        "alerts": (
            AlertSummary(
                alert_id="alert-1",
                dedup_key="slow",
                title="p99 over 2 s",
                severity="critical",
                source="alertmanager",
            ),
        ),
    }
    return PageRequested(**(given | more))


def asked(data: PageRequested, at: datetime = START) -> Envelope[PageRequested]:
    return Envelope(data=data, time=at, source="escalation", event_id=f"event-of-{data.page_id}")


def page(page_id: str = "page-1", at: datetime = START, **more: Any) -> Page:
    token = reply.link_token(SECRET, page_id)
    return Page(asked(requested(page_id, **more), at), reply.token_hash(token))


def notification(identity: str = "n-1", **more: Any) -> Notification:
    one = Notification(
        notification_id=identity,
        page_id="page-1",
        incident_id="inc-1",
        incident_version=1,
        responder="ada",
        contact=PHONE,
        rule="high urgency: phone after 0s",
        order=0,
        purpose="page",
        due_since=START,
        state=Waiting(START),
    )
    return replace(one, **more)


def no_posts() -> PostHandlers:
    """No chat that can change what it shows."""
    return PostHandlers(CatalogHolder(), (), secret=SECRET)


def ada(*rules: tuple[str, str, str]) -> User:
    """Ada, with a phone and mail, and rules as (urgency, contact method, after)."""
    return User.model_validate(
        {
            "contact_methods": [
                {"name": one.name, "channel": one.channel, "address": one.address}
                for one in (PHONE, MAIL)
            ],
            "notification_rules": [
                {"urgency": urgency, "contact_method": method, "after": after}
                for urgency, method, after in rules
            ],
            "chat": {"pigeon": "P-ADA"},
        }
    )
