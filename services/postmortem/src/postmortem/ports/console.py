"""What the console needs of the world: where incidents stand, commands given, who is logged in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from postmortem.domain.handoff_note import HandoffNote
from postmortem.domain.order import Order
from postmortem.domain.outlook import Outlook, Told
from postmortem.domain.standings import Standing
from postmortem.domain.watch import Hush, Watch


@dataclass(frozen=True, slots=True)
class Moved:
    """An incident or a board that something was heard of, when, and how far it has come by that."""

    incident_id: str
    moved_at: datetime
    version: int = 0


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who logged in. `key_hash` stands for the cookie, `token_hash` for the API token.

    `person` is who they say they are; empty where they only showed the token.
    """

    key_hash: str
    token_hash: str
    person: str
    expires_at: datetime


# What pages show beside incidents, as viewers are told of it.
SCHEDULES, SILENCES, CATALOG = "schedules", "silences", "catalog"
# The place in a list behind which its next page begins: a status and a number.
Place = tuple[str, int]


class Standings(Protocol):
    """Where each incident stands: what the console shows."""

    async def load(self, incident_ids: Sequence[str]) -> Mapping[str, Standing]:
        """Return those that are kept of these incidents."""
        ...

    async def save(self, standings: Sequence[Standing], now: datetime) -> None:
        """Write these whole; they have moved `now`."""
        ...

    async def find(self, identity: str) -> Standing | None:
        """Return the incident of this id, or of this number."""
        ...

    async def page(
        self, statuses: Sequence[str], after: Place | None, limit: int
    ) -> Sequence[Standing]:
        """Return those of these statuses: triggered before acknowledged, then newest first."""
        ...

    async def counts(self, statuses: Sequence[str]) -> Mapping[str, int]:
        """Return how many there are of each of these statuses."""
        ...

    async def moved(self, since: datetime, limit: int) -> Sequence[Moved]:
        """Return what has moved since then, the latest first: a storm hides what is old."""
        ...

    async def missing(self, limit: int) -> Sequence[str]:
        """Return incidents that are known and not kept here: a release before this one had them."""
        ...


class Orders(Protocol):
    """The commands that were given here."""

    async def add(self, order: Order) -> bool:
        """Keep a command; False where it was given before, under the same id."""
        ...

    async def get(self, command_id: str) -> Order | None:
        """Return a command, if it was given."""
        ...

    async def waiting(self, incident_ids: Sequence[str]) -> Sequence[Order]:
        """Return the commands of these incidents that nothing was heard of."""
        ...

    async def save(self, orders: Sequence[Order]) -> None:
        """Write these whole."""
        ...

    async def latest(self, incident_id: str, since: datetime) -> Sequence[Order]:
        """Return the commands of an incident since then, latest first."""
        ...

    async def given(self, by: str, since: datetime) -> Sequence[Order]:
        """Return the commands that somebody gave since then, latest first."""
        ...


class Sessions(Protocol):
    """Who is logged in."""

    async def add(self, session: Session) -> None:
        """Keep a session."""
        ...

    async def get(self, key_hash: str) -> Session | None:
        """Return a session, whether it has expired or not."""
        ...

    async def remove(self, key_hash: str) -> None:
        """Forget a session, if there is one."""
        ...

    async def forget_expired(self, now: datetime) -> None:
        """Forget the sessions that have expired."""
        ...


class Silences(Protocol):
    """What is silenced."""

    async def save(self, silences: Sequence[Hush]) -> None:
        """Write these whole."""
        ...

    async def get(self, silence_id: str) -> Hush | None:
        """Return one."""
        ...

    async def latest(self, limit: int) -> Sequence[Hush]:
        """Return those that end last, or ended last, first."""
        ...


class Outlooks(Protocol):
    """The shifts of the coming weeks, by schedule."""

    async def told(self, schedules: Sequence[str]) -> Mapping[str, Told]:
        """Return how new what is kept of each of these is."""
        ...

    async def save(self, outlooks: Sequence[Outlook]) -> None:
        """Write these whole."""
        ...

    async def remove(self, schedules: Sequence[str]) -> None:
        """Forget these schedules."""
        ...

    async def get(self, schedule: str) -> Outlook | None:
        """Return that of a schedule."""
        ...


class HandoffNotes(Protocol):
    """Notes for whoever is on call next."""

    async def add(self, notes: Sequence[HandoffNote]) -> None:
        """Write new notes; those that exist stay as they are."""
        ...

    async def latest(
        self, schedule: str, limit: int, before: tuple[datetime, str] | None = None
    ) -> Sequence[HandoffNote]:
        """Return the notes of a schedule, the newest first; those before one where it is given."""
        ...


class Watches(Protocol):
    """Who is on call."""

    async def save(self, watches: Sequence[Watch]) -> None:
        """Write these whole."""
        ...

    async def remove(self, schedules: Sequence[str]) -> None:
        """Forget these schedules."""
        ...

    async def all(self) -> Sequence[Watch]:
        """Return who is on call, by schedule."""
        ...


class Boards(Protocol):
    """When each board moved last: what pages show beside incidents."""

    async def move(self, board: str, now: datetime) -> None:
        """Something of it is written in this transaction."""
        ...

    async def moved(self, since: datetime) -> Sequence[Moved]:
        """Return those that have moved since then, the latest first."""
        ...


class ConsoleRows(Protocol):
    """The console's part of a transaction."""

    @property
    def standings(self) -> Standings:
        """Where incidents stand."""
        ...

    @property
    def orders(self) -> Orders:
        """The commands given here."""
        ...

    @property
    def sessions(self) -> Sessions:
        """Who is logged in."""
        ...

    @property
    def silences(self) -> Silences:
        """What is silenced."""
        ...

    @property
    def watches(self) -> Watches:
        """Who is on call."""
        ...

    @property
    def outlooks(self) -> Outlooks:
        """Who will be."""
        ...

    @property
    def handoff_notes(self) -> HandoffNotes:
        """Words for who is on call next."""
        ...

    @property
    def boards(self) -> Boards:
        """What moved beside incidents."""
        ...
