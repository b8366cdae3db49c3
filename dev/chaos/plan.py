"""Which faults, in which order, where and when: a pure function of the seed."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tocsin.crash_points import POINTS

SERVICES = ("incident-intake", "escalation", "notifier", "postmortem")
TOPICS_OF = {
    "incident-intake": ("alert-events", "commands"),
    "escalation": ("incidents", "commands", "notifications"),
    "notifier": ("pages", "incidents"),
    "postmortem": ("incidents", "pages", "notifications"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault: how often in a mix, seconds to the next, and how long it lasts."""

    weight: float
    pause: float
    lasts: float = 0.0


# At rest after each for about `pause` seconds: long enough to come back, short enough to be hit
# again while still catching up.
KINDS: dict[str, Kind] = {
    "kill": Kind(50, 1.3),
    "point": Kind(20, 1.3),
    "term": Kind(5, 2.0),
    "rebalance": Kind(5, 2.0, 2.0),
    "poison": Kind(5, 1.0),
    "zombie": Kind(1, 3.0, 60.0),
    "freeze": Kind(1, 3.0, 45.0),
    "broker-kill": Kind(1, 6.0),
    "broker-away": Kind(0.5, 60.0, 30.0),
    "database-restart": Kind(1, 6.0),
    "database-locked": Kind(1, 5.0, 4.0),
    "disk-full": Kind(0.5, 12.0, 8.0),
}
# Where a point lies: a service that never passes it cannot die there.
_PLACES = {
    "intake": ("incident-intake",),
    "notifier": ("notifier",),
    "batch": SERVICES,
    "timers": ("escalation", "notifier", "incident-intake"),
    "relay": SERVICES,
    "process": SERVICES,
}
# Nothing migrates in the middle of a run: that has a test of its own. And who is to stop for a
# while has to be at work.
_LEFT_OUT = {
    "point": {"process.migrating"},
    "freeze": {one for one in POINTS if one.startswith("process.")},
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault to be done `at` seconds after the load began."""

    number: int
    at: float
    kind: str
    target: str
    detail: str = ""
    lasts: float = 0.0


def possible(database: str, *, has_small_disk: bool) -> list[str]:
    """Return the kinds of fault that this set-up can have."""
    sqlite = database == "sqlite"
    missing = {"database-restart"} if sqlite else {"database-locked"}
    if not (sqlite and has_small_disk):
        missing.add("disk-full")
    return [kind for kind in KINDS if kind not in missing]


def plan(
    seed: int,
    *,
    kinds: Sequence[str],
    minutes: float,
    counts: Mapping[str, int],
    replicas: int = 1,
    pace: float = 1.0,
) -> list[Fault]:
    """Return the faults of a run: these `counts`, or a mix of `kinds` that fills the minutes.

    A `pace` of 5 has five times the faults in a time, one of 0.2 a fifth.
    """
    chance = random.Random(seed)
    if counts:
        order = [kind for kind, count in sorted(counts.items()) for _ in range(count)]
        chance.shuffle(order)
    else:
        order = _mix(chance, kinds, minutes * 60 * pace)
    faults: list[Fault] = []
    at = 2.0
    for number, kind in enumerate(order):
        target, detail = _where(chance, kind, replicas)
        faults.append(Fault(number, round(at, 3), kind, target, detail, KINDS[kind].lasts))
        at += KINDS[kind].pause * chance.uniform(0.5, 1.5) / pace
    return faults


def _mix(chance: random.Random, kinds: Sequence[str], seconds: float) -> list[str]:
    weights = [KINDS[kind].weight for kind in kinds]
    order: list[str] = []
    left = seconds
    while left > 0:
        (kind,) = chance.choices(kinds, weights)
        order.append(kind)
        left -= KINDS[kind].pause
    return order


def _where(chance: random.Random, kind: str, replicas: int) -> tuple[str, str]:
    service = chance.choice(SERVICES)
    match kind:
        case "kill" | "term" | "zombie":
            return _replica(chance, service, replicas), ""
        case "point" | "freeze":
            points = [one for one in sorted(POINTS) if one not in _LEFT_OUT[kind]]
            point = chance.choice(points)
            service = chance.choice(_PLACES[point.partition(".")[0]])
            return _replica(chance, service, replicas), f"{point} {chance.randint(1, 3)}"
        case "rebalance":
            return service, chance.choice(TOPICS_OF[service])
        case "poison":
            return chance.choice(("alert-events", "incidents", "pages", "notifications")), ""
        case "database-locked":
            return service, ""
        case "database-restart":
            return "postgres", chance.choice(("fast", "immediate"))
        case "disk-full":
            return "disk", ""
        case _:
            return "kafka", ""


def _replica(chance: random.Random, service: str, replicas: int) -> str:
    number = chance.randint(1, replicas)
    return service if number == 1 else f"{service}-{number}"
