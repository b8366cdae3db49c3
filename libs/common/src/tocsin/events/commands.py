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
    """Page the next level now; or, with `to`, these people and teams, in addition.

    A name is `user:ada`, `team:payments`, or a bare one: a person's, else a team's.
    """

    TYPE: ClassVar[str] = "tocsin.escalate-incident.v1"

    to: tuple[str, ...] = ()
    reason: str = ""


class ReassignIncident(Command):
    """Make it the business of these people and teams, named as in EscalateIncident."""

    TYPE: ClassVar[str] = "tocsin.reassign-incident.v1"

    to: tuple[str, ...]
    reason: str = ""


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


class SilenceCommand(Event):
    """What somebody asks for of a silence; it belongs to no incident."""

    TOPIC: ClassVar[str] = "commands"
    KEY: ClassVar[str] = "silence_id"

    silence_id: str
    by: Actor
    via: str = ""


class CreateSilence(SilenceCommand):
    """Keep what these matchers match from notifying anybody, until `ends_at`.

    `silence_id` is chosen by the sender, so a repeat is harmless. `starts_at`: null is now.
    """

    TYPE: ClassVar[str] = "tocsin.create-silence.v1"

    matchers: tuple[str, ...]
    ends_at: AwareDatetime
    starts_at: AwareDatetime | None = None
    comment: str = ""


class ExpireSilence(SilenceCommand):
    """End this silence now; what still fires behind it opens incidents."""

    TYPE: ClassVar[str] = "tocsin.expire-silence.v1"


def of_schedule(name: str) -> str:
    """Return the key of what is asked of a schedule: in order, one after the other."""
    return f"schedule/{name}"


class LeaveHandoffNote(Event):
    """Leave words for whoever is on call for a schedule next. A repeat of `note_id` is harmless."""

    TYPE: ClassVar[str] = "tocsin.leave-handoff-note.v1"
    TOPIC: ClassVar[str] = "commands"

    note_id: str
    schedule: str
    text: str
    by: Actor
    via: str = ""

    @property
    def key(self) -> str:
        """The schedule's."""
        return of_schedule(self.schedule)


class OverrideCommand(Event):
    """What somebody asks for of an override of a schedule; it belongs to no incident."""

    TOPIC: ClassVar[str] = "commands"

    override_id: str
    schedule: str
    by: Actor
    via: str = ""
    token: str = ""
    sets: tuple[str, ...] | None = None

    @property
    def key(self) -> str:
        """The schedule's."""
        return of_schedule(self.schedule)


class OverrideSchedule(OverrideCommand):
    """Put other people on call for a schedule until `ends_at`, as an override's document says it.

    `cover` is on call instead of everybody; else `add` is on call as well, and `remove` is not.
    `override_id` is chosen by the sender, so a repeat is harmless. `starts_at`: null is now.
    The override that it `replaces`, if any, ends in the same version of the catalog.
    `sets` are those of the catalog that the sender's `token` may change; null: every one.
    """

    TYPE: ClassVar[str] = "tocsin.override-schedule.v1"

    ends_at: AwareDatetime
    starts_at: AwareDatetime | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    cover: tuple[str, ...] | None = None
    reason: str = ""
    replaces: str = ""


class EndOverride(OverrideCommand):
    """End this override now; one that has not begun is gone.

    `sets` are those of the catalog that the sender's `token` may change; null: every one.
    """

    TYPE: ClassVar[str] = "tocsin.end-override.v1"
