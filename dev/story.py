"""A night to show: incidents of a small shop, as the topics would have told them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tocsin import events as e
from tocsin.events import Actor, AlertSummary, Envelope, Event

NOW = datetime(2026, 3, 3, 3, 12, tzinfo=UTC)
ADA, BOB = Actor(kind="user", name="ada"), Actor(kind="user", name="bob")
PROMETHEUS = "prometheus"


def _at(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def _told(minutes: float, data: Event, cause: str | None = None) -> Envelope[Event]:
    identity = f"{data.TYPE}-{getattr(data, 'incident_id', '')}-{minutes}"
    return Envelope(data, _at(minutes), "story", identity, cause)


def _opened(number: int, minutes: float, title: str, service: str, **more: Any) -> Envelope[Event]:  # noqa: ANN401 - fields of an event.
    severity = more.pop("severity", "critical")
    alert = AlertSummary(
        alert_id=f"alert-{number}",
        dedup_key=str(number),
        title=title,
        severity=severity,
        source=PROMETHEUS,
        started_at=_at(minutes + 0.5),
        received_at=_at(minutes),
    )
    given = {"severity": severity, "urgency": "high", "source": PROMETHEUS, "alert": alert, **more}
    opened = e.IncidentTriggered(
        incident_id=f"inc_{number:032x}",
        version=1,
        number=number,
        title=title,
        service=service,
        **given,
    )
    return _told(minutes, opened)


def _paged(
    number: int, minutes: float, who: str, level: int, *, arrived: bool
) -> list[Envelope[Event]]:
    given: dict[str, Any] = {
        "incident_id": f"inc_{number:032x}",
        "page_id": f"{number}-{who}",
        "responder": who,
    }
    page = e.PageRequested(
        **given,
        incident_version=1,
        number=number,
        title="",
        service="checkout",
        severity="critical",
        urgency="high",
        level=level,
        loop=1,
        policy="payments",
        catalog_version=3,
    )
    given |= {
        "notification_id": f"n-{number}-{who}",
        "contact_method": "phone",
        "channel": "webhook",
    }
    what = e.NotificationDelivered(**given) if arrived else e.NotificationSent(**given)
    return [_told(minutes, page), _told(minutes - 0.02, what)]


def _worst() -> list[Envelope[Event]]:
    first = f"inc_{42:032x}"
    joined = AlertSummary(
        alert_id="alert-42b",
        dedup_key="42b",
        title="Checkout p99 above 2 s in eu-1",
        severity="error",
        source=PROMETHEUS,
        started_at=_at(9),
    )
    return [
        _opened(
            42,
            11,
            "Checkout answers 5xx for 12 % of requests in eu-1",
            "checkout",
            team="payments",
            escalation_policy="payments",
            description="Error budget of the month is burning 14 times too fast.",
            runbook="https://runbooks.example.org/checkout",
        ),
        *_paged(42, 10.9, "bob", 1, arrived=False),
        _told(8.8, e.AlertAdded(incident_id=first, version=2, alert=joined)),
        *_paged(42, 5.9, "ada", 2, arrived=True),
        _told(
            3,
            e.NoteAdded(
                incident_id=first, version=3, by=ADA, text="Rolling back the 02:55 release."
            ),
        ),
    ]


def _others() -> list[Envelope[Event]]:
    return [
        _opened(41, 34, "Replica db-3 lags by 95 s", "postgres", severity="error"),
        *_paged(41, 33.9, "ada", 1, arrived=True),
        _told(
            31, e.IncidentAcknowledged(incident_id=f"inc_{41:032x}", version=2, by=ADA, via="mail")
        ),
        _opened(
            40, 190, "Certificate of shop.example.org ends in 6 days", "edge", severity="warning"
        ),
        _told(
            150,
            e.IncidentSnoozed(
                incident_id=f"inc_{40:032x}", version=2, by=BOB, until=NOW + timedelta(hours=6)
            ),
        ),
        _opened(39, 300, "Disk of build-7 is full", "build", severity="error"),
        _told(
            280,
            e.IncidentResolved(incident_id=f"inc_{39:032x}", version=2, by=BOB, reason="command"),
        ),
        _told(
            70,
            e.SilenceChanged(
                silence_id="sil_1",
                change="created",
                matchers=('cluster="eu-1"', 'alertname=~"Disk.*"'),
                starts_at=_at(70),
                ends_at=NOW + timedelta(hours=3),
                created_by="bob",
                created_at=_at(70),
                by=BOB,
                comment="Moving racks; the on-call knows.",
            ),
        ),
        _opened(38, 1500, "Login is slow", "accounts"),
        _told(
            1440,
            e.IncidentResolved(incident_id=f"inc_{38:032x}", version=2, by=ADA, reason="command"),
        ),
    ]


NIGHT = [*_worst(), *_others()]


def _rota() -> list[Envelope[Event]]:
    turns = {"payments": ("ada", "bob"), "databases": ("eve", "ada"), "edge": ("", "bob")}
    return [
        _told(
            60,
            e.OnCallChanged(
                schedule=schedule,
                responders=(now,) if now else (),
                since=_at(18 * 60 + 12),
                until=NOW + timedelta(hours=5, minutes=48),
                then=(then,),
                catalog_version=3,
            ),
            schedule,
        )
        for schedule, (now, then) in turns.items()
    ]


ROTA = _rota()
