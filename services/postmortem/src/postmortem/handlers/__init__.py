"""Keep every event of an incident; when it is resolved, draft its postmortem, and keep it current.

A batch costs the same handful of statements whatever its size: take the incidents, add the
events, move on where they stand, and, for those that were resolved, load their events and write
their drafts.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from postmortem.domain.postmortem import Decision, draft
from postmortem.domain.recorded import incident_of, is_identity
from postmortem.domain.timeline import TimelineEntry, timeline
from postmortem.domain.why import Why, why
from postmortem.handlers.projecting import project
from postmortem.handlers.watching import hear_schedules, hear_silences
from postmortem.ports import PostmortemUnitOfWork
from postmortem.ports.console import SCHEDULES, SILENCES
from tocsin import ids
from tocsin.events import (
    DeadLettered,
    Envelope,
    Event,
    IncidentResolved,
    PostmortemDrafted,
    PostmortemEvent,
    caused_by,
)

SOURCE = "postmortem"


class Handlers:
    """What this service does with what it is told, and what it can tell."""

    def __init__(self, on_moved: Callable[[], None] = lambda: None) -> None:
        """Call `on_moved` after each commit in which something that pages show has moved."""
        self._on_moved = on_moved

    async def on_events(
        self, uow: PostmortemUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
    ) -> None:
        """Record a batch of any topic, and redraft what it changes."""
        belonging = [
            (incident_id, _without_payload(envelope))
            for envelope in envelopes
            if (incident_id := incident_of(envelope.data)) is not None
        ]
        if await hear_silences(uow, envelopes, now):
            await uow.boards.move(SILENCES, now)
            uow.after_commit(self._on_moved)
        if not belonging:
            return
        incident_ids = sorted({incident_id for incident_id, _ in belonging})
        was_resolved = await uow.incidents.lock(incident_ids, now)
        await uow.log.add(belonging, now)
        await project(uow, belonging, now)
        uow.after_commit(self._on_moved)
        changed = {inc for inc, env in belonging if not isinstance(env.data, PostmortemEvent)}
        resolves = {inc for inc, env in belonging if isinstance(env.data, IncidentResolved)}
        await uow.incidents.mark_resolved(sorted(resolves))
        await self._redraft(
            uow, sorted(i for i in changed if was_resolved[i] or i in resolves), now
        )

    async def on_catalog(
        self, uow: PostmortemUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
    ) -> None:
        """Keep who is on call, and who will be."""
        await hear_schedules(uow, envelopes, now)
        if envelopes:
            await uow.boards.move(SCHEDULES, now)
            uow.after_commit(self._on_moved)

    async def _redraft(
        self, uow: PostmortemUnitOfWork, incident_ids: Sequence[str], now: datetime
    ) -> None:
        if not incident_ids:
            return
        events = await uow.log.of(incident_ids)
        digests = await uow.drafts.digests(incident_ids)
        decisions = [
            decision
            for one in incident_ids
            if (decision := draft(one, events.get(one, ()), digests.get(one))) is not None
        ]
        changed = [decision for decision in decisions if decision.facts]
        await uow.drafts.save([decision.postmortem for decision in changed])
        await uow.publish(
            [_announcement(decision, fact, now) for decision in changed for fact in decision.facts]
        )

    async def story(
        self, uow: PostmortemUnitOfWork, identity: str
    ) -> tuple[TimelineEntry, ...] | None:
        """Return the timeline of an incident; None if nothing is known of it."""
        _, envelopes = await self._events(uow, identity)
        return timeline(envelopes) if envelopes else None

    async def why(self, uow: PostmortemUnitOfWork, identity: str) -> Why | None:
        """Return what was decided about an incident, and why; None if nothing is known of it."""
        incident_id, envelopes = await self._events(uow, identity)
        return why(incident_id, envelopes) if envelopes else None

    async def _events(
        self, uow: PostmortemUnitOfWork, identity: str
    ) -> tuple[str, Sequence[Envelope[Event]]]:
        """Return the incident that this id, or its postmortem's, names, and its events."""
        found = await uow.incidents.find(identity) if is_identity(identity) else None
        if found is None:
            return identity, ()
        return found, (await uow.log.of([found])).get(found, ())


def _announcement(
    decision: Decision, fact: PostmortemDrafted, now: datetime
) -> Envelope[PostmortemDrafted]:
    # The digest is part of the identity: the same draft decided on twice is one event.
    identity = ids.derived("postmortem-drafted", fact.postmortem_id, fact.digest)
    return caused_by(decision.cause, fact, now=now, source=SOURCE, event_id=identity)


def _without_payload(envelope: Envelope[Event]) -> Envelope[Event]:
    """Leave out the bytes of a dead letter: its consumer keeps them, and nobody reads them here."""
    if not isinstance(envelope.data, DeadLettered):
        return envelope
    return Envelope(
        data=envelope.data.model_copy(update={"payload": ""}),
        time=envelope.time,
        source=envelope.source,
        event_id=envelope.event_id,
        causation_id=envelope.causation_id,
        correlation_id=envelope.correlation_id,
    )
