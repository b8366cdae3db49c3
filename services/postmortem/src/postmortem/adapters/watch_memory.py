"""What is silenced and who is on call, in dicts, held to the same contract as SQL."""

from collections.abc import Sequence
from typing import Any

from postmortem.domain.watch import Hush, Watch

Table = dict[Any, Any]


class MemorySilences:
    """Silences by id."""

    def __init__(self, table: Table) -> None:
        """Keep them in `table`."""
        self._table: dict[str, Hush] = table

    async def save(self, silences: Sequence[Hush]) -> None:
        """Write these whole."""
        self._table.update({one.silence_id: one for one in silences})

    async def get(self, silence_id: str) -> Hush | None:
        """Return one."""
        return self._table.get(silence_id)

    async def latest(self, limit: int) -> Sequence[Hush]:
        """Return those that end last, or ended last, first."""
        found = self._table.values()
        return sorted(found, key=lambda one: (one.ends_at, one.silence_id), reverse=True)[:limit]


class MemoryWatches:
    """Who is on call, by schedule."""

    def __init__(self, table: Table) -> None:
        """Keep them in `table`."""
        self._table: dict[str, Watch] = table

    async def save(self, watches: Sequence[Watch]) -> None:
        """Write these whole."""
        self._table.update({one.schedule: one for one in watches})

    async def remove(self, schedules: Sequence[str]) -> None:
        """Forget these schedules."""
        for name in schedules:
            self._table.pop(name, None)

    async def all(self) -> Sequence[Watch]:
        """Return who is on call, by schedule."""
        return [self._table[name] for name in sorted(self._table)]
