"""The ports in dicts, held to the same contract suite as the database."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from incident_intake.domain.alert import Alert
from incident_intake.domain.incident import Incident
from incident_intake.domain.suppression import Silence
from incident_intake.ports import (
    AlertFilter,
    IncidentFilter,
    Membership,
    cursor_parts,
)
from tocsin.testing.memory import MemoryUnitOfWork, Tables

T = TypeVar("T")
Table = dict[Any, Any]


def _page(
    found: Iterable[T], place: Callable[[T], tuple[datetime, str]], after: str | None, limit: int
) -> list[T]:
    newest = sorted(found, key=place, reverse=True)
    if after is not None:
        end = cursor_parts(after)
        newest = [each for each in newest if place(each) < end]
    return newest[:limit]


class MemoryAlerts:
    """Alerts, in memory."""

    def __init__(self, alerts: Table, memberships: Table) -> None:
        """Keep them in these tables."""
        self._alerts: dict[str, Alert] = alerts
        self._memberships: dict[tuple[str, str], Membership] = memberships

    async def load(self, alert_ids: Iterable[str]) -> dict[str, Alert]:
        """Return these alerts, those that exist."""
        return {each: self._alerts[each] for each in alert_ids if each in self._alerts}

    async def named(self, alert_ids: Iterable[str]) -> list[Alert]:
        """Return these alerts, those that exist."""
        return list((await self.load(alert_ids)).values())

    async def firing_in(self, incident_ids: Iterable[str]) -> list[Alert]:
        """Return the firing alerts of these incidents."""
        wanted = set(incident_ids)
        return [
            alert
            for alert in self._alerts.values()
            if alert.status == "firing" and alert.incident_id in wanted
        ]

    async def suppressed_by(self, silence_id: str) -> list[Alert]:
        """Return the alerts that this silence holds back."""
        return [
            alert
            for alert in self._alerts.values()
            if alert.status == "suppressed" and alert.silence_id == silence_id
        ]

    async def save(self, alerts: Sequence[Alert]) -> None:
        """Write these alerts."""
        self._alerts.update({alert.alert_id: alert for alert in alerts})

    async def save_memberships(self, memberships: Sequence[Membership]) -> None:
        """Write these parts in incidents."""
        self._memberships.update({(each.incident_id, each.alert_id): each for each in memberships})

    async def parts(
        self, alert_ids: Iterable[str], incident_ids: Iterable[str]
    ) -> list[Membership]:
        """Return the parts that any of these alerts have in any of these incidents."""
        pairs = {(each, one) for each in incident_ids for one in alert_ids}
        return [part for pair, part in self._memberships.items() if pair in pairs]

    async def members(self, incident_id: str, limit: int) -> list[tuple[Membership, Alert]]:
        """Return the alerts of an incident with their part in it, oldest first."""
        found = [
            (part, self._alerts[part.alert_id])
            for part in self._memberships.values()
            if part.incident_id == incident_id
        ]
        found.sort(key=lambda pair: (pair[1].first_received_at, pair[1].alert_id))
        return found[:limit]

    async def listed(self, wanted: AlertFilter, after: str | None, limit: int) -> list[Alert]:
        """Return alerts, newest episode first, from after a cursor."""
        found = (
            alert
            for alert in self._alerts.values()
            if (not wanted.statuses or alert.status in wanted.statuses)
            and (not wanted.services or alert.service in wanted.services)
            and (not wanted.integration or alert.integration == wanted.integration)
        )
        return _page(found, lambda each: (each.first_received_at, each.alert_id), after, limit)


class MemoryIncidents:
    """Incidents, in memory."""

    def __init__(self, incidents: Table, counters: Table) -> None:
        """Keep them in these tables."""
        self._incidents: dict[str, Incident] = incidents
        self._counters: dict[str, int] = counters

    async def load(
        self, incident_ids: Iterable[str], group_keys: Iterable[str] = ()
    ) -> dict[str, Incident]:
        """Return these incidents and the open ones of these groups, by id."""
        wanted, groups = set(incident_ids), set(group_keys)
        return {
            identity: incident
            for identity, incident in self._incidents.items()
            if identity in wanted or (incident.is_open and incident.group_key in groups)
        }

    async def last_number(self) -> int:
        """Return the number of the latest incident."""
        return self._counters.get("incident", 0)

    async def save_last_number(self, number: int) -> None:
        """Remember the number of the latest incident."""
        self._counters["incident"] = number

    async def save(self, incidents: Sequence[Incident]) -> None:
        """Write these incidents."""
        self._incidents.update({incident.incident_id: incident for incident in incidents})

    async def get(self, incident_id: str) -> Incident | None:
        """Return the incident with this id."""
        return self._incidents.get(incident_id)

    async def numbered(self, number: int) -> Incident | None:
        """Return the incident with this number."""
        return next((each for each in self._incidents.values() if each.number == number), None)

    async def listed(self, wanted: IncidentFilter, below: int | None, limit: int) -> list[Incident]:
        """Return incidents, newest first, with numbers below this one."""
        found = [
            incident
            for incident in self._incidents.values()
            if (not wanted.statuses or incident.status in wanted.statuses)
            and (not wanted.services or incident.service in wanted.services)
            and (wanted.since is None or incident.triggered_at >= wanted.since)
            and (below is None or incident.number < below)
        ]
        found.sort(key=lambda incident: incident.number, reverse=True)
        return found[:limit]


class MemorySilences:
    """Silences, in memory."""

    def __init__(self, silences: Table) -> None:
        """Keep them in this table."""
        self._silences: dict[str, Silence] = silences

    async def active(self, now: datetime) -> list[Silence]:
        """Return the silences that hold now."""
        return [silence for silence in self._silences.values() if silence.is_active(now)]

    async def load(self, silence_ids: Iterable[str]) -> dict[str, Silence]:
        """Return these silences."""
        return {each: self._silences[each] for each in silence_ids if each in self._silences}

    async def named(self, silence_ids: Iterable[str]) -> dict[str, Silence]:
        """Return these silences."""
        return await self.load(silence_ids)

    async def standing(self, now: datetime) -> list[Silence]:
        """Return the silences that are not over."""
        return [silence for silence in self._silences.values() if silence.ends_at > now]

    async def get(self, silence_id: str) -> Silence | None:
        """Return the silence with this id."""
        return self._silences.get(silence_id)

    async def save(self, silences: Sequence[Silence]) -> None:
        """Write these silences."""
        self._silences.update({silence.silence_id: silence for silence in silences})

    async def listed(self, after: str | None, limit: int) -> list[Silence]:
        """Return silences, newest first, from after a cursor."""
        return _page(
            self._silences.values(), lambda each: (each.created_at, each.silence_id), after, limit
        )


class MemoryIntakeUnitOfWork(MemoryUnitOfWork):
    """One transaction of incident-intake over tables in memory."""

    def __init__(self, tables: Tables) -> None:
        """Work on `tables`."""
        super().__init__(tables)
        self.alerts = MemoryAlerts(self.table("alerts"), self.table("memberships"))
        self.incidents = MemoryIncidents(self.table("incidents"), self.table("counters"))
        self.silences = MemorySilences(self.table("silences"))
