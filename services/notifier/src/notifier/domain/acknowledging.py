"""What a link or a reply asks for, as a command; and what the person is told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from notifier.domain.incident import Incident
from notifier.domain.page import Page
from tocsin import durations, ids
from tocsin.channels import Action
from tocsin.events import (
    AcknowledgeIncident,
    Actor,
    AddNote,
    Command,
    Envelope,
    EscalateIncident,
    ResolveIncident,
    SnoozeIncident,
)

Instant: TypeAlias = datetime | None

MAX_NOTE = 10_000
SNOOZE = timedelta(hours=1)
_COMMANDS: dict[Action, type[AcknowledgeIncident | ResolveIncident | EscalateIncident]] = {
    "acknowledge": AcknowledgeIncident,
    "resolve": ResolveIncident,
    "escalate": EscalateIncident,
}


@dataclass(frozen=True, slots=True)
class Link:
    """What the page behind a link shows. `heard` says that its button was pressed.

    `is_asked`: another person has the incident, and whose link it is was asked for after that.
    """

    number: int
    title: str
    status: str
    answered_by: str
    heard: bool
    is_asked: bool = False

    @property
    def can_acknowledge(self) -> bool:
        """Whether there is something left to press."""
        return (self.status == "triggered" or self.is_asked) and not self.heard


def link_of(page: Page, incident: Incident | None) -> Link:
    """Return what a link shows now."""
    request = page.request
    if incident is None or incident.version == 0:
        return Link(request.number, request.title, "triggered", "", page.link_used_at is not None)
    return Link(
        request.number,
        incident.title or request.title,
        incident.status,
        incident.answered_by,
        # Triggered again after the answer ended: the button is back.
        page.link_used_at is not None and not incident.has_answered(request.incident_version),
        incident.is_asked_since(request.incident_version),
    )


def command_of(
    action: Action, incident_id: str, responder: str, via: str, text: str = "", now: Instant = None
) -> Command | None:
    """Return the command of an action; None for one that needs more than a press.

    `text` is how long to snooze, or the words of a note. ValueError where it cannot be that.
    """
    by = Actor(kind="user", name=responder)
    if action == "note":
        words = text.strip()[:MAX_NOTE]
        return AddNote(incident_id=incident_id, by=by, via=via, text=words) if words else None
    if action == "snooze":
        if now is None:
            return None
        until = now + (durations.parse(text) if text else SNOOZE)
        return SnoozeIncident(incident_id=incident_id, by=by, via=via, until=until)
    return _COMMANDS[action](incident_id=incident_id, by=by, via=via)


def stale(action: Action, incident: Incident | None) -> str:
    """Return why there is nothing left to do, in words; nothing where there is."""
    if incident is None or incident.status == "triggered" or action == "note":
        return ""
    if incident.status == "acknowledged" and action != "acknowledge":
        return ""
    return f"Already {incident.answer}."


def pressed(page: Page, incident: Incident | None, now: datetime, source: str) -> Envelope[Command]:
    """Return the acknowledgement by a link. Pressed twice in one state, it is the same event."""
    command = command_of("acknowledge", page.request.incident_id, page.request.responder, "link")
    assert command is not None
    version = incident.version if incident else 0
    return Envelope(
        data=command,
        time=now,
        source=source,
        event_id=ids.derived("link", page.page_id, str(version)),
        causation_id=page.envelope.event_id,
        correlation_id=page.envelope.correlation_id or page.envelope.event_id,
        traceparent=page.envelope.traceparent,
    )
