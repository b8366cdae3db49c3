"""An event of an incident as this service keeps it, and the clocks that it carries."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from tocsin.events import (
    Actor,
    AlertAdded,
    AlertResolved,
    DeadLettered,
    Envelope,
    Event,
    IncidentTriggered,
)

OLDEST_CLAIM = timedelta(hours=24)
CLOCK_TOLERANCE = timedelta(seconds=2)
# What an id looks like; anything else in its place is a mistake or an attack, and names nothing.
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,200}")
KEYED_BY_INCIDENT = frozenset({"incidents", "pages", "notifications", "commands"})


@dataclass(frozen=True, slots=True)
class Clocks:
    """When it happened by the source's claim, by our edge, and by the commit that recorded it.

    None overwrites another. `claimed_by` names the source whose claim `occurred_at` is.
    """

    occurred_at: datetime
    observed_at: datetime
    recorded_at: datetime
    claimed_by: str = ""

    @property
    def ahead(self) -> timedelta:
        """How far the source's clock ran ahead of ours; zero when it did not."""
        return max(self.occurred_at - self.observed_at, timedelta())

    @property
    def is_credible(self) -> bool:
        """Whether the claim is neither from the future nor from another day."""
        return self.ahead <= CLOCK_TOLERANCE and self.observed_at - self.occurred_at <= OLDEST_CLAIM

    @property
    def effective_at(self) -> datetime:
        """The claim where it is credible, but never later than our own clock saw it."""
        return min(self.occurred_at, self.observed_at) if self.is_credible else self.observed_at

    @property
    def note(self) -> str:
        """What a reader must know about the time shown; empty when the claim is shown."""
        if self.is_credible:
            return ""
        if self.ahead:
            seconds = round(self.ahead.total_seconds())
            return f"clock of {self.claimed_by} ran {seconds} s ahead; shown at our time"
        return f"{self.claimed_by} dates it more than a day back; shown at our time"


def clocks(envelope: Envelope[Event]) -> Clocks:
    """Return the clocks of an event. Only alerts carry a time that is not our own."""
    data = envelope.data
    ours = envelope.time
    if isinstance(data, IncidentTriggered | AlertAdded) and (alert := data.alert):
        observed = alert.received_at or ours
        return Clocks(alert.started_at or observed, observed, ours, alert.source or "the source")
    if isinstance(data, AlertResolved) and data.reason == "resolved" and data.ended_at:
        return Clocks(data.ended_at, ours, ours, "the source")
    return Clocks(ours, ours, ours)


def is_identity(text: str) -> bool:
    """Return whether this can be the id of anything at all."""
    return _ID.fullmatch(text) is not None


def incident_of(event: Event) -> str | None:
    """Return the id of the incident that an event belongs to, if there is one."""
    if isinstance(event, DeadLettered):
        identity = event.origin_key if event.topic in KEYED_BY_INCIDENT else ""
    else:
        identity = str(getattr(event, "incident_id", ""))
    return identity if is_identity(identity) else None


def actor_of(event: Event) -> Actor | None:
    """Return who did it, where somebody did."""
    actor: Actor | None = getattr(event, "by", None)
    return actor
