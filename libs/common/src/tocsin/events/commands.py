"""Requests: the only messages that may be refused."""

from typing import ClassVar

from tocsin.events.base import Actor, AwareDatetime, Event, Severity


class Command(Event):
    """What somebody asks for; `via` says by which way (a channel, `api`, `cli`)."""

    TOPIC: ClassVar[str] = "commands"

    incident_id: str
    by: Actor
    via: str = ""


class AcknowledgeIncident(Command):
    """I have it."""

    TYPE: ClassVar[str] = "tocsin.acknowledge-incident.v1"


class ResolveIncident(Command):
    """It is over."""

    TYPE: ClassVar[str] = "tocsin.resolve-incident.v1"


class SnoozeIncident(Command):
    """Page again at `until` unless it is resolved by then."""

    TYPE: ClassVar[str] = "tocsin.snooze-incident.v1"

    until: AwareDatetime


class EscalateIncident(Command):
    """Page the next level now."""

    TYPE: ClassVar[str] = "tocsin.escalate-incident.v1"


class ReassignIncident(Command):
    """Make it the business of these people."""

    TYPE: ClassVar[str] = "tocsin.reassign-incident.v1"

    to: tuple[str, ...]


class AddNote(Command):
    """Write this on the timeline."""

    TYPE: ClassVar[str] = "tocsin.add-note.v1"

    text: str


class OpenIncident(Command):
    """Open an incident by hand; `incident_id` is chosen by the sender, so a repeat is harmless."""

    TYPE: ClassVar[str] = "tocsin.open-incident.v1"

    title: str
    service: str
    severity: Severity = "critical"
    description: str = ""
