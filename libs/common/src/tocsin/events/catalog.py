"""On-call as code and what follows from it, on its way to every service. Only escalation writes."""

from typing import Any, ClassVar

from tocsin.events.base import Actor, AwareDatetime, Event, Value


class CatalogDocumentChanged(Event):
    """One document of the catalog; `spec` is None when it was deleted."""

    TYPE: ClassVar[str] = "tocsin.catalog-document-changed.v1"
    TOPIC: ClassVar[str] = "catalog"

    kind: str
    name: str
    set: str
    catalog_version: int
    author: str
    spec: dict[str, Any] | None = None

    @property
    def key(self) -> str:
        """Kind and name: compaction keeps the latest of each."""
        return f"{self.kind}/{self.name}"


class CatalogApplied(Event):
    """Every document of this version is above; a reader that sees it is at this version."""

    TYPE: ClassVar[str] = "tocsin.catalog-applied.v1"
    TOPIC: ClassVar[str] = "catalog"

    catalog_version: int
    author: str
    set: str  # "*": an earlier version of all of them.
    changed: int = 0
    reason: str = ""

    @property
    def key(self) -> str:
        """One key: compaction keeps the latest version."""
        return "catalog/applied"


class OnCallChanged(Event):
    """Who is on call for a schedule from `since` until `until`, whatever was told of it before.

    No responders: a gap. `until` is when others take over, and `then` who they are; null where
    that is more than a month away. `removed`: the catalog has no such schedule any more. It is told
    at each hand-off, after each change of the catalog that changes it, and again once a day.
    """

    TYPE: ClassVar[str] = "tocsin.on-call-changed.v1"
    TOPIC: ClassVar[str] = "catalog"

    schedule: str
    responders: tuple[str, ...]
    since: AwareDatetime
    catalog_version: int
    until: AwareDatetime | None = None
    then: tuple[str, ...] = ()
    reason: tuple[str, ...] = ()
    removed: bool = False

    @property
    def key(self) -> str:
        """One key for each schedule: compaction keeps the latest."""
        return f"on-call/{self.schedule}"


class ForeseenShift(Value):
    """A span in which these people are on call; nobody: a gap. `until` is no part of it."""

    begins: AwareDatetime
    until: AwareDatetime
    responders: tuple[str, ...] = ()


class ForeseenLayer(Value):
    """Whose turn it is by one layer alone; where it does not apply, nothing is told."""

    name: str
    shifts: tuple[ForeseenShift, ...] = ()


class ShiftsForeseen(Event):
    """The shifts of a schedule from `since` until `until`, whatever was told of them before.

    `shifts` are those after all layers and overrides, gaps among them: together they tile the time.
    `layers` are the turns of each layer alone, from the base upwards. What is past is as the
    catalog says it now. It is told after each change of the catalog that may change it, and once a
    day; a schedule that changes very often is told for fewer days.
    """

    TYPE: ClassVar[str] = "tocsin.shifts-foreseen.v1"
    TOPIC: ClassVar[str] = "catalog"

    schedule: str
    catalog_version: int
    since: AwareDatetime
    until: AwareDatetime
    shifts: tuple[ForeseenShift, ...] = ()
    layers: tuple[ForeseenLayer, ...] = ()

    @property
    def key(self) -> str:
        """One key for each schedule: compaction keeps the latest."""
        return f"shifts/{self.schedule}"


class HandoffNoteLeft(Event):
    """Somebody left words for whoever is on call for a schedule next; `time` is when."""

    TYPE: ClassVar[str] = "tocsin.handoff-note-left.v1"
    TOPIC: ClassVar[str] = "catalog"
    LONGEST: ClassVar[int] = 2000

    note_id: str
    schedule: str
    text: str
    by: Actor

    @property
    def key(self) -> str:
        """One key for each schedule: compaction keeps the latest; who shows them keeps all."""
        return f"handoff-note/{self.schedule}"


class OverrideAnswered(Event):
    """What became of a command about an override: done, or refused with the reason."""

    TYPE: ClassVar[str] = "tocsin.override-answered.v1"
    TOPIC: ClassVar[str] = "catalog"

    schedule: str
    override_id: str
    by: Actor
    refusal: str = ""

    @property
    def key(self) -> str:
        """One key for each schedule: answers that were read are let go by compaction."""
        return f"override-answer/{self.schedule}"
