"""Notices of handoffs in two dicts, held to the same contract suite as SQL."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from notifier.domain.handoff_note import HandoffNote
from notifier.domain.notice import Notice
from notifier.domain.outlook import Outlook

Table = dict[Any, Any]  # The recipe's tables hold whatever a service keeps in them.


class MemoryOutlooks:
    """The coming shifts of each schedule."""

    def __init__(self, table: Table) -> None:
        """Keep them in `table`."""
        self._table = table

    async def of(self, schedules: Collection[str], *, lock: bool = True) -> dict[str, Outlook]:
        """Return those that are known."""
        del lock
        return {one: self._table[one] for one in sorted(schedules) if one in self._table}

    async def due(self, now: datetime) -> list[Outlook]:
        """Return all that are to be looked at by `now`, by name."""
        ordered = (self._table[name] for name in sorted(self._table))
        return [one for one in ordered if one.look_at is not None and one.look_at <= now]

    async def save(self, outlooks: Sequence[Outlook]) -> None:
        """Write these whole."""
        self._table.update({one.schedule: one for one in outlooks})

    async def look_again(self, at: datetime, needs: int) -> bool:
        """Let each be looked at by `at` at the latest, by a catalog of this version or later."""
        for name, one in self._table.items():
            sooner = min(at, one.look_at or at)
            self._table[name] = replace(one, look_at=sooner, needs=max(needs, one.needs))
        return bool(self._table)

    async def remove(self, schedules: Sequence[str]) -> None:
        """Forget schedules that are no more."""
        for one in schedules:
            self._table.pop(one, None)


class MemoryNotices:
    """Notices, and what was told already."""

    def __init__(self, table: Table) -> None:
        """Keep them in `table`."""
        self._table = table

    async def of(self, notice_ids: Collection[str]) -> dict[str, Notice]:
        """Return those that are known."""
        return {one: self._table[one] for one in sorted(notice_ids) if one in self._table}

    async def of_occasions(self, occasions: Collection[str]) -> list[Notice]:
        """Return all of these occasions."""
        found = [one for one in self._table.values() if one.occasion in occasions]
        return sorted(found, key=lambda one: one.notice_id)

    async def due(self, now: datetime, limit: int) -> list[Notice]:
        """Return those that want something done by `now`, longest due first."""
        found = [one for one in self._table.values() if one.wakes_at and one.wakes_at <= now]
        return sorted(found, key=lambda one: (one.wakes_at, one.notice_id))[:limit]

    async def add(self, notices: Sequence[Notice]) -> None:
        """Write new notices; those that exist stay as they are."""
        for one in notices:
            self._table.setdefault(one.notice_id, one)

    async def save(self, notices: Sequence[Notice]) -> None:
        """Write whole notices that exist."""
        self._table.update({one.notice_id: one for one in notices})

    async def forget(self, before: datetime) -> None:
        """Forget those of handoffs before this instant."""
        for name in [name for name, one in self._table.items() if one.handoff_at < before]:
            del self._table[name]


class MemoryHandoffNotes:
    """The last note of each schedule."""

    def __init__(self, table: Table) -> None:
        """Keep them in `table`."""
        self._table = table

    async def of(self, schedules: Collection[str]) -> dict[str, HandoffNote]:
        """Return those that are known."""
        return {one: self._table[one] for one in sorted(schedules) if one in self._table}

    async def save(self, notes: Sequence[HandoffNote]) -> None:
        """Write these in the places of those before them."""
        self._table.update({one.schedule: one for one in notes})
