"""Small catalogs, in few words, for the tests of escalation."""

from datetime import UTC, datetime, timedelta
from typing import Any

from escalation.domain.escalation import Decision, Escalation
from escalation.domain.hearing import hear
from tocsin.catalog import KINDS, Catalog
from tocsin.events import Actor, AlertSummary, IncidentTriggered, PageRequested

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ADA = Actor(kind="user", name="ada")


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def user(*methods: str) -> dict[str, Any]:
    return {
        "contact_methods": [
            {"name": name, "channel": "email", "address": "someone@example.org"}
            for name in methods or ("mail",)
        ],
    }


def policy(*levels: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"levels": list(levels), **more}


def level(*targets: str, after: str = "5m") -> dict[str, Any]:
    """`ada` is a user, `team:payments` a team, `schedule:web` a schedule."""
    return {"targets": [target(one) for one in targets], "escalate_after": after}


def target(text: str) -> dict[str, str]:
    kind, _, name = text.rpartition(":")
    return {kind or "user": name}


def catalog(version: int = 7, **kinds: dict[str, dict[str, Any]]) -> Catalog:
    specs = {
        (kind, name): KINDS[kind].model_validate(spec)
        for kind, documents in kinds.items()
        for name, spec in documents.items()
    }
    return Catalog(version, specs)


def people(*names: str) -> dict[str, dict[str, Any]]:
    return {name: user() for name in names}


def two_levels(**more: Any) -> Catalog:
    """Ada for five minutes, then bob for ten; then carol as the last resort."""
    settings: dict[str, Any] = {"last_resort": {"user": "carol"}}
    documents = policy(level("ada"), level("bob", after="10m"), **more)
    return catalog(
        User=people("ada", "bob", "carol"),
        Service={"checkout": {"escalation_policy": "payments"}},
        EscalationPolicy={"payments": documents},
        Settings={"installation": settings},
    )


def alert(number: int = 1, title: str = "") -> AlertSummary:
    return AlertSummary(
        alert_id=f"alert-{number}",
        dedup_key=f"key-{number}",
        title=title or f"Alert {number}",
        severity="critical",
        source="generic",
    )


def triggered(incident_id: str = "i1", version: int = 1, **more: Any) -> IncidentTriggered:
    return IncidentTriggered(
        **{
            "incident_id": incident_id,
            "version": version,
            "number": 42,
            "title": "Checkout is down",
            "service": "checkout",
            "severity": "critical",
            "urgency": "high",
            "source": "generic",
            "alert": alert(),
            **more,
        }
    )


def started(in_force: Catalog, at: datetime = NOW, **more: Any) -> Escalation:
    """Return the climb of an incident that has just been triggered."""
    return hear(Escalation.unknown("i1"), triggered(**more), at, in_force).escalation


def paged(decision: Decision) -> list[tuple[str, int, int]]:
    """Return who is asked for, each with level and loop."""
    return [
        (fact.responder, fact.level, fact.loop)
        for fact in decision.facts
        if isinstance(fact, PageRequested)
    ]
