"""The ledger of obligations in a dict, held to the real one's contract suite."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from tocsin.obligations import ACT_EVERY, TELL_EVERY, Debts, Obligation, renewed


class MemoryLedger:
    """Obligations by id, each with when it is to be acted on next."""

    def __init__(self, table: dict[Any, Any]) -> None:
        """Keep them in `table`."""
        self._table: dict[str, tuple[Obligation, datetime]] = table

    async def owe(self, obligations: Sequence[Obligation]) -> None:
        """Take these on; one that is owed already keeps its time, and who was told of it."""
        for one in obligations:
            before, act_at = self._table.get(one.obligation_id, (None, one.due_at))
            kept = renewed(before, one) if before else one
            self._table[one.obligation_id] = (kept, act_at)

    async def discharge(self, done: Mapping[str, int]) -> None:
        """Strike off these ids, each up to this version."""
        for name, version in done.items():
            if name in self._table and self._table[name][0].version <= version:
                del self._table[name]

    async def defer(self, due: Mapping[str, datetime]) -> None:
        """Give these until then; those that are not owed any more stay struck off."""
        for name, until in due.items():
            if name in self._table:
                kept = replace(self._table[name][0], due_at=until, alarmed_at=None)
                self._table[name] = (kept, until)

    async def overdue(self, now: datetime, limit: int) -> list[Obligation]:
        """Return what is overdue and to be acted on, longest overdue first."""
        due = [
            (act_at, name)
            for name, (one, act_at) in self._table.items()
            if act_at <= now and one.due_at <= now
        ]
        return [self._table[name][0] for _, name in sorted(due)[:limit]]

    async def acted(self, obligations: Sequence[Obligation], now: datetime) -> None:
        """Count an attempt for each; their turn comes again after `ACT_EVERY`."""
        for one in obligations:
            kept, _ = self._table.get(one.obligation_id, (None, None))
            if kept is not None and kept.version == one.version:
                again = replace(kept, attempts=kept.attempts + 1)
                self._table[one.obligation_id] = (again, now + ACT_EVERY)

    async def debts(self, now: datetime) -> Debts:
        """Return how the ledger stands."""
        found = [one for one, _ in self._table.values()]
        overdue = [one for one in found if one.due_at <= now]
        untold = [
            one for one in overdue if one.alarmed_at is None or one.alarmed_at <= now - TELL_EVERY
        ]
        oldest = min((one.due_at for one in found), default=None)
        return Debts(len(found), len(overdue), len(untold), oldest)

    async def told(self, now: datetime) -> None:
        """Note that people were told of all that is overdue by `now`."""
        for name, (one, act_at) in list(self._table.items()):
            if one.due_at <= now:
                self._table[name] = (replace(one, alarmed_at=now), act_at)

    async def listed(
        self,
        limit: int,
        *,
        overdue_at: datetime | None = None,
        after: tuple[datetime, str] | None = None,
    ) -> list[Obligation]:
        """Return open obligations by their deadline, from after a place in that order."""
        placed = sorted((one.due_at, name) for name, (one, _) in self._table.items())
        return [
            self._table[name][0]
            for due_at, name in placed
            if (overdue_at is None or due_at <= overdue_at)
            and (after is None or (due_at, name) > after)
        ][:limit]
