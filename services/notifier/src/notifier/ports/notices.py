"""What notices of handoffs need: the coming shifts, what was told of them, and who tells it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from notifier.domain.handoff_note import HandoffNote
from notifier.domain.notice import Notice
from notifier.domain.outlook import Outlook
from tocsin.channels import MessageDoc

Outcome = Literal["told", "late", "dropped"]


class Outlooks(Protocol):
    """The coming shifts of each schedule, as they were foreseen last."""

    async def of(self, schedules: Collection[str], *, lock: bool = True) -> dict[str, Outlook]:
        """Return those that are known, locked unless they are only looked at."""
        ...

    async def due(self, now: datetime) -> list[Outlook]:
        """Return all that are to be looked at by `now`, by name, locked.

        All, so that what happens to one person at one moment is seen at once.
        """
        ...

    async def save(self, outlooks: Sequence[Outlook]) -> None:
        """Write these whole."""
        ...

    async def look_again(self, at: datetime, needs: int) -> bool:
        """Let each be looked at by `at` at the latest, by a catalog of this version or later.

        Return whether there is any.
        """
        ...

    async def remove(self, schedules: Sequence[str]) -> None:
        """Forget schedules that are no more."""
        ...


class Notices(Protocol):
    """Notices, and what was told already."""

    async def of(self, notice_ids: Collection[str]) -> dict[str, Notice]:
        """Return those that are known, locked."""
        ...

    async def of_occasions(self, occasions: Collection[str]) -> list[Notice]:
        """Return all of these occasions; locks nothing."""
        ...

    async def due(self, now: datetime, limit: int) -> list[Notice]:
        """Return those that want something done by `now`, longest due first; locked.

        Those that another transaction holds are left out.
        """
        ...

    async def add(self, notices: Sequence[Notice]) -> None:
        """Write new notices; those that exist stay as they are."""
        ...

    async def save(self, notices: Sequence[Notice]) -> None:
        """Write whole notices that exist."""
        ...

    async def forget(self, before: datetime) -> None:
        """Forget those of handoffs before this instant."""
        ...


class HandoffNotes(Protocol):
    """The last note of each schedule."""

    async def of(self, schedules: Collection[str]) -> dict[str, HandoffNote]:
        """Return those that are known."""
        ...

    async def save(self, notes: Sequence[HandoffNote]) -> None:
        """Write these in the places of those before them."""
        ...


@dataclass(frozen=True, slots=True)
class NoticeJob:
    """A claimed notice, and what it says."""

    notice: Notice
    doc: MessageDoc


class Teller(Protocol):
    """Takes claimed notices to their channels."""

    def room(self) -> int:
        """Return how many it can take now."""
        ...

    def submit(self, jobs: Sequence[NoticeJob]) -> None:
        """Take these; called after their claim was committed."""
        ...

    def count(self, outcome: Outcome, number: int) -> None:
        """Count what became of notices; called after that was committed."""
        ...
