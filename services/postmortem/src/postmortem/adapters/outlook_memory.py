"""The shifts of the coming weeks, in a dict, held to the same contract as SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

from postmortem.domain.outlook import Outlook, Told


class MemoryOutlooks:
    """Outlooks by schedule."""

    def __init__(self, table: dict[Any, Any]) -> None:
        """Keep them in `table`."""
        self._table: dict[str, Outlook] = table

    async def told(self, schedules: Sequence[str]) -> Mapping[str, Told]:
        """Return how new what is kept of each of these is."""
        return {name: self._table[name].told for name in schedules if name in self._table}

    async def save(self, outlooks: Sequence[Outlook]) -> None:
        """Write these whole."""
        self._table.update({one.schedule: one for one in outlooks})

    async def remove(self, schedules: Sequence[str]) -> None:
        """Forget these schedules."""
        for name in schedules:
            self._table.pop(name, None)

    async def get(self, schedule: str) -> Outlook | None:
        """Return that of a schedule."""
        return self._table.get(schedule)
