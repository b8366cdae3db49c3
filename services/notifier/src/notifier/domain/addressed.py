"""A message's identity: to whom it goes, by which way, because of what."""

from dataclasses import dataclass
from typing import TypedDict

from notifier.domain.announcing import is_target
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
    """What never changes in a notification's life. `order` is its place among those of its page.

    `responder` is a person, or what is told beside them: `channel payments`.
    """

    notification_id: str
    page_id: str
    incident_id: str
    incident_version: int
    responder: str
    contact: ContactMethod
    rule: str
    order: int
    purpose: Purpose

    @property
    def is_announcement(self) -> bool:
        """Whether it tells a channel or webhook, as a page tells a person; updates are updates."""
        return self.purpose == "page" and is_target(self.responder)

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
