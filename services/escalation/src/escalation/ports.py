"""What escalation needs of the world: its climbs, the catalog's history, what of it was told."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from escalation.domain.calendars import Spans, Watched
from escalation.domain.escalation import Escalation
from escalation.domain.swap import Swap
from escalation.domain.turns import Ring
from tocsin.catalog.planning import Held
from tocsin.events import CatalogDocumentChanged, OnCallChanged
from tocsin.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Note:
    """By which token a version of the catalog was applied, and why."""

    token: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AppliedVersion:
    """A version of the catalog: who applied it when and why, and how many documents it changed."""

    version: int
    sets: tuple[str, ...]
    author: str
    at: datetime
    changed: int
    note: Note


class Escalations(Protocol):
    """The climb of each incident, by the incident's id."""

    async def load(self, incident_ids: Collection[str]) -> Mapping[str, Escalation]:
        """Return those that exist, locked until the transaction ends."""
        ...

    async def find(self, incident_id: str) -> Escalation | None:
        """Return one to look at, not locked."""
        ...

    async def save(self, climbs: Sequence[Escalation]) -> None:
        """Write these whole."""
        ...

    async def add(self, climbs: Sequence[Escalation]) -> None:
        """Write those that do not exist yet; one that another transaction wrote first stays."""
        ...


class CatalogHistory(Protocol):
    """Every version of every document of the catalog."""

    async def lock(self) -> int:
        """Return the latest version; no other transaction applies until this one ends."""
        ...

    async def version(self) -> int:
        """Return the latest version."""
        ...

    async def version_at(self, at: datetime) -> int:
        """Return the version that was in force at an instant; 0 before the first."""
        ...

    async def documents(
        self, version: int | None = None, kinds: Collection[str] | None = None
    ) -> Sequence[Held]:
        """Return the documents (of these kinds) as of a version (the latest), by kind and name."""
        ...

    async def ever_held(self, kind: str, name: str) -> bool:
        """Return whether any version held, or deleted, a document of this name."""
        ...

    async def append(
        self,
        version: int,
        changes: Sequence[CatalogDocumentChanged],
        now: datetime,
        note: Note | None = None,
    ) -> None:
        """Write the documents that made this version, by which token, and why."""
        ...

    async def versions(self, before: int | None, limit: int) -> Sequence[AppliedVersion]:
        """Return the latest versions, of those before one where it is given, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """What was last told of a schedule, and when it is looked at again."""

    fact: OnCallChanged
    look_at: datetime | None


class HandOffs(Protocol):
    """What was last told of each schedule, by its name."""

    async def load(self, schedules: Collection[str] | None) -> dict[str, Told]:
        """Return those that exist (None: all), locked until the transaction ends."""
        ...

    async def save(self, told: Sequence[Told]) -> None:
        """Write these whole."""
        ...


class Rings(Protocol):
    """Where the turns stand of each level whose people take turns, by the name of its ring."""

    async def load(self, names: Collection[str]) -> dict[str, Ring]:
        """Return each of these, locked until the transaction ends; a new one has not begun."""
        ...

    async def save(self, rings: Mapping[str, Ring]) -> None:
        """Write these whole."""
        ...


class Swaps(Protocol):
    """What people proposed to each other, by its id."""

    async def load(self, swap_id: str) -> Swap | None:
        """Return one that exists, locked until the transaction ends."""
        ...

    async def listed(
        self, schedule: str | None, person: str | None, after: str | None, limit: int
    ) -> Sequence[Swap]:
        """Return swaps by their ids, after one of them."""
        ...

    async def save(self, swap: Swap) -> None:
        """Write it whole."""
        ...


class UnreadableError(Exception):
    """A calendar cannot be read. Why is shown to people: it holds no address."""


class Fetch(Protocol):
    """Gets calendars from where somebody says they are."""

    async def __call__(self, url: str) -> bytes:
        """Return what is there; raise UnreadableError."""
        ...


class Read(Protocol):
    """Reads calendars that anybody may have written."""

    async def __call__(self, body: bytes, since: date, until: date) -> Spans:
        """Return when the events of these days are; raise UnreadableError."""
        ...


class Calendars(Protocol):
    """The calendars of absences, by their keys: how reading them goes, and what was read."""

    async def watch(self, keys: Collection[str], now: datetime) -> None:
        """Keep these: of a new one nothing is known, and all others are forgotten."""
        ...

    async def states(self) -> Sequence[Watched]:
        """Return all, by their keys."""
        ...

    async def claim(self, now: datetime) -> Watched | None:
        """Return one that is due, and claim it: until then nobody else gets it."""
        ...

    async def save(self, state: Watched, spans: Spans | None) -> None:
        """Write how it went, and what was read (None: the same); a forgotten one stays so."""
        ...

    async def spans(self) -> Mapping[str, Spans]:
        """Return what was read, by the keys of the calendars that ever were."""
        ...


class EscalationUnitOfWork(UnitOfWork, Protocol):
    """The recipe's transaction with this service's repositories."""

    @property
    def escalations(self) -> Escalations:
        """The climbs."""
        ...

    @property
    def catalog_history(self) -> CatalogHistory:
        """The catalog's history."""
        ...

    @property
    def hand_offs(self) -> HandOffs:
        """What was told of who is on call."""
        ...

    @property
    def rings(self) -> Rings:
        """Whose turn it is."""
        ...

    @property
    def swaps(self) -> Swaps:
        """What people proposed to each other."""
        ...

    @property
    def calendars(self) -> Calendars:
        """When people are away."""
        ...
