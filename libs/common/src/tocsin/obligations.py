"""Obligations: what was promised, to whom and by when, kept until an outcome discharges it.

Whoever causes work that another component does owes its outcome: a row in the transaction that
causes it. The outcome's event deletes the row. So what was lost on the way, wherever that was, is
a row past its time, and the auditor rings about it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

ACT_EVERY = timedelta(minutes=5)
TELL_EVERY = timedelta(minutes=15)
LONGEST_TEXT = 300


@dataclass(frozen=True, slots=True)
class Obligation:
    """Something that is to have happened by `due_at`.

    `subject` is whom it is about (an incident's id), `text` says in words what was promised, and
    `version` counts the promises under one id: an outcome of an earlier one discharges no later
    one. `attempts` counts what was done about it since it is overdue.
    """

    obligation_id: str
    kind: str
    subject: str
    text: str
    owed_at: datetime
    due_at: datetime
    version: int = 0
    attempts: int = 0
    alarmed_at: datetime | None = None

    def lateness(self, now: datetime) -> timedelta:
        """Return how long it has been overdue; negative while there is time."""
        return now - self.due_at


@dataclass(frozen=True, slots=True)
class Debts:
    """How the ledger stands: what is open, overdue, and overdue without anybody told lately."""

    open: int = 0
    overdue: int = 0
    untold: int = 0
    oldest_due_at: datetime | None = None

    def oldest_overdue(self, now: datetime) -> timedelta:
        """Return for how long the oldest one has been overdue; nothing if none is."""
        if not self.overdue or self.oldest_due_at is None:
            return timedelta(0)
        return now - self.oldest_due_at


class Ledger(Protocol):
    """The obligations of one service; it works in the transaction that it came with."""

    async def owe(self, obligations: Sequence[Obligation]) -> None:
        """Take these on. One that is owed already is owed under its new version and words.

        Its time, and who was told of it, stay: else whoever asks often enough would never be told.
        """
        ...

    async def discharge(self, done: Mapping[str, int]) -> None:
        """Strike off these ids, each up to this version; those that are not owed are ignored."""
        ...

    async def defer(self, due: Mapping[str, datetime]) -> None:
        """Give these until then; those that are not owed any more stay struck off."""
        ...

    async def overdue(self, now: datetime, limit: int) -> list[Obligation]:
        """Return what is overdue and to be acted on, longest overdue first.

        Not locked: whoever discharges one holds what it is about, and we are to load that next.
        """
        ...

    async def acted(self, obligations: Sequence[Obligation], now: datetime) -> None:
        """Count an attempt for each; their turn comes again after `ACT_EVERY`.

        One that was struck off meanwhile, or is owed anew, is left as it is.
        """
        ...

    async def debts(self, now: datetime) -> Debts:
        """Return how the ledger stands."""
        ...

    async def told(self, now: datetime) -> None:
        """Note that people were told of all that is overdue by `now`."""
        ...

    async def listed(
        self,
        limit: int,
        *,
        overdue_at: datetime | None = None,
        after: tuple[datetime, str] | None = None,
    ) -> list[Obligation]:
        """Return open obligations by their deadline, from after a place in that order."""
        ...


def at_once(obligations: Sequence[Obligation]) -> list[Obligation]:
    """Return each id once, as if they had been taken on one after the other."""
    found: dict[str, Obligation] = {}
    for one in obligations:
        before = found.get(one.obligation_id)
        found[one.obligation_id] = renewed(before, one) if before else one
    return list(found.values())


def renewed(before: Obligation, one: Obligation) -> Obligation:
    """Return what is owed after `one`, where `before` is still owed."""
    return replace(before, version=one.version, text=one.text)


def plain(text: str, most: int = LONGEST_TEXT) -> str:
    """Return a text as one line that fits: what strangers wrote must not make lines of its own."""
    shown = text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
    line = " ".join(shown.split())
    return line if len(line) <= most else line[: most - 1] + "…"
