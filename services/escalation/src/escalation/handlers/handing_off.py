"""Hand-offs: who is on call is told when it changes, by a timer or by the catalog."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from escalation.domain.handing_off import look_again_at, on_call_now, says_otherwise
from escalation.handlers.announcing import SOURCE
from escalation.ports import EscalationUnitOfWork, Told
from tocsin import ids
from tocsin.catalog import Catalog
from tocsin.errors import Unavailable
from tocsin.events import Envelope, Event
from tocsin.holder import CatalogHolder
from tocsin.unit_of_work import Timer

HAND_OFF = "hand-off"
BEHIND = timedelta(seconds=1)  # How soon a process whose catalog is not the latest looks again.


class HandOffHandlers:
    """Tells who is on call, as it is now: what was missed while we were away is past."""

    def __init__(self, holder: CatalogHolder) -> None:
        """Answer by the catalog that `holder` has."""
        self._holder = holder

    async def on_timers(
        self, uow: EscalationUnitOfWork, timers: Sequence[Timer], now: datetime
    ) -> None:
        """Tell of the schedules whose hand-off has come."""
        if not self._holder.loaded:
            raise Unavailable("the catalog is not loaded yet: nobody is known to be on call")
        known = await uow.hand_offs.load({timer.subject for timer in timers})
        # A timer that finds another one in its place does nothing.
        due = [one.subject for one in timers if _is_in_force(one, known.get(one.subject))]
        await tell(uow, self._holder.current, known, due, now, again=True)

    async def on_start(self, uow: EscalationUnitOfWork, now: datetime) -> None:
        """Tell what was never told, and what should have been while nobody did."""
        known = await uow.hand_offs.load(None)
        overdue = {name for name, one in known.items() if one.look_at and one.look_at <= now}
        catalog = self._holder.current
        await tell(uow, catalog, known, overdue, now, again=True)
        await tell(uow, catalog, known, _named(catalog, known) - overdue, now)


async def tell_changes(uow: EscalationUnitOfWork, catalog: Catalog, now: datetime) -> None:
    """Tell who is on call by a new version of the catalog, where it is somebody else."""
    known = await uow.hand_offs.load(None)
    await tell(uow, catalog, known, _named(catalog, known), now)


async def tell(
    uow: EscalationUnitOfWork,
    catalog: Catalog,
    known: dict[str, Told],
    names: Iterable[str],
    now: datetime,
    *,
    again: bool = False,
) -> None:
    """Tell of these schedules what is news, or anything (`again`); set the timers of the next."""
    told, timers, facts = [], [], []
    for name in sorted(set(names)):
        before = known.get(name)
        if before and before.fact.catalog_version > catalog.version:
            moved = Told(before.fact, now + BEHIND)
        else:
            present = on_call_now(before.fact if before else None, name, catalog, now)
            if not again and not says_otherwise(before.fact if before else None, present):
                continue
            moved = Told(present, look_again_at(present, now))
            facts.append(_envelope(moved, now))
        told.append(moved)
        if moved.look_at is not None:
            timers.append(_timer(moved, moved.look_at))
    await uow.hand_offs.save(told)
    await uow.set_timers(timers)
    await uow.publish(facts)


def _named(catalog: Catalog, known: Iterable[str]) -> set[str]:
    return {name for kind, name in catalog.specs if kind == "Schedule"} | set(known)


def _timer(told: Told, at: datetime) -> Timer:
    """Return the timer of the next look. Each has an id of its own, and none is ever cancelled.

    So a catalog that is applied never waits for the lock of a timer that is just firing.
    """
    fact = told.fact
    identity = f"{HAND_OFF}/{fact.schedule}/{fact.catalog_version}/{at.isoformat()}"
    return Timer(identity, HAND_OFF, fact.schedule, at)


def _is_in_force(timer: Timer, told: Told | None) -> bool:
    return told is not None and told.look_at == timer.due_at


def _envelope(told: Told, now: datetime) -> Envelope[Event]:
    fact = told.fact
    identity = ids.derived("on-call", fact.schedule, str(fact.catalog_version), now.isoformat())
    return Envelope(data=fact, time=now, source=SOURCE, event_id=identity)
