"""What this service needs of the world: events, incidents, drafts, and what people make of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from postmortem.domain.action_item import ActionItem
from postmortem.domain.document import ItemState, Status
from postmortem.domain.postmortem import Postmortem
from postmortem.domain.review import Review
from postmortem.domain.words import Words
from postmortem.ports.console import ConsoleRows
from tocsin.events import Actor, Envelope, Event
from tocsin.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Summary:
    """A draft without its text, as a list shows it."""

    postmortem_id: str
    incident_id: str
    title: str
    service: str
    status: Status
    digest: str
    events: int
    resolved_at: datetime | None
    last_event_at: datetime


@dataclass(frozen=True, slots=True)
class Publication:
    """A published version: `document` is its JSON, byte for byte, `sha256` that of these bytes."""

    postmortem_id: str
    number: int
    document: str
    sha256: str
    digest: str
    published_by: Actor
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """Something that a person did to a postmortem, kept for good; `detail` holds what was given."""

    change_id: str
    postmortem_id: str
    revision: int
    what: str
    changed_by: Actor
    changed_at: datetime
    detail: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which action items to list."""

    state: ItemState | None = None
    owner: str | None = None
    due_before: date | None = None


class EventLog(Protocol):
    """Every event that belongs to an incident, for good."""

    async def add(self, events: Sequence[tuple[str, Envelope[Event]]], now: datetime) -> None:
        """Keep these events of these incidents; one that is kept already stays as it is."""
        ...

    async def of(self, incident_ids: Sequence[str]) -> Mapping[str, Sequence[Envelope[Event]]]:
        """Return all events of these incidents, in no promised order."""
        ...

    async def latest(
        self, incident_id: str, limit: int, types: Sequence[str] = ()
    ) -> Sequence[Envelope[Event]]:
        """Return the latest events of an incident, latest first; of these `types` only, if any."""
        ...


class Incidents(Protocol):
    """Which incidents are known, and which of them were resolved at some time."""

    async def lock(self, incident_ids: Sequence[str], now: datetime) -> Mapping[str, bool]:
        """Take these incidents for this transaction; tell of each whether it was ever resolved.

        One that is new is made. Whoever adds an event holds its incident, so that no draft is
        compiled beside an event that is just being added.
        """
        ...

    async def mark_resolved(self, incident_ids: Sequence[str]) -> None:
        """Remember that these were resolved: each later event makes a new draft."""
        ...

    async def find(self, identity: str) -> str | None:
        """Return the incident that this id, or its postmortem's id, names."""
        ...


class Drafts(Protocol):
    """The drafts of resolved incidents."""

    async def digests(self, incident_ids: Sequence[str]) -> Mapping[str, str]:
        """Return the digest of each draft there is."""
        ...

    async def save(self, drafts: Sequence[Postmortem]) -> None:
        """Write these whole, over what was there."""
        ...

    async def page(self, after: tuple[datetime, str] | None, limit: int) -> Sequence[Summary]:
        """Return drafts, the latest resolve first, from behind `after` (resolve, postmortem id)."""
        ...


class Reviews(Protocol):
    """What people made of postmortems. Whoever writes holds the incident (`Incidents.lock`)."""

    async def of(self, postmortem_id: str, incident_id: str) -> Review:
        """Return where a postmortem stands: an untouched draft where nobody did anything."""
        ...

    async def save(self, review: Review, change: Change) -> None:
        """Write where it stands now, and what was done."""
        ...

    async def words(self, postmortem_id: str) -> Mapping[str, Words]:
        """Return what people wrote, by section."""
        ...

    async def write(self, postmortem_id: str, words: Words) -> None:
        """Write one section over what was there."""
        ...

    async def publish(self, publication: Publication) -> None:
        """Keep a published version; one that is kept already stays as it is."""
        ...

    async def published(self, postmortem_id: str, number: int) -> Publication | None:
        """Return a published version."""
        ...

    async def is_done(self, change_id: str) -> bool:
        """Return whether this was done already."""
        ...

    async def history(self, postmortem_id: str, before: int | None, limit: int) -> Sequence[Change]:
        """Return what was done, latest first, from before a revision."""
        ...


class ActionItems(Protocol):
    """What was promised."""

    async def of(self, postmortem_id: str) -> Sequence[ActionItem]:
        """Return the items of a postmortem, by due date."""
        ...

    async def get(self, action_item_id: str) -> ActionItem | None:
        """Return one."""
        ...

    async def save(self, item: ActionItem) -> None:
        """Write it whole, over what was there."""
        ...

    async def page(
        self, wanted: Wanted, after: tuple[date, str] | None, limit: int
    ) -> Sequence[ActionItem]:
        """Return items by due date, from behind `after` (due, id)."""
        ...


class PostmortemUnitOfWork(UnitOfWork, ConsoleRows, Protocol):
    """One transaction with this service's repositories."""

    @property
    def log(self) -> EventLog:
        """The events."""
        ...

    @property
    def incidents(self) -> Incidents:
        """The incidents."""
        ...

    @property
    def drafts(self) -> Drafts:
        """The drafts."""
        ...

    @property
    def reviews(self) -> Reviews:
        """Where postmortems stand."""
        ...

    @property
    def action_items(self) -> ActionItems:
        """What was promised."""
        ...
