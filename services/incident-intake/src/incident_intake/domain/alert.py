"""An alert: a condition that a tool reports, identified by its service and dedup key.

    firing ⇄ resolved | expired        suppressed → firing | resolved | expired

It is firing until its tool says otherwise, its time runs out, or a person resolves its incident.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Literal

from incident_intake.domain.bounds import cut, fitting
from incident_intake.domain.judgement import Judgement
from tocsin import ids
from tocsin.events import AlertEvent, AlertSummary, Link, Severity

AlertStatus = Literal["firing", "resolved", "expired", "suppressed"]
EndedBy = Literal["tool", "expired", "person"]
# A page tells of twenty alerts, and must be far smaller than its topic's largest message.
MOST_LABELS = 64
LONGEST_LABEL = 1024
SUMMARY_BYTES = 16 * 1024
LONGEST_DESCRIPTION = 2048
MOST_LINKS = 8
LONGEST_LINK = 2048
STATUSES: tuple[AlertStatus, ...] = ("firing", "resolved", "expired", "suppressed")


@lru_cache(maxsize=8192)  # Asked several times for each message of a batch.
def alert_id(service: str, dedup_key: str) -> str:
    """Return the id of the alert with this identity."""
    return ids.prefixed("alr", ids.derived("alert", service, dedup_key))


@dataclass(frozen=True, slots=True)
class Alert:
    """One identity, in its present or its last episode.

    `started_at` is the earliest start of the episode, `latest_start` the latest that was claimed;
    `resolved_start` is the start that the resolving message named: the episode it is about.
    `learned_end_at` is when the message that ended it was received. `placed` is what was decided
    when it fired, `passed_over` what was last decided to change nothing.
    """

    alert_id: str
    service: str
    dedup_key: str
    status: AlertStatus
    title: str
    severity: Severity
    source: str
    integration: str
    first_received_at: datetime
    received_at: datetime
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    incident_id: str | None = None
    silence_id: str | None = None
    started_at: datetime | None = None
    latest_start: datetime | None = None
    ended_at: datetime | None = None
    ended_by: EndedBy | None = None
    resolved_start: datetime | None = None
    learned_end_at: datetime | None = None
    expires_at: datetime | None = None
    times_received: int = 1
    placed: Judgement | None = None
    passed_over: Judgement | None = None

    @classmethod
    def opened(cls, event: AlertEvent) -> "Alert":
        """Return the alert that begins with this message."""
        return cls(
            alert_id=alert_id(event.service, event.dedup_key),
            service=event.service,
            dedup_key=event.dedup_key,
            status="firing",
            title=event.title,
            severity=event.severity,
            source=event.source,
            integration=event.integration,
            first_received_at=event.received_at,
            received_at=event.received_at,
            description=event.description,
            labels=event.labels,
            links=event.links,
            started_at=event.started_at or event.received_at,
            latest_start=event.started_at,
            expires_at=event.expires_at,
        )

    @property
    def is_ongoing(self) -> bool:
        """Whether its tool still reports it, suppressed or not."""
        return self.status in {"firing", "suppressed"}

    def repeated(self, event: AlertEvent) -> "Alert":
        """Return the alert after another message of the same episode."""
        start = event.started_at
        return replace(
            self,
            title=event.title,
            severity=event.severity,
            description=event.description,
            labels=event.labels,
            links=event.links,
            integration=event.integration,
            source=event.source,
            received_at=max(self.received_at, event.received_at),
            started_at=min(filter(None, (self.started_at, start)), default=None),
            latest_start=max(filter(None, (self.latest_start, start)), default=None),
            expires_at=_later(self.expires_at, event.expires_at),
            times_received=self.times_received + 1,
        )

    def ended(self, event: AlertEvent) -> "Alert":
        """Return the alert after its tool said that it is over."""
        return replace(
            self,
            status="resolved",
            received_at=max(self.received_at, event.received_at),
            ended_at=event.ended_at or event.received_at,
            ended_by="tool",
            resolved_start=event.started_at,
            learned_end_at=event.received_at,
            expires_at=None,
            silence_id=None,
        )

    def expired(self) -> "Alert":
        """Return the alert after it was not sent again in time."""
        return replace(
            self,
            status="expired",
            ended_at=self.expires_at,
            ended_by="expired",
            resolved_start=None,
            learned_end_at=self.expires_at,
            expires_at=None,
            silence_id=None,
        )

    def dismissed(self, now: datetime) -> "Alert":
        """Return the alert after a person resolved its incident, whatever its tool says."""
        return replace(
            self,
            status="resolved",
            ended_at=now,
            ended_by="person",
            resolved_start=None,
            learned_end_at=now,
            expires_at=None,
        )

    def suppressed(self, silence_id: str, placed: Judgement | None = None) -> "Alert":
        """Return the alert held back by a silence, in no incident."""
        return replace(
            self, status="suppressed", silence_id=silence_id, incident_id=None, placed=placed
        )

    def joined(self, incident_id: str, placed: Judgement | None = None) -> "Alert":
        """Return the alert firing in this incident."""
        return replace(
            self, status="firing", silence_id=None, incident_id=incident_id, placed=placed
        )

    def summary(self) -> AlertSummary:
        """Return what people need of it when they are paged; the rest is in the alert."""
        labels = dict(islice(self.labels.items(), MOST_LABELS))
        links = (link for link in self.links if len(link.href) <= LONGEST_LINK)
        return AlertSummary.model_construct(
            alert_id=self.alert_id,
            dedup_key=self.dedup_key,
            title=self.title,
            severity=self.severity,
            source=self.source,
            integration=self.integration,
            description=cut(self.description, LONGEST_DESCRIPTION),
            labels=fitting(labels, LONGEST_LABEL, SUMMARY_BYTES),
            links=tuple(islice(links, MOST_LINKS)),
            started_at=self.started_at,
            received_at=self.first_received_at,
        )


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    # A message that names no end comes from a sender that says itself when it is over.
    if one is None or other is None:
        return other
    return max(one, other)
