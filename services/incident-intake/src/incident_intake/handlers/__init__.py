"""What incident-intake does: load, decide, save, publish - one module for each conversation."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from incident_intake.domain import owing
from incident_intake.domain.incident import Incident
from incident_intake.domain.suppression import Silence
from incident_intake.handlers import alert_events, commands, due, promises, silences
from incident_intake.ports import IntakeUnitOfWork
from tocsin.catalog import Catalog
from tocsin.errors import Unavailable
from tocsin.events import Command, Envelope, Event
from tocsin.holder import CatalogHolder
from tocsin.obligations import Obligation
from tocsin.unit_of_work import Timer

HTTP_CONSUMER = "incident-intake.http"


class Handlers:
    """One method per message; each works within the transaction it is given."""

    def __init__(
        self,
        catalog: CatalogHolder,
        listening_since: datetime,
        paged_within: timedelta = owing.PAGED_WITHIN,
    ) -> None:
        """Decide by the catalog in force; before `listening_since` nobody could reach us.

        Of each incident that is triggered a page is to be heard `paged_within` this.
        """
        self.catalog = catalog
        self.listening_since = listening_since
        self.paged_within = paged_within

    async def on_alert_events(
        self, uow: IntakeUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
    ) -> None:
        """Turn alert events into incidents."""
        await alert_events.decide(uow, self._catalog(), envelopes, now, self.paged_within)

    async def on_commands(
        self, uow: IntakeUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
    ) -> None:
        """Decide the commands that came by the topic; refusals are told there."""
        catalog = self._catalog()
        # Silences are locked before alerts, and the counter is taken last: nobody deadlocks.
        book = await silences.decide_all(uow, envelopes, now)
        await commands.decide_all(uow, catalog, envelopes, now, self.paged_within)
        if book is not None:
            await book.await_the_silenced()

    async def on_start(self, uow: IntakeUnitOfWork, now: datetime) -> None:
        """Say what stands, for those who have not heard of it."""
        await silences.tell_again(uow, now)

    async def on_pages(
        self, uow: IntakeUnitOfWork, envelopes: Sequence[Envelope[Event]], now: datetime
    ) -> None:
        """Hear that somebody is paged, or why nobody is."""
        del now
        await promises.keep(uow, envelopes)

    async def on_overdue(
        self, uow: IntakeUnitOfWork, overdue: Sequence[Obligation], now: datetime
    ) -> None:
        """Announce again what nobody is known to have been paged for."""
        await promises.announce_again(uow, self._catalog(), overdue, now)

    async def on_timers(
        self, uow: IntakeUnitOfWork, timers: Sequence[Timer], now: datetime
    ) -> None:
        """Do what is due."""
        await due.decide(uow, self._catalog(), timers, now, self.listening_since, self.paged_within)

    async def on_command(
        self, uow: IntakeUnitOfWork, envelope: Envelope[Command], now: datetime
    ) -> Incident | None:
        """Decide a command whose sender waits; Refused where the state forbids it.

        A command that was decided before is not decided again: the incident as it is now.
        """
        if not await uow.unseen(HTTP_CONSUMER, [envelope]):
            return await uow.incidents.get(envelope.data.incident_id)
        return await commands.decide(uow, self._catalog(), envelope, now, self.paged_within)

    def _catalog(self) -> Catalog:
        if not self.catalog.loaded:
            raise Unavailable("the catalog is not loaded yet: nothing can be decided by it")
        return self.catalog.current

    async def on_silence_added(
        self, uow: IntakeUnitOfWork, silence: Silence, who: silences.Who, now: datetime
    ) -> Silence:
        """Keep a silence."""
        return await silences.add(uow, silence, who, now)

    async def on_silence_expired(
        self, uow: IntakeUnitOfWork, silence_id: str, who: silences.Who, now: datetime
    ) -> Silence | None:
        """End a silence now."""
        return await silences.expire(uow, silence_id, who, now)
