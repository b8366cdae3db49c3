"""Promises: what the pages of one transaction owe, and what notifier's outcomes discharge."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from escalation.domain import owing
from escalation.ports import EscalationUnitOfWork
from tocsin.catalog import Catalog
from tocsin.events import Event, PageEvent, PageRequested, PageWithdrawn
from tocsin.obligations import Obligation


class Promises:
    """Gathered in the order of what happens, and written in one statement of each kind."""

    def __init__(self, catalog: Catalog, now: datetime, within: timedelta) -> None:
        """Let each page have as long as this to reach its person."""
        self._catalog = catalog
        self._now = now
        self._within = within
        self._owed: dict[str, Obligation] = {}
        self._done: dict[str, int] = {}
        self._deferred: dict[str, datetime] = {}

    def take(self, facts: Iterable[PageEvent]) -> None:
        """Owe what is requested; what is withdrawn is not owed any more."""
        for fact in facts:
            if isinstance(fact, PageRequested):
                promise = owing.owed(fact, self._now, self._within, self._catalog)
                self._owed[promise.obligation_id] = promise
            elif isinstance(fact, PageWithdrawn):
                self.discharge(owing.identity(fact.page_id))

    def hear(self, event: Event) -> None:
        """Take up what notifier tells of a page."""
        if (ended := owing.ended(event)) is not None:
            self.discharge(ended)
        elif (tried := owing.tried(event, self._now, self._within)) is not None:
            identity, until = tried
            self._deferred[identity] = max(until, self._deferred.get(identity, until))

    def discharge(self, identity: str) -> None:
        """Strike one off."""
        self._owed.pop(identity, None)
        self._done[identity] = 0

    async def save(self, uow: EscalationUnitOfWork) -> None:
        """Write it all."""
        await uow.ledger.owe(list(self._owed.values()))
        await uow.ledger.discharge(self._done)
        await uow.ledger.defer(
            {name: until for name, until in self._deferred.items() if name not in self._done}
        )
