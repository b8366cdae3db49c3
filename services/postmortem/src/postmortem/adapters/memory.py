"""The ports in a few dicts, held to the same contract as SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any

from postmortem.adapters.console_memory import (
    MemoryBoards,
    MemoryOrders,
    MemorySessions,
    MemoryStandings,
)
from postmortem.adapters.handoff_note_memory import MemoryHandoffNotes
from postmortem.adapters.memory_desk import MemoryActionItems, MemoryReviews
from postmortem.adapters.outlook_memory import MemoryOutlooks
from postmortem.adapters.watch_memory import MemorySilences, MemoryWatches
from postmortem.domain.postmortem import Postmortem, postmortem_id
from postmortem.ports import Summary
from tocsin.events import Envelope, Event
from tocsin.testing.memory import MemoryUnitOfWork

Table = dict[Any, Any]


class MemoryEventLog:
    """Events by id."""

    def __init__(self, table: Table) -> None:
        """Keep them in `table`."""
        self._table = table

    async def add(self, events: Sequence[tuple[str, Envelope[Event]]], now: datetime) -> None:
        """Keep these events; one that is kept already stays as it is."""
        del now
        for incident_id, envelope in events:
            self._table.setdefault(envelope.event_id, (incident_id, envelope))

    async def of(self, incident_ids: Sequence[str]) -> Mapping[str, Sequence[Envelope[Event]]]:
        """Return all events of these incidents."""
        found: dict[str, list[Envelope[Event]]] = {}
        for incident_id, envelope in self._table.values():
            if incident_id in incident_ids:
                found.setdefault(incident_id, []).append(envelope)
        return found

    async def latest(
        self, incident_id: str, limit: int, types: Sequence[str] = ()
    ) -> Sequence[Envelope[Event]]:
        """Return the latest events of an incident, latest first."""
        found = [
            envelope
            for owner, envelope in self._table.values()
            if owner == incident_id and (not types or envelope.type in types)
        ]
        found.sort(key=lambda envelope: (envelope.time, envelope.event_id), reverse=True)
        return found[:limit]


class MemoryIncidents:
    """Whether each incident was resolved, by id."""

    def __init__(self, table: Table) -> None:
        """Keep them in `table`."""
        self._table = table

    async def lock(self, incident_ids: Sequence[str], now: datetime) -> Mapping[str, bool]:
        """Take these incidents; make those that are new."""
        del now
        return {one: self._table.setdefault(one, False) for one in incident_ids}

    async def mark_resolved(self, incident_ids: Sequence[str]) -> None:
        """Remember that these were resolved."""
        self._table.update(dict.fromkeys(incident_ids, True))

    async def find(self, identity: str) -> str | None:
        """Return the incident that this id, or its postmortem's id, names."""
        return next(
            (one for one in self._table if identity in {one, postmortem_id(one)}),
            None,
        )


class MemoryDrafts:
    """Drafts by incident id."""

    def __init__(self, table: Table, reviews: Table) -> None:
        """Keep them in `table`; where each stands is in `reviews`."""
        self._table = table
        self._reviews = reviews

    async def digests(self, incident_ids: Sequence[str]) -> Mapping[str, str]:
        """Return the digest of each draft there is."""
        return {one: self._table[one].digest for one in incident_ids if one in self._table}

    async def save(self, drafts: Sequence[Postmortem]) -> None:
        """Write these whole, over what was there."""
        for one in drafts:
            self._table[one.incident_id] = Summary(
                postmortem_id=one.postmortem_id,
                incident_id=one.incident_id,
                title=one.title.replace("\x00", "�"),
                service=one.service.replace("\x00", "�"),
                status="draft",
                digest=one.digest,
                events=one.events,
                resolved_at=one.resolved_at,
                last_event_at=one.last_event_at,
            )

    async def page(self, after: tuple[datetime, str] | None, limit: int) -> Sequence[Summary]:
        """Return drafts, the latest resolve first, from behind `after`."""
        found = sorted(
            self._table.values(), key=lambda one: (one.resolved_at, one.postmortem_id), reverse=True
        )
        behind = [one for one in found if not after or (one.resolved_at, one.postmortem_id) < after]
        return [
            replace(one, status=self._reviews[one.postmortem_id].status)
            if one.postmortem_id in self._reviews
            else one
            for one in behind[:limit]
        ]


class MemoryPostmortemUnitOfWork(MemoryUnitOfWork):
    """One transaction with this service's repositories."""

    @cached_property
    def log(self) -> MemoryEventLog:
        """The events."""
        return MemoryEventLog(self.table("events"))

    @cached_property
    def incidents(self) -> MemoryIncidents:
        """The incidents."""
        return MemoryIncidents(self.table("incidents"))

    @cached_property
    def drafts(self) -> MemoryDrafts:
        """The drafts."""
        return MemoryDrafts(self.table("drafts"), self.table("reviews"))

    @cached_property
    def reviews(self) -> MemoryReviews:
        """Where postmortems stand."""
        return MemoryReviews(self.table)

    @cached_property
    def action_items(self) -> MemoryActionItems:
        """What was promised."""
        return MemoryActionItems(self.table("action_items"))

    @cached_property
    def standings(self) -> MemoryStandings:
        """Where incidents stand."""
        return MemoryStandings(self.table("standings"), self.table("incidents"))

    @cached_property
    def orders(self) -> MemoryOrders:
        """The commands given here."""
        return MemoryOrders(self.table("orders"))

    @cached_property
    def sessions(self) -> MemorySessions:
        """Who is logged in."""
        return MemorySessions(self.table("sessions"))

    @cached_property
    def silences(self) -> MemorySilences:
        """What is silenced."""
        return MemorySilences(self.table("silences"))

    @cached_property
    def watches(self) -> MemoryWatches:
        """Who is on call."""
        return MemoryWatches(self.table("watches"))

    @cached_property
    def outlooks(self) -> MemoryOutlooks:
        """Who will be."""
        return MemoryOutlooks(self.table("outlooks"))

    @cached_property
    def handoff_notes(self) -> MemoryHandoffNotes:
        """Words for who is on call next."""
        return MemoryHandoffNotes(self.table("handoff_notes"))

    @cached_property
    def boards(self) -> MemoryBoards:
        """What moved beside incidents."""
        return MemoryBoards(self.table("boards"))
