"""The small shop of the story: its people, and who of them is on call when."""

from typing import Any

from dev.story import NOW, ROTA
from escalation.domain.foreseeing import foreseen
from tocsin.catalog import KINDS, Catalog
from tocsin.events import Envelope, Event

ZONES = {"ada": "Europe/Paris", "bob": "America/New_York", "eve": "Asia/Kolkata"}
NIGHT = [{"from": "22:00", "until": "07:00"}]
LEVELS: list[dict[str, Any]] = [
    {"targets": [{"schedule": "payments"}], "escalate_after": "5m"},
    {"targets": [{"user": "bob"}, {"team": "payments"}], "escalate_after": "10m"},
    {"targets": [{"schedule": "edge"}], "escalate_after": "10m"},
]


def _person(name: str) -> dict[str, Any]:
    method = {"name": "mail", "channel": "email", "address": f"{name}@example.org"}
    rules = [{"urgency": "high", "contact_method": "mail", "after": "0s"}]
    return {
        "email": f"{name}@example.org",
        "time_zone": ZONES[name],
        "contact_methods": [method],
        "notification_rules": rules,
    }


def _layer(name: str, *turns: Any, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - names, or none.
    rotation = {"type": "daily", "start": "2026-03-02T10:00", "participants": list(turns)}
    return {"name": name, "rotation": rotation, **more}


def _schedule(*layers: dict[str, Any]) -> dict[str, Any]:
    return {"time_zone": "Europe/Paris", "layers": list(layers)}


SPECS: dict[str, dict[str, dict[str, Any]]] = {
    "User": {name: _person(name) for name in ZONES},
    "Team": {"payments": {"members": ["ada", "bob"]}},
    "Schedule": {
        "payments": _schedule(
            _layer("daily", "ada", "bob", "eve"),
            _layer("night", "ada", "eve", restrictions=NIGHT, mode="add"),
        ),
        "databases": _schedule(_layer("daily", "eve", "ada")),
        "edge": _schedule(_layer("daily", [], "bob")),
    },
    "Override": {
        "ovr_dentist": {
            "schedule": "payments",
            "from": "2026-03-05T09:00",
            "until": "2026-03-06T13:00",
            "cover": ["bob"],
            "reason": "dentist, and a day of rest",
        },
    },
    "EscalationPolicy": {
        "payments": {
            "team": "payments",
            "levels": LEVELS,
            "repeat": 2,
            "last_resort": {"user": "eve"},
        },
    },
    "Service": {"checkout": {"team": "payments", "escalation_policy": "payments"}},
}
SHOP = Catalog(
    3,
    {
        (kind, name): KINDS[kind].model_validate(spec)
        for kind, found in SPECS.items()
        for name, spec in found.items()
    },
)


def told() -> list[Envelope[Event]]:
    """Return what escalation tells of the schedules: who is on call, and who will be."""
    return [*ROTA, *(_shifts(name) for name in SPECS["Schedule"])]


def _shifts(name: str) -> Envelope[Event]:
    found = foreseen(name, SHOP, NOW)
    assert found is not None, "it is one of the shop's"
    return Envelope(found, NOW, "story", f"shifts-{name}")
