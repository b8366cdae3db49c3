"""What this service needs of the world: its events, its incidents, its drafts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from postmortem.domain.postmortem import Postmortem
from tocsin.events import Envelope, Event
from tocsin.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Summary:
    """A draft without its text, as a list shows it."""

    postmortem_id: str
    incident_id: str
    title: str
    service: str
    status: str
    digest: str
    events: int
    resolved_at: datetime | None
    last_event_at: datetime


class EventLog(Protocol):
    """Every event that belongs to an incident, for good."""

    async def add(self, events: Sequence[tuple[str, Envelope[Event]]], now: datetime) -> None:
        """Keep these events of these incidents; one that is kept already stays as it is."""
        ...

    async def of(self, incident_ids: Sequence[str]) -> Mapping[str, Sequence[Envelope[Event]]]:
        """Return all events of these incidents, in no promised order."""
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


class PostmortemUnitOfWork(UnitOfWork, Protocol):
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
