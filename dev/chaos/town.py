"""The catalog of a chaos run: services whose people are reached well, badly, or not at all."""

from dataclasses import dataclass
from typing import Any

from dev.running import integration

KEY = "chaos-key-0123456789abcdef012345"


@dataclass(frozen=True)
class Street:
    """A service, its integration key, and who is paged for it, level by level."""

    service: str
    people: tuple[str, ...]

    @property
    def key(self) -> str:
        """The key of its integration."""
        return f"{KEY}-{self.service}"


STREETS = (
    Street("steady", ("ann",)),
    Street("calm", ("bea",)),
    Street("flaky", ("cid",)),
    Street("moved", ("dan",)),
    Street("deaf", ("eve", "fay")),
)
OF_SERVICE = {street.service: street for street in STREETS}
# Contact methods in the order in which they are tried. The provider's behaviour follows the name.
_METHODS = {
    "ann": ("fine",),
    "bea": ("fine",),
    "cid": ("flaky", "spare"),
    "dan": ("gone", "spare"),
    "eve": ("gone",),
    "fay": ("fine",),
}
SPARE_AFTER = "30s"


def documents(port: int) -> list[dict[str, Any]]:
    """Return the catalog's documents; webhooks go to the provider at `port`."""
    return [
        *(_user(person, port) for person in _METHODS),
        *(document for street in STREETS for document in _street(street)),
    ]


def _user(person: str, port: int) -> dict[str, Any]:
    methods = [
        {"name": name, "channel": "webhook", "address": f"http://127.0.0.1:{port}/{person}/{name}"}
        for name in _METHODS[person]
    ]
    rules = [
        {"urgency": "high", "contact_method": name, "after": "0s" if not number else "10m"}
        for number, name in enumerate(_METHODS[person])
    ]
    return {
        "kind": "User",
        "name": person,
        "spec": {"contact_methods": methods, "notification_rules": rules},
    }


def _street(street: Street) -> list[dict[str, Any]]:
    levels = [{"targets": [{"user": person}], "escalate_after": "6h"} for person in street.people]
    return [
        {"kind": "EscalationPolicy", "name": street.service, "spec": {"levels": levels}},
        {"kind": "Service", "name": street.service, "spec": {"escalation_policy": street.service}},
        integration(f"chaos-{street.service}", street.key, "generic", street.service),
    ]
