"""What intake is to do with alerts and commands, written from its charter and not from its code.

Every method returns what must be published because of it, as words: `AlertAdded inc-7 v2`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from incident_intake.domain.alert import alert_id
from incident_intake.handlers.triage import incident_id

RANKED = ("critical", "error", "warning", "info")
WINDOW = timedelta(hours=1)
TIMEOUT = timedelta(minutes=10)
Key = tuple[str, str]  # The service and the dedup key.


@dataclass
class Alert:
    """`status` is firing, suppressed or over; over, `ended` says when and `by` whom."""

    severity: str
    received: datetime
    expires: datetime | None
    status: str = "new"
    incident: "Incident | None" = None
    silence: str = ""
    ended: datetime | None = None
    by: str = ""


@dataclass
class Incident:
    """`members` says of each alert that was ever in it whether it fires, or how it ended."""

    name: str
    service: str
    severity: str
    opened: datetime
    status: str = "triggered"
    version: int = 0
    members: dict[Key, str] = field(default_factory=dict)
    mine: str = ""
    also: set[str] = field(default_factory=set)
    wakes: datetime | None = None
    is_snoozed: bool = False

    def says(self, what: str) -> str:
        self.version += 1
        return f"{what} {self.name} v{self.version}"

    def counts(self) -> dict[str, int]:
        found = [*self.members.values()]
        return {status: found.count(status) for status in ("firing", "resolved", "expired")}


@dataclass
class Intake:
    """All alerts, all incidents, all silences: to each the key it covers and from when to when."""

    alerts: dict[Key, Alert] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    silences: dict[str, tuple[Key, datetime, datetime]] = field(default_factory=dict)

    # ------------------------------------------------------------- tools
    def trigger(self, key: Key, said: Alert, seed: str, now: datetime) -> list[str]:
        known = self.alerts.get(key)
        if known is None:
            return self.place(key, said, seed, now)
        is_open = known.incident is not None and known.incident.status != "resolved"
        if known.status in {"firing", "suppressed"}:
            is_worse = known.severity != said.severity
            known.severity = said.severity
            known.received = max(known.received, said.received)
            both = known.expires is not None and said.expires is not None
            known.expires = max(known.expires, said.expires) if both else said.expires  # type: ignore[type-var]
            if known.status == "firing" and is_open:
                return self.rate(known.incident) if is_worse else []
            return self.place(key, known, seed, now)
        if self.is_late(known, said):
            return []
        if known.incident is None or not is_open:
            return self.place(key, said, seed, now)
        if self.silencing(key, now):
            return self.place(key, said, seed, now)
        return self.join(key, said, known.incident)

    def is_late(self, known: Alert, said: Alert) -> bool:
        """What a person ended, only news begins again; what ran out, only a longer time."""
        if known.by == "person":
            return bool(known.ended and said.received <= known.ended)
        if known.by == "time":
            return bool(known.ended and said.expires and said.expires <= known.ended)
        return False

    def place(self, key: Key, alert: Alert, seed: str, now: datetime) -> list[str]:
        """Behind a silence, in the open incident of its group, or in one of its own."""
        before = self.alerts.get(key)
        was_behind = before.silence if before and before.status == "suppressed" else ""
        self.alerts[key] = alert
        if silence := self.silencing(key, now):
            alert.status, alert.silence, alert.incident = "suppressed", silence, None
            return [] if silence == was_behind else [f"AlertSuppressed {key[1]}"]
        for incident in reversed(self.incidents.values()):
            if incident.status != "resolved" and self.is_group(incident, key, alert):
                return self.join(key, alert, incident)
        name = incident_id(seed)
        incident = Incident(name, key[0], alert.severity, now)
        self.incidents[name] = incident
        alert.status, alert.silence, alert.incident = "firing", "", incident
        incident.members[key] = "firing"
        return [incident.says("IncidentTriggered")]

    def is_group(self, incident: Incident, key: Key, alert: Alert) -> bool:
        if key[0] == "grouped":
            return incident.service == "grouped" and alert.received < incident.opened + WINDOW
        return next(iter(incident.members)) == key

    def join(self, key: Key, alert: Alert, incident: Incident) -> list[str]:
        self.alerts[key] = alert
        alert.status, alert.silence, alert.incident = "firing", "", incident
        incident.members[key] = "firing"
        return [incident.says("AlertAdded"), *self.rate(incident)]

    def rate(self, incident: Incident | None) -> list[str]:
        assert incident is not None
        firing = [one for one, how in incident.members.items() if how == "firing"]
        worst = min((self.alerts[one].severity for one in firing), key=RANKED.index, default=None)
        if worst is None or worst == incident.severity or incident.status == "resolved":
            return []
        incident.severity = worst
        return [incident.says("SeverityChanged")]

    def resolve(self, key: Key, received: datetime) -> list[str]:
        alert = self.alerts.get(key)
        if alert is None:
            return []
        if alert.status == "over":
            alert.ended, alert.by = received, "tool"  # Known, and told to nobody.
            return []
        return [] if received < alert.received else self.end(key, "tool", received)

    def end(self, key: Key, by: str, at: datetime) -> list[str]:
        alert = self.alerts[key]
        was_in, status = alert.incident, alert.status
        alert.status, alert.by, alert.ended, alert.expires = "over", by, at, None
        if status == "suppressed" or was_in is None or was_in.status == "resolved":
            return []
        was_in.members[key] = "expired" if by == "time" else "resolved"
        told = [was_in.says("AlertResolved")]
        if "firing" in was_in.members.values() or was_in.service == "kept":
            return [*told, *self.rate(was_in)]
        was_in.status, was_in.wakes = "resolved", None
        return [*told, was_in.says("IncidentResolved")]

    # ------------------------------------------------------------- people
    def command(self, what: str, name: str, by: str, until: datetime, now: datetime) -> list[str]:
        incident = self.incidents[name]
        if what == "note":
            return [incident.says("NoteAdded")]
        if incident.status == "resolved" or (what == "snooze" and until <= now):
            return [f"CommandRefused {name}"]
        acts: dict[str, Callable[[], list[str]]] = {
            "acknowledge": lambda: self.acknowledge(incident, by, now),
            "snooze": lambda: self.snooze(incident, by, until),
            "resolve": lambda: self.dismiss(incident, now),
        }
        return acts[what]()

    def acknowledge(self, incident: Incident, by: str, now: datetime) -> list[str]:
        if by == incident.mine or (by in incident.also and not incident.is_snoozed):
            return []
        if incident.status == "acknowledged" and not incident.is_snoozed:
            incident.also.add(by)
            return [incident.says("NoteAdded")]
        incident.status, incident.mine, incident.also = "acknowledged", by, set()
        incident.wakes = now + TIMEOUT if incident.service == "single" else None
        incident.is_snoozed = False
        return [incident.says("IncidentAcknowledged")]

    def snooze(self, incident: Incident, by: str, until: datetime) -> list[str]:
        told = []
        if incident.status == "triggered":
            told = self.acknowledge(incident, by, until)
        incident.wakes, incident.is_snoozed = until, True
        return [*told, incident.says("IncidentSnoozed")]

    def dismiss(self, incident: Incident, now: datetime) -> list[str]:
        for key, how in incident.members.items():
            alert = self.alerts[key]
            if how == "firing":
                incident.members[key] = "resolved"
                alert.status, alert.by, alert.ended, alert.expires = "over", "person", now, None
        incident.status, incident.wakes = "resolved", None
        return [incident.says("IncidentResolved")]

    # ------------------------------------------------------------- time
    def due(self, now: datetime) -> list[str]:
        """What runs out: first acknowledgements, then alerts, then silences, oldest first."""
        told = []
        for incident in self.incidents.values():
            if incident.status == "acknowledged" and incident.wakes and incident.wakes <= now:
                incident.status, incident.mine, incident.also = "triggered", "", set()
                incident.wakes, incident.is_snoozed = None, False
                told.append(incident.says("IncidentUnacknowledged"))
        over = [
            (alert.expires, alert_id(*key), key)
            for key, alert in self.alerts.items()
            if alert.status in {"firing", "suppressed"} and alert.expires and alert.expires <= now
        ]
        for expires, _, key in sorted(over):
            told += self.end(key, "time", expires)
        behind = [
            (self.silences[alert.silence][2], alert_id(*key), key)
            for key, alert in self.alerts.items()
            if alert.status == "suppressed" and self.silences[alert.silence][2] <= now
        ]
        for _, identity, key in sorted(behind):
            seed = f"{identity} {self.alerts[key].silence} {now.isoformat()}"
            told += self.place(key, self.alerts[key], seed, now)
        return told

    def silencing(self, key: Key, now: datetime) -> str:
        active = [
            (until, name)
            for name, (covered, since, until) in self.silences.items()
            if covered == key and since <= now < until
        ]
        return max(active, default=(now, ""))[1]
