"""What a channel is given: who to tell, and what to say, before any markup."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from tocsin.events.base import Link, Severity, Urgency

# An announcement is for a channel or a webhook that a level tells: it wakes nobody.
Purpose = Literal["page", "announcement", "update", "withdrawn", "post", "notice", "verification"]
Action = Literal["acknowledge", "resolve", "escalate", "snooze", "note"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of a message: a name and its value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Button:
    """Something the reader may do. `token` is opaque, 22 characters; `url` works without an app.

    Where there is no such page `url` is empty.
    """

    action: Action
    label: str
    token: str
    url: str


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert of the incident, as far as a message tells of it."""

    title: str
    severity: Severity
    source: str
    dedup_key: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """One incident of a summary. `url` and `token` are this person's link to it.

    `status` says in words how it stands, where that is more than open and unanswered.
    """

    incident_id: str
    number: int
    title: str
    service: str
    severity: Severity
    urgency: Urgency
    since: datetime
    token: str = ""
    url: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class MessageDoc:
    """What to say, before any markup. Every channel renders it, and escapes it, for its own sink.

    The words are as the monitoring tool wrote them; `text` is ready for a plain sink: control and
    bidirectional characters are visible in it.

    `buttons` have an address each, for those who only show links. `actions` are all that may be
    asked for as the incident stands, for those who hear a press.

    `late` says so in words where a page is overdue. `incidents` are those of a summary: one message
    that stands for many pages after an outage; the other fields then tell of the most urgent one,
    and `more` counts the incidents that are not listed.

    Of purpose `notice` it is about a handoff and no incident: `incident_id` is empty, `number` 0,
    and `service` names the schedules. Of purpose `verification` it carries the code that proves a
    contact method, and `service` is empty too.
    """

    purpose: Purpose
    title: str
    text: str
    incident_id: str
    number: int
    status: str
    severity: Severity
    urgency: Urgency
    service: str
    responder: str
    url: str = ""
    facts: tuple[Fact, ...] = ()
    links: tuple[Link, ...] = ()
    buttons: tuple[Button, ...] = ()
    actions: tuple[Button, ...] = ()
    alerts: tuple[AlertLine, ...] = ()
    more: int = 0
    repeat_possible: bool = False
    late: str = ""
    late_seconds: int = 0
    incidents: tuple[IncidentLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt: to whom, and under which identity.

    `delivery_id` is the same on every attempt: hand it to the provider as its idempotency key.
    """

    delivery_id: str
    address: str
    attempt: int
    at: datetime
    traceparent: str | None = None
