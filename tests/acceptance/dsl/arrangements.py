"""What is arranged before anything happens: who is paged for what, as catalog documents."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol

from tocsin import durations

Document = dict[str, Any]
Own = Callable[[str], str]
WITHIN = timedelta(minutes=5)


class Pageable(Protocol):
    """Whom a level can name: a responder, a schedule or a team."""

    def target(self) -> dict[str, str]:
        """Return the target as the catalog writes it."""
        ...


class Policy:
    """Who is paged, and after how long the next."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._levels: list[dict[str, Any]] = []
        self._repeat = 0
        self._last: Pageable | None = None

    def pages(self, *whom: Pageable, within: timedelta = WITHIN) -> "Policy":
        """Page these first; they have this long to answer."""
        self._levels.append(
            {"targets": [one.target() for one in whom], "escalate_after": durations.text(within)}
        )
        return self

    def then(self, *whom: Pageable, within: timedelta = WITHIN) -> "Policy":
        """Page these when nobody before has answered; nobody makes an empty level."""
        return self.pages(*whom, within=within)

    def repeats(self, times: int) -> "Policy":
        """Go through all levels this often again."""
        self._repeat = times
        return self

    def at_last(self, whom: Pageable) -> "Policy":
        """Page this person when all levels were in vain."""
        self._last = whom
        return self

    def document(self) -> Document:
        """Return it as a document."""
        spec: Document = {"levels": self._levels, "repeat": self._repeat}
        if self._last is not None:
            spec["last_resort"] = self._last.target()
        return {"kind": "EscalationPolicy", "name": self.name, "spec": spec}


class Service:
    """What can break. It has its policy's name, and a key that its tools ring with."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.policy: Policy | None = None
        self._spec: Document = {}

    def groups_by(self, *labels: str, window: timedelta = timedelta(hours=1)) -> "Service":
        """Let alerts with the same values of these labels be one incident."""
        self._spec["grouping"] = {"by": list(labels), "window": durations.text(window)}
        return self

    def times_out_acknowledgements(self, after: timedelta) -> "Service":
        """Page again when an acknowledged incident is not resolved by then."""
        self._spec["acknowledgement_timeout"] = durations.text(after)
        return self

    def has_urgency(self, urgency: str) -> "Service":
        """Notify in this way whatever the severity."""
        self._spec["urgency"] = urgency
        return self

    def key(self, source: str = "generic") -> str:
        """Return the key that tools of this kind ring with."""
        return f"key-of-{source}-for-{self.name}"

    def documents(self) -> list[Document]:
        """Return it, its policy and its integrations as documents."""
        policy = {"escalation_policy": self.policy.name} if self.policy else {}
        found = [{"kind": "Service", "name": self.name, "spec": {**self._spec, **policy}}]
        if self.policy:
            found.append(self.policy.document())
        return [*found, self._integration("generic"), self._integration("alertmanager")]

    def _integration(self, source: str) -> Document:
        digest = hashlib.sha256(self.key(source).encode()).hexdigest()
        spec = {"source": source, "service": self.name, "key_sha256": digest}
        return {"kind": "Integration", "name": f"{self.name}-{source}", "spec": spec}


class Schedule:
    """People taking turns."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._zone = "UTC"
        self._layers: list[Document] = []

    def target(self) -> dict[str, str]:
        """Return whoever is on call, as a target."""
        return {"schedule": self.name}

    def rotates(
        self, *whom: Pageable, every: str, since: str, zone: str = "UTC", between: str = ""
    ) -> "Schedule":
        """Take turns of an hour, a day or a week; only between those hours, if any are said."""
        self._zone = zone
        people = [one.target()["user"] for one in whom]
        kind = {"hour": "hourly", "day": "daily", "week": "weekly"}[every]
        rotation = {"type": kind, "length": 1, "start": since, "participants": people}
        layer: Document = {"name": f"layer-{len(self._layers) + 1}", "rotation": rotation}
        if between:
            begins, _, ends = between.partition("-")
            layer["restrictions"] = [{"from": begins, "until": ends}]
        self._layers.append(layer)
        return self

    def document(self) -> Document:
        """Return it as a document."""
        spec = {"time_zone": self._zone, "layers": self._layers}
        return {"kind": "Schedule", "name": self.name, "spec": spec}


class Team:
    """People who answer together."""

    def __init__(self, name: str, members: tuple[Pageable, ...]) -> None:
        self.name = name
        self._members = members

    def target(self) -> dict[str, str]:
        """Return all of them, as a target."""
        return {"team": self.name}

    def document(self) -> Document:
        """Return it as a document."""
        members = [one.target()["user"] for one in self._members]
        return {"kind": "Team", "name": self.name, "spec": {"members": members}}
