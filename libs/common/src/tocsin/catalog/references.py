"""Which documents a document names, and where: one table for all kinds.

It reads documents as they were written, so that a mistake elsewhere in one hides none here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_PEOPLE = (("user", "User"), ("schedule", "Schedule"), ("team", "Team"))
_TARGET = (*_PEOPLE, ("channel", "Team"), ("webhook", "Webhook"))  # A channel is a team's chat.


def _targets(
    place: str, fields: tuple[tuple[str, str], ...] = _TARGET
) -> tuple[tuple[str, str], ...]:
    return tuple((f"{place}.{field}", kind) for field, kind in fields)


def _participants(place: str) -> tuple[tuple[str, str], ...]:
    return (place, "User"), (f"{place}.[]", "User")  # One person, or people together.


# Kind: (place, kind named there). `[]` stands for each item of a list.
REFERENCES: dict[str, tuple[tuple[str, str], ...]] = {
    "Team": (("members.[]", "User"),),
    "Service": (("team", "Team"), ("escalation_policy", "EscalationPolicy")),
    "Integration": (("service", "Service"),),
    "Route": (("service", "Service"),),
    "Schedule": (
        *_participants("layers.[].rotation.participants.[]"),
        *_participants("layers.[].changes.[].rotation.participants.[]"),
        *_participants("layers.[].changes.[].participants.[]"),
        ("layers.[].shifts.[].participants.[]", "User"),
    ),
    "Override": (
        ("schedule", "Schedule"),
        *_participants("add"),
        *_participants("remove"),
        *_participants("cover"),
    ),
    "Absence": (("user", "User"),),
    "EscalationPolicy": (
        ("team", "Team"),
        *_targets("levels.[].targets.[]"),
        *_targets("last_resort", _PEOPLE),
    ),
    "Settings": (("default_service", "Service"), *_targets("last_resort", _PEOPLE)),
}


@dataclass(frozen=True, slots=True)
class Reference:
    """At `path`, a document names the `kind` called `name`."""

    path: str
    kind: str
    name: str


def references(kind: str, spec: Mapping[str, Any]) -> Iterator[Reference]:
    """Yield every reference of a document; what is not where it belongs is passed over."""
    for place, named in REFERENCES.get(kind, ()):
        for path, value in _values(spec, place.split("."), "spec"):
            yield Reference(path, named, value)


def _values(value: Any, place: list[str], path: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    if not place:
        if isinstance(value, str):
            yield path, value
    elif place[0] == "[]":
        items = value if isinstance(value, list | tuple) else ()
        for at, item in enumerate(items):
            yield from _values(item, place[1:], f"{path}[{at}]")
    elif isinstance(value, Mapping):
        yield from _values(value.get(place[0]), place[1:], f"{path}.{place[0]}")
