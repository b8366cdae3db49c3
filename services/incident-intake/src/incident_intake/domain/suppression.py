"""Suppression: a silence keeps the alerts that match it from notifying anybody, for a while."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from incident_intake.domain.alert import Alert
from tocsin import matching


@dataclass(frozen=True, slots=True)
class Silence:
    """Alerts whose labels satisfy every matcher are suppressed from `starts_at` to `ends_at`."""

    silence_id: str
    matchers: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    created_by: str
    created_at: datetime
    comment: str = ""

    def is_active(self, now: datetime) -> bool:
        """Return whether it holds at this instant."""
        return self.starts_at <= now < self.ends_at

    def covers(self, labels: Mapping[str, str]) -> bool:
        """Return whether these labels satisfy every matcher."""
        return matching.all_match(map(matching.parse, self.matchers), labels)

    def expired(self, now: datetime) -> "Silence":
        """Return the silence ended by now; one that is over stays as it was."""
        if self.ends_at <= now:
            return self
        return replace(self, ends_at=now, starts_at=min(self.starts_at, now))


def matched_labels(alert: Alert) -> dict[str, str]:
    """Return what matchers look at: the labels, and what every alert has where no label says it."""
    return {
        "service": alert.service,
        "source": alert.source,
        "integration": alert.integration,
        "severity": alert.severity,
        "title": alert.title,
        "dedup_key": alert.dedup_key,
        **alert.labels,
    }


def silence_of(alert: Alert, silences: Iterable[Silence], now: datetime) -> Silence | None:
    """Return the silence that suppresses this alert now: of several, the one that ends last."""
    active = [silence for silence in silences if silence.is_active(now)]
    if not active:
        return None
    labels = matched_labels(alert)
    covering = (silence for silence in active if silence.covers(labels))
    return max(covering, key=lambda silence: (silence.ends_at, silence.silence_id), default=None)
