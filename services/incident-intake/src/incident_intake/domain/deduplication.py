"""Deduplication: what one message means for its alert.

Repeats change nothing that people are told. A resolve of what is not open opens nothing. After a
resolve, a trigger opens anew - unless it is a late delivery of the episode that was resolved.
"""

from dataclasses import dataclass
from datetime import timedelta

from incident_intake.domain.alert import Alert
from tocsin.events import AlertEvent

# Two Alertmanagers of a pair deliver seconds apart. Past this, a message about an episode that was
# resolved is not late but true: the tool, cut off for a while, reports it again.
LATE_DELIVERY = timedelta(minutes=2)
NOT_LATE = timedelta(0)
# How far the clocks of two replicas may differ: within it nobody can say which came first.
CLOCKS_DIFFER = timedelta(seconds=2)
# They send again what they sent before. Whoever else says something, says it once: it is news.
RESENDERS = frozenset({"alertmanager", "prometheus"})


@dataclass(frozen=True, slots=True)
class Opened:
    """It fires, and no open incident has it."""

    alert: Alert


@dataclass(frozen=True, slots=True)
class Repeated:
    """It was firing already; `alert` knows the latest."""

    alert: Alert


@dataclass(frozen=True, slots=True)
class Reopened:
    """It had ended, and fires again while its incident is still open."""

    alert: Alert


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Its tool says that somebody has it."""

    alert: Alert


@dataclass(frozen=True, slots=True)
class Resolved:
    """It is over."""

    alert: Alert


@dataclass(frozen=True, slots=True)
class Stale:
    """Nothing to do, and why; `alert` is what to remember, if anything."""

    reason: str
    alert: Alert | None = None


Verdict = Opened | Repeated | Reopened | Acknowledged | Resolved | Stale


def verdict(alert: Alert | None, event: AlertEvent, *, incident_is_open: bool) -> Verdict:
    """Return what `event` means for `alert`, whose incident is open or not."""
    match event.action:
        case "trigger":
            return _triggered(alert, event, incident_is_open=incident_is_open)
        case "acknowledge":
            if alert is None or alert.status != "firing" or not incident_is_open:
                return Stale("no open alert has this key")
            return Acknowledged(alert)
        case "resolve":
            return _resolved(alert, event)


def _triggered(alert: Alert | None, event: AlertEvent, *, incident_is_open: bool) -> Verdict:
    if alert is None:
        return Opened(Alert.opened(event))
    if alert.status == "firing" and incident_is_open:
        return Repeated(alert.repeated(event))
    if alert.is_ongoing:  # Suppressed until now, or its incident was resolved without it.
        return Opened(alert.repeated(event))
    if _is_late(alert, event):
        return Stale("late: this episode has been resolved", alert)
    anew = Alert.opened(event)
    return Reopened(anew) if incident_is_open else Opened(anew)


def _resolved(alert: Alert | None, event: AlertEvent) -> Verdict:
    if alert is None:
        # A tool that names the episode may still deliver its beginning: remember that it is over.
        known = Alert.opened(event).ended(event) if event.started_at else None
        return Stale("no alert has this key", known)
    if not alert.is_ongoing:
        return Stale("the alert had ended already", alert.ended(event))
    if event.received_at < alert.received_at:
        # Overtaken on its way, by way of the outbox: it ends nothing that was said after it.
        return Stale("late: it was received before what is known of the alert", alert)
    if event.ended_at and alert.latest_start and event.ended_at < alert.latest_start:
        return Stale("late: an earlier episode ended then", alert)
    return Resolved(alert.ended(event))


def _is_late(alert: Alert, event: AlertEvent) -> bool:
    match alert.ended_by:
        case "person":
            return alert.ended_at is not None and event.received_at <= alert.ended_at
        case "expired":
            return bool(alert.ended_at and event.expires_at and event.expires_at <= alert.ended_at)
        case "tool" | None:
            if _was_overtaken(alert, event):
                return True
            if not (event.started_at and alert.resolved_start and alert.learned_end_at):
                return False
            late = LATE_DELIVERY if event.source in RESENDERS else NOT_LATE
            return (
                event.started_at <= alert.resolved_start
                and event.received_at - alert.learned_end_at < late
            )


def _was_overtaken(alert: Alert, event: AlertEvent) -> bool:
    """Whether it was received well before the end was, and is read after it.

    So it is with a message that nobody was answered for: its sender said it again, and said that
    it is over, while the first lay between Kafka and the outbox.
    """
    if alert.learned_end_at is None:
        return False
    return CLOCKS_DIFFER < alert.learned_end_at - event.received_at < LATE_DELIVERY
