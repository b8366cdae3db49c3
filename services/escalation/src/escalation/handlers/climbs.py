"""Climbs: what incidents, people and notifier say, and the deadlines of those that wait."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from escalation.domain import owing
from escalation.domain.escalation import Decision, Escalation
from escalation.domain.hearing import hear
from escalation.domain.policy import Policy, frozen
from escalation.domain.restating import requested_again
from escalation.domain.status import Cause
from escalation.domain.turns import Ring, rings_of
from escalation.domain.wishing import wished
from escalation.handlers.announcing import (
    cause_of,
    caused_by_climb,
    due_at,
    held_up,
    said_again,
    timer_of,
)
from escalation.handlers.promises import Promises
from escalation.ports import EscalationUnitOfWork
from tocsin.catalog import Catalog
from tocsin.errors import Unavailable
from tocsin.events import (
    Envelope,
    EscalateIncident,
    Event,
    IncidentEvent,
    IncidentTriggered,
    ResponderUnreachable,
)
from tocsin.holder import CatalogHolder
from tocsin.obligations import Obligation
from tocsin.unit_of_work import Timer

log = structlog.get_logger(__name__)


class ClimbHandlers:
    """The handlers of every topic and timer, a batch in one transaction each."""

    def __init__(
        self, holder: CatalogHolder, reached_within: timedelta = owing.REACHED_WITHIN
    ) -> None:
        """Decide by the catalog that `holder` has at each batch.

        An outcome of each page is to be heard `reached_within` this.
        """
        self._holder = holder
        self._reached_within = reached_within

    async def on_incidents(
        self, uow: EscalationUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
    ) -> None:
        """Start, halt, resume: an incident's life."""
        catalog = self._catalog()
        found = await uow.escalations.load(_incidents(envelopes))
        batch = await self._batch(uow, found, catalog, now, envelopes)
        for envelope in envelopes:
            event = envelope.data
            if isinstance(event, IncidentEvent):
                cause = cause_of(envelope)
                climb = replace(batch.climb(event.incident_id), cause=cause)
                batch.take(hear(climb, event, now, catalog), cause, due=due_at(envelope))
        await batch.save(uow)

    async def on_commands(
        self, uow: EscalationUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
    ) -> None:
        """Page the next level now, because somebody asks for it."""
        catalog = self._catalog()
        found = await uow.escalations.load(_incidents(envelopes))
        batch = await self._batch(uow, found, catalog, now, envelopes)
        for envelope in envelopes:
            if isinstance(envelope.data, EscalateIncident):
                climb = batch.climb(envelope.data.incident_id)
                batch.take(wished(climb, envelope.time, now, catalog), cause_of(envelope))
        await batch.save(uow)

    async def on_notifications(
        self, uow: EscalationUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
    ) -> None:
        """Strike off pages with an outcome; go on where none of a level's can reach anybody."""
        catalog = self._catalog()
        unreachable = [one for one in envelopes if isinstance(one.data, ResponderUnreachable)]
        found = await uow.escalations.load(_incidents(unreachable)) if unreachable else {}
        batch = await self._batch(uow, found, catalog, now)
        for envelope in envelopes:
            event = envelope.data
            batch.promises.hear(event)
            if not isinstance(event, ResponderUnreachable):
                continue
            climb = batch.climb(event.incident_id)
            if climb.is_new:  # A page of ours that we have forgotten: our database was lost.
                decision = climb.escalate_now(now, catalog)
            else:
                decision = climb.unreachable(event.page_id, now, catalog)
            batch.take(decision, cause_of(envelope))
        await batch.save(uow)

    async def on_timers(
        self, uow: EscalationUnitOfWork, timers: Sequence[Timer], now: datetime
    ) -> None:
        """Take the next step of every climb whose level had its time."""
        catalog = self._catalog()
        found = await uow.escalations.load({timer.subject for timer in timers})
        batch = await self._batch(uow, found, catalog, now)
        for timer in timers:
            if climb := batch.known(timer.subject):
                step = climb.advance(now, catalog)
                batch.take(step, climb.cause, keep_timer=True, due=climb.deadline)
        await batch.save(uow)

    async def on_overdue(
        self, uow: EscalationUnitOfWork, overdue: Sequence[Obligation], now: datetime
    ) -> None:
        """Request again the pages that nothing was heard of; strike off those not wanted."""
        catalog = self._catalog()
        found = await uow.escalations.load({one.subject for one in overdue})
        batch = await self._batch(uow, found, catalog, now)
        ids = {one.obligation_id for one in overdue}
        for climb in found.values():
            wanted = {page.page_id for page in climb.pages if owing.identity(page.page_id) in ids}
            again = requested_again(climb, wanted, now, catalog)
            ids -= {owing.identity(page.page_id) for page in again}
            batch.take(Decision(climb, repeated=again), climb.cause)
        for left in ids:
            batch.promises.discharge(left)
        await batch.save(uow)

    async def _batch(
        self,
        uow: EscalationUnitOfWork,
        found: Mapping[str, Escalation],
        catalog: Catalog,
        now: datetime,
        envelopes: Sequence[Envelope[Event]] = (),
    ) -> "_Batch":
        # After the climbs, everywhere, and in one order: nobody waits for each other.
        wanted = rings_of(_policies(found.values(), envelopes, catalog))
        rings = await uow.rings.load(wanted) if wanted else {}
        return _Batch(found, now, Promises(catalog, now, self._reached_within), rings)

    def _catalog(self) -> Catalog:
        if not self._holder.loaded:
            raise Unavailable("the catalog is not loaded yet: nobody can be found to page")
        return self._holder.current


