"""What incident-intake needs of a store: one transaction with the recipe's parts and its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from incident_intake.domain.alert import Alert
from incident_intake.domain.incident import Incident
from incident_intake.domain.suppression import Silence
from tocsin.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Membership:
    """An alert's part in an incident: its episode there, which stays when the alert moves on."""

    incident_id: str
    alert_id: str
    status: str
    started_at: datetime | None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Which incidents to list; empty means all."""

    statuses: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts to list; empty means all."""

    statuses: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    integration: str = ""


class Alerts(Protocol):
    """Alerts by identity, and their parts in incidents."""

    async def load(self, alert_ids: Iterable[str]) -> dict[str, Alert]:
        """Return these alerts, those that exist, locked."""
        ...

    async def named(self, alert_ids: Iterable[str]) -> list[Alert]:
        """Return these alerts, those that exist, unlocked: to show them."""
        ...

    async def firing_in(self, incident_ids: Iterable[str]) -> list[Alert]:
        """Return the firing alerts of these incidents, locked."""
        ...

    async def suppressed_by(self, silence_id: str) -> list[Alert]:
        """Return the alerts that this silence holds back, locked."""
        ...

    async def save(self, alerts: Sequence[Alert]) -> None:
        """Write these alerts."""
        ...

    async def save_memberships(self, memberships: Sequence[Membership]) -> None:
        """Write these parts in incidents."""
        ...

    async def parts(
        self, alert_ids: Iterable[str], incident_ids: Iterable[str]
    ) -> list[Membership]:
        """Return the parts that any of these alerts have in any of these incidents."""
        ...

    async def members(self, incident_id: str, limit: int) -> list[tuple[Membership, Alert]]:
        """Return the alerts of an incident with their part in it, oldest first."""
        ...

    async def listed(self, wanted: AlertFilter, after: str | None, limit: int) -> list[Alert]:
        """Return alerts, newest episode first, from after a cursor."""
        ...


class Incidents(Protocol):
    """Incidents, and the counter that numbers them."""

    async def load(
        self, incident_ids: Iterable[str], group_keys: Iterable[str] = ()
    ) -> dict[str, Incident]:
        """Return these incidents and the open ones of these groups, by id, locked."""
        ...

    async def last_number(self) -> int:
        """Return the number of the latest incident, and lock it.

        Until the end of the transaction nobody else opens one, so a group has one open incident.
        """
        ...

    async def save_last_number(self, number: int) -> None:
        """Remember the number of the latest incident."""
        ...

    async def save(self, incidents: Sequence[Incident]) -> None:
        """Write these incidents."""
        ...

    async def get(self, incident_id: str) -> Incident | None:
        """Return the incident with this id, unlocked: to show it."""
        ...

    async def numbered(self, number: int) -> Incident | None:
        """Return the incident with this number, unlocked."""
        ...

    async def listed(self, wanted: IncidentFilter, below: int | None, limit: int) -> list[Incident]:
        """Return incidents, newest first, with numbers below this one."""
        ...


class Silences(Protocol):
    """Silences by id."""

    async def active(self, now: datetime) -> list[Silence]:
        """Return the silences that hold now, unlocked."""
        ...

    async def load(self, silence_ids: Iterable[str]) -> dict[str, Silence]:
        """Return these silences, locked."""
        ...

    async def named(self, silence_ids: Iterable[str]) -> dict[str, Silence]:
        """Return these silences, unlocked."""
        ...

    async def standing(self, now: datetime) -> list[Silence]:
        """Return the silences that are not over, unlocked; some have not begun."""
        ...

    async def get(self, silence_id: str) -> Silence | None:
        """Return the silence with this id, unlocked: to show it."""
        ...

    async def save(self, silences: Sequence[Silence]) -> None:
        """Write these silences."""
        ...

    async def listed(self, after: str | None, limit: int) -> list[Silence]:
        """Return silences, newest first, from after a cursor."""
        ...


class IntakeUnitOfWork(UnitOfWork, Protocol):
    """One transaction of incident-intake."""

    @property
    def alerts(self) -> Alerts:
        """The alerts."""
        ...

    @property
    def incidents(self) -> Incidents:
        """The incidents."""
        ...

    @property
    def silences(self) -> Silences:
        """The silences."""
        ...


def cursor(at: datetime, identity: str) -> str:
    """Return where a list that is sorted by time, newest first, goes on."""
    return f"{at.isoformat()}|{identity}"


def cursor_parts(text: str) -> tuple[datetime, str]:
    """Return the time and the id of a cursor; ValueError if it is none."""
    at, bar, identity = text.partition("|")
    found = datetime.fromisoformat(at)
    if not bar or found.tzinfo is None:
        raise ValueError(f"{text!r} is not a cursor")
    return found, identity
