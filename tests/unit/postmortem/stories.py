"""Incidents to tell of: short ways to write an event at a time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tocsin import events as e
from tocsin.events import Actor, AlertSummary, Envelope, Event

START = datetime(2026, 3, 3, 2, 14, tzinfo=UTC)
INCIDENT = "inc-1"
BOB = Actor(kind="user", name="bob")
ADA = Actor(kind="user", name="ada")
TOKEN = Actor(kind="token", name="deploy-bot")
TOCSIN = Actor(kind="tocsin", name="tocsin")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def envelope(
    event_id: str, seconds: float, data: Event, *, cause: str | None = None
) -> Envelope[Event]:
    return Envelope(
        data=data, time=at(seconds), source="test", event_id=event_id, causation_id=cause
    )


def alert(alert_id: str = "al-1", title: str = "HighErrorRate", **more: Any) -> AlertSummary:
    given = {"severity": "critical", "source": "prometheus", "dedup_key": alert_id, **more}
    return AlertSummary(alert_id=alert_id, title=title, **given)


def triggered(version: int = 1, incident_id: str = INCIDENT, **more: Any) -> e.IncidentTriggered:
    given = {
        "number": 7,
        "title": "HighErrorRate",
        "service": "checkout",
        "severity": "critical",
        "urgency": "high",
        "source": "prometheus",
        **more,
    }
    return e.IncidentTriggered(incident_id=incident_id, version=version, **given)


def added(version: int, summary: AlertSummary | None = None, **more: Any) -> e.AlertAdded:
    return e.AlertAdded(
        incident_id=INCIDENT, version=version, alert=summary or alert("al-2", "SlowQueries"), **more
    )


def alert_ended(version: int, reason: Any = "resolved", **more: Any) -> e.AlertResolved:
    given = {"alert_id": "al-1", "dedup_key": "al-1", "title": "HighErrorRate", **more}
    return e.AlertResolved(incident_id=INCIDENT, version=version, reason=reason, **given)


def acknowledged(version: int, by: Actor = BOB, **more: Any) -> e.IncidentAcknowledged:
    return e.IncidentAcknowledged(incident_id=INCIDENT, version=version, by=by, **more)


def resolved(
    version: int, by: Actor = BOB, reason: Any = "command", incident_id: str = INCIDENT
) -> e.IncidentResolved:
    return e.IncidentResolved(incident_id=incident_id, version=version, by=by, reason=reason)


def reopened(version: int, by: Actor = ADA) -> e.IncidentReopened:
    return e.IncidentReopened(incident_id=INCIDENT, version=version, by=by)


def page(responder: str = "ada", level: int = 1) -> e.PageRequested:
    return e.PageRequested(
        incident_id=INCIDENT,
        page_id=f"pg-{responder}",
        incident_version=1,
        number=7,
        title="HighErrorRate",
        service="checkout",
        severity="critical",
        urgency="high",
        responder=responder,
        level=level,
        loop=1,
        policy="payments",
        catalog_version=3,
    )


def notification(what: Callable[..., Event], responder: str = "ada", **more: Any) -> Event:
    given: dict[str, Any] = {
        "notification_id": f"nt-{responder}",
        "contact_method": "mail",
        "channel": "email",
        **more,
    }
    return what(incident_id=INCIDENT, page_id=f"pg-{responder}", responder=responder, **given)


def night() -> list[Envelope[Event]]:
    """A short outage: two people paged, one answers, one alert expires, it is resolved."""
    return [
        envelope("e01", 0, triggered(alert=alert(started_at=at(-30), received_at=at(0)))),
        envelope("e02", 1, page("ada"), cause="e01"),
        envelope("e03", 2, notification(e.NotificationSent, "ada"), cause="e02"),
        envelope("e04", 4, notification(e.NotificationDelivered, "ada"), cause="e03"),
        envelope("e05", 60, added(2)),
        envelope("e06", 301, page("bob", 2)),
        envelope("e07", 302, notification(e.NotificationSent, "bob"), cause="e06"),
        envelope("e08", 320, e.AcknowledgeIncident(incident_id=INCIDENT, by=BOB), cause="e07"),
        envelope("e09", 321, acknowledged(3), cause="e08"),
        envelope("e10", 600, alert_ended(4, "expired")),
        envelope("e11", 1500, resolved(5)),
    ]


@st.composite
def logs(draw: st.DrawFn) -> list[Envelope[Event]]:
    """Logs nobody would write: repeated versions, skewed clocks, causes in circles, equal times."""
    size = draw(st.integers(0, 12))
    ids = [f"e{number:02d}" for number in range(size)]
    seconds = st.integers(-5, 5)
    found = []
    for event_id in ids:
        claim = alert(started_at=at(draw(st.sampled_from([-90_000, -3, 0, 2, 500]))))
        data = draw(
            st.sampled_from(
                [
                    triggered(alert=claim),
                    added(draw(st.integers(1, 4)), claim),
                    acknowledged(draw(st.integers(1, 4))),
                    page(),
                    notification(e.NotificationSent),
                ]
            )
        )
        cause = draw(st.sampled_from([None, "elsewhere", *ids]))
        found.append(envelope(event_id, draw(seconds), data, cause=cause))
    return found