class _Batch:
    """The climbs that one transaction touches, decided in memory and written together."""

    def __init__(
        self,
        found: Mapping[str, Escalation],
        now: datetime,
        promises: Promises,
        rings: Mapping[str, Ring],
    ) -> None:
        self.promises = promises
        self._rings_found = rings
        self._rings = dict(rings)
        self._found = found
        self._climbs = dict(found)
        self._now = now
        self._facts: list[Envelope[Event]] = []
        self._timers: dict[str, Timer] = {}

    def known(self, incident_id: str) -> Escalation | None:
        """Return the climb as it is by now."""
        climb = self._climbs.get(incident_id)
        return climb and self._with_rings(climb)

    def climb(self, incident_id: str) -> Escalation:
        """Return the climb as it is by now; one never heard of starts unknown."""
        return self._with_rings(self._climbs.get(incident_id) or Escalation.unknown(incident_id))

    def _with_rings(self, climb: Escalation) -> Escalation:
        if not self._rings:
            return climb
        return replace(climb, turns=climb.turns.knowing(self._rings))

    def take(
        self,
        decision: Decision,
        cause: Cause | None,
        *,
        keep_timer: bool = False,
        due: datetime | None = None,
    ) -> None:
        """Put a decision in force, for the decisions after it and for `save`."""
        climb = decision.escalation
        if climb.turns.rings:  # They belong to all climbs: the next decision goes on with them.
            self._rings.update(climb.turns.rings)
            climb = replace(climb, turns=climb.turns.knowing({}))
        incident_id = climb.incident.incident_id
        before = self._climbs.get(incident_id)
        self._climbs[incident_id] = climb
        facts = [held_up(fact, due, self._now) for fact in decision.facts]
        self._facts.extend(caused_by_climb(fact, climb, cause, self._now) for fact in facts)
        self._facts.extend(said_again(fact, climb, cause, self._now) for fact in decision.repeated)
        self.promises.take(decision.facts)
        timer = timer_of(climb)
        if timer and (keep_timer or before is None or timer != timer_of(before)):
            self._timers[timer.timer_id] = timer

    async def save(self, uow: EscalationUnitOfWork) -> None:
        """Write what changed: climbs, timers, facts."""
        changed = {
            name: climb for name, climb in self._climbs.items() if climb != self._found.get(name)
        }
        # Only `incidents` says what an incident is: what is made from less never replaces that.
        guessed = {
            name for name, climb in changed.items() if name not in self._found and not climb.version
        }
        await uow.escalations.save([changed[name] for name in changed if name not in guessed])
        await uow.escalations.add([changed[name] for name in guessed])
        moved = {
            name: ring for name, ring in self._rings.items() if ring != self._rings_found.get(name)
        }
        await uow.rings.save(moved)
        await uow.set_timers(list(self._timers.values()))
        await self.promises.save(uow)
        await uow.publish(self._facts)
        if self._facts:
            log.debug("climbs_moved", climbs=len(changed), facts=len(self._facts))


def _incidents(envelopes: Sequence[Envelope[Event]]) -> set[str]:
    return {envelope.data.key for envelope in envelopes}


def _policies(
    climbs: Collection[Escalation], envelopes: Sequence[Envelope[Event]], catalog: Catalog
) -> Iterator[Policy]:
    """Yield every policy by which one of these may be decided: its own, and one that it takes."""
    asked = {(one.incident.service, one.incident.wanted_policy) for one in climbs}
    heard = (envelope.data for envelope in envelopes)
    asked |= {
        (event.service, event.escalation_policy)
        for event in heard
        if isinstance(event, IncidentTriggered)
    }
    yield from (frozen(catalog, service, wanted) for service, wanted in asked)
    yield from (climb.policy for climb in climbs)
