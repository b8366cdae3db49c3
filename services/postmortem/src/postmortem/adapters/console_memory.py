"""The console's rows in a few dicts, held to the same contract as SQL."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from postmortem.domain.order import Order
from postmortem.domain.standings import Standing
from postmortem.ports.console import Moved, Place, Session

Table = dict[Any, Any]


class MemoryStandings:
    """Where incidents stand, by id, each with when it moved."""

    def __init__(self, table: Table, incidents: Table) -> None:
        """Keep them in `table`; `incidents` are those that are known."""
        self._table = table
        self._incidents = incidents

    async def load(self, incident_ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return those that are kept of these incidents."""
        return {one: self._table[one][0] for one in incident_ids if one in self._table}

    async def save(self, standings: Sequence[Standing], now: datetime) -> None:
        """Write these whole; they have moved `now`."""
        for one in standings:
            kept = replace(
                one,
                title=one.title.replace("\x00", "\ufffd"),
                service=one.service.replace("\x00", "\ufffd"),
                description=one.description.replace("\x00", "\ufffd"),
                runbook=one.runbook.replace("\x00", "\ufffd"),
            )
            self._table[one.incident_id] = (kept, now)

    async def find(self, identity: str) -> Standing | None:
        """Return the incident of this id, or of this number."""
        for one, _ in self._table.values():
            if identity in {one.incident_id, str(one.number)}:
                found: Standing = one
                return found
        return None

    async def page(
        self, statuses: Sequence[str], after: Place | None, limit: int
    ) -> Sequence[Standing]:
        """Return those of these statuses: triggered before acknowledged, then newest first."""
        found = [
            one
            for one, _ in self._table.values()
            if one.status in statuses
            and one.number is not None
            and (after is None or (one.status, one.number) < after)
        ]
        return sorted(found, key=lambda one: (one.status, one.number), reverse=True)[:limit]

    async def counts(self, statuses: Sequence[str]) -> Mapping[str, int]:
        """Return how many there are of each of these statuses."""
        return Counter(
            one.status
            for one, _ in self._table.values()
            if one.status in statuses and one.number is not None
        )

    async def moved(self, since: datetime, limit: int) -> Sequence[Moved]:
        """Return what has moved since then, the latest first."""
        found = [
            Moved(name, at, one.version) for name, (one, at) in self._table.items() if at >= since
        ]
        found.sort(key=lambda one: one.incident_id)
        return sorted(found, key=lambda one: one.moved_at, reverse=True)[:limit]

    async def missing(self, limit: int) -> Sequence[str]:
        """Return incidents that are known and not kept here."""
        return [one for one in self._incidents if one not in self._table][:limit]


class MemoryOrders:
    """Commands by their id."""

    def __init__(self, table: Table) -> None:
        """Keep them in `table`."""
        self._table: dict[str, Order] = table

    async def add(self, order: Order) -> bool:
        """Keep a command; False where it was given before, under the same id."""
        return self._table.setdefault(order.command_id, order) is order

    async def get(self, command_id: str) -> Order | None:
        """Return a command, if it was given."""
        return self._table.get(command_id)

    async def waiting(self, incident_ids: Sequence[str]) -> Sequence[Order]:
        """Return the commands of these incidents that nothing was heard of."""
        return [
            one
            for one in self._table.values()
            if one.incident_id in incident_ids and one.answered_at is None
        ]

    async def save(self, orders: Sequence[Order]) -> None:
        """Write these whole."""
        self._table.update({one.command_id: one for one in orders})

    async def latest(self, incident_id: str, since: datetime) -> Sequence[Order]:
        """Return the commands of an incident since then, latest first."""
        return self._since(lambda one: one.incident_id == incident_id, since)

    async def given(self, by: str, since: datetime) -> Sequence[Order]:
        """Return the commands that somebody gave since then, latest first."""
        return self._since(lambda one: one.by == by, since)

    def _since(self, wanted: Callable[[Order], bool], since: datetime) -> Sequence[Order]:
        found = [one for one in self._table.values() if wanted(one) and one.sent_at >= since]
        found.sort(key=lambda one: one.command_id)
        return sorted(found, key=lambda one: one.sent_at, reverse=True)


class MemoryBoards:
    """When each moved last, by its name."""

    def __init__(self, table: Table) -> None:
        """Keep them in `table`."""
        self._table: dict[str, Moved] = table

    async def move(self, board: str, now: datetime) -> None:
        """Something of it is written in this transaction."""
        known = self._table.get(board)
        self._table[board] = Moved(board, now, known.version + 1 if known else 1)

    async def moved(self, since: datetime) -> Sequence[Moved]:
        """Return those that have moved since then, the latest first."""
        found = [self._table[name] for name in sorted(self._table)]
        late = [one for one in found if one.moved_at >= since]
        return sorted(late, key=lambda one: one.moved_at, reverse=True)


class MemorySessions:
    """Logins by the hash of their key."""

    def __init__(self, table: Table) -> None:
        """Keep them in `table`."""
        self._table: dict[str, Session] = table

    async def add(self, session: Session) -> None:
        """Keep a session."""
        self._table[session.key_hash] = session

    async def get(self, key_hash: str) -> Session | None:
        """Return a session, whether it has expired or not."""
        return self._table.get(key_hash)

    async def remove(self, key_hash: str) -> None:
        """Forget a session, if there is one."""
        self._table.pop(key_hash, None)

    async def forget_expired(self, now: datetime) -> None:
        """Forget the sessions that have expired."""
        for name in [name for name, one in self._table.items() if one.expires_at <= now]:
            del self._table[name]
