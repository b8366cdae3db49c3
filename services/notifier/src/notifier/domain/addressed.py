"""A message's identity: to whom it goes, by which way, because of what."""

from dataclasses import dataclass
from typing import TypedDict

from notifier.domain.contact import ContactMethod
from tocsin.channels import Purpose


class Subject(TypedDict):
    """What every fact about a notification says."""

    incident_id: str
    notification_id: str
    page_id: str
    responder: str
    contact_method: str
    channel: str
    attempt: int
    rule: str


@dataclass(frozen=True, slots=True)
class Addressed:
    """What never changes in a notification's life. `order` is its place among those of its page."""

    notification_id: str
    page_id: str
    incident_id: str
    incident_version: int
    responder: str
    contact: ContactMethod
    rule: str
    order: int
    purpose: Purpose

    def subject(self, attempt: int) -> Subject:
        """Return what every fact about it says."""
        return {
            "incident_id": self.incident_id,
            "notification_id": self.notification_id,
            "page_id": self.page_id,
            "responder": self.responder,
            "contact_method": self.contact.name,
            "channel": self.contact.channel,
            "attempt": max(attempt, 1),
            "rule": self.rule,
        }
