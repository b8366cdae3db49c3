"""Suppression: a silence keeps the alerts that match it from notifying anybody, for a while."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from incident_intake.domain.alert import Alert
from incident_intake.domain.bounds import in_calendar
from tocsin import matching
from tocsin.errors import Refused

MOST_MATCHERS = 50
LONGEST_TEXT = 1024


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

    @classmethod
    def wanted(
        cls,
        *,
        silence_id: str,
        matchers: tuple[str, ...],
        starts_at: datetime | None,
        ends_at: datetime,
        created_by: str,
        comment: str,
        now: datetime,
    ) -> "Silence":
        """Return the silence that somebody asks for; Refused names what is wrong with it."""
        _refuse_useless(matchers)
        begins, ends = (_reckonable(starts_at or now, "starts_at"), _reckonable(ends_at, "ends_at"))
        if ends <= max(begins, now):
            raise Refused("ends_at: must be after starts_at and in the future")
        return cls(
            silence_id=silence_id,
            matchers=matchers,
            starts_at=begins,
            ends_at=ends,
            created_by=plain(created_by),
            created_at=now,
            comment=plain(comment),
        )

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


def plain(text: str) -> str:
    """Return text that every database takes, of a length that a page can show."""
    return text.replace("\x00", "")[:LONGEST_TEXT]


def _refuse_useless(matchers: tuple[str, ...]) -> None:
    if not 0 < len(matchers) <= MOST_MATCHERS:
        raise Refused(f"matchers: give 1 to {MOST_MATCHERS}")
    try:
        parsed = [matching.parse(text) for text in matchers]
    except ValueError as error:
        raise Refused(f"matchers: {error}") from error
    if any("\x00" in text for text in matchers):
        raise Refused("matchers: must not contain NUL")
    if matching.all_match(parsed, {}):
        raise Refused("matchers: these match everything; name what is to be silent")


def _reckonable(at: datetime, field: str) -> datetime:
    try:
        return in_calendar(at)
    except ValueError as error:
        raise Refused(f"{field}: {error}") from error
