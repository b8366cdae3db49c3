"""Plans by chance: the same seed makes the same plan."""

from random import Random

from tests.simulation import catalog
from tests.simulation.plan import (
    IN_A_TRANSACTION,
    SETTLE,
    Alert,
    Away,
    Delay,
    Double,
    Halt,
    Jump,
    Mood,
    Order,
    Pass,
    Plan,
    Point,
    Press,
    Provider,
    Rebalance,
    ServiceName,
    Step,
    Verb,
)

CONSUMERS = (
    "incident-intake.alert-events",
    "incident-intake.commands",
    "escalation.incidents",
    "escalation.commands",
    "escalation.notifications",
    "notifier.pages",
    "notifier.incidents",
    "postmortem.incidents",
    "postmortem.pages",
    "postmortem.notifications",
)
TOPICS = ("alert-events", "incidents", "pages", "notifications", "commands")
NAMES: tuple[ServiceName, ...] = ("incident-intake", "escalation", "notifier", "postmortem")
POINTS: tuple[Point, ...] = (
    "before commit",
    "before a timer's commit",
    "before a timer's commit",
    "after commit",
    "before batch",
    "before offsets",
    "before publish",
    "after publish",
)
POINTS_OF: dict[ServiceName, tuple[Point, ...]] = {
    "notifier": (*POINTS, "before call", "after call", "after claim", "after call"),
    "incident-intake": (*POINTS, "before append", "after append"),
    "escalation": POINTS,
    "postmortem": POINTS,
}
VERBS: tuple[Verb, ...] = ("acknowledge", "resolve", "snooze", "escalate", "note")
MOODS: tuple[Mood, ...] = (
    "refused", "gone", "lost", "hung", "slow", "accepted", "told twice", "lying",
)  # fmt: skip
SOMETIMES = 0.35
KEYS = ("a", "a", "a2", "b")


def plan_of(seed: int) -> Plan:
    """Return the plan of a seed."""
    chance = Random(seed)
    doubled = tuple(name for name in NAMES if chance.random() < SOMETIMES)
    count = chance.randint(6, 26)
    troubled = chance.random()  # Some worlds are nearly quiet, others have nothing but trouble.
    steps = tuple(_step(chance, salt, doubled, troubled) for salt in range(count))
    return Plan(seed, steps, doubled)


def _step(chance: Random, salt: int, doubled: tuple[ServiceName, ...], troubled: float) -> Step:
    then = chance.choice((SETTLE, SETTLE, 0, 1, 3, 8, 20))
    if salt and chance.random() < 0.2 + 0.5 * troubled:
        return _trouble(chance, salt, then, doubled)
    return _life(chance, salt, then)


def _life(chance: Random, salt: int, then: int) -> Step:
    who = chance.choice(catalog.PEOPLE)
    kinds = ("alert", "order", "press", "pass")
    match chance.choices(kinds, (6, 2, 2, 4))[0] if salt else "alert":
        case "alert":
            return Alert(
                salt,
                then,
                service=chance.choice(("shop", *catalog.SERVICES)),
                key=chance.choice(KEYS),
                is_over=chance.random() < SOMETIMES,
                severity=chance.choice(("critical", "critical", "error", "warning")),
                forgetful=chance.random() < SOMETIMES,
            )
        case "order":
            return Order(salt, then, verb=chance.choice(VERBS), who=who, which=chance.randrange(5))
        case "press":
            return Press(salt, then, who=who, which=chance.randrange(5))
        case _:
            seconds = chance.choice((0.3, 2.0, 15.0, 31.0, 61.0, 125.0, 200.0, 400.0, 700.0))
            return Pass(salt, then, seconds=seconds)


def _trouble(chance: Random, salt: int, then: int, doubled: tuple[ServiceName, ...]) -> Step:
    kinds = ("halt", "away", "delay", "rebalance", "double", "jump", "provider")
    match chance.choices(kinds, (9, 1, 2, 3, 1, 1, 4))[0]:
        case "halt":
            return _halt(chance, salt, then, doubled)
        case "away":
            return Away(salt, then, seconds=chance.choice((0.5, 5.0, 40.0, 300.0)))
        case "delay":
            seconds = chance.choice((0.5, 5.0, 40.0, 200.0))
            return Delay(salt, then, consumer=chance.choice(CONSUMERS), seconds=seconds)
        case "rebalance":
            return Rebalance(
                salt, then, service=chance.choice(NAMES), back=chance.choice((0, 1, 3, 10, 10, 10))
            )
        case "double":
            return Double(salt, then, topic=chance.choice(TOPICS), count=chance.choice((1, 2, 5)))
        case "jump":
            return Jump(salt, then, seconds=chance.choice((1.0, 35.0, 180.0, 3600.0)))
        case _:
            return Provider(
                salt,
                then,
                address=chance.choice(catalog.ADDRESSES),
                mood=chance.choice(MOODS),
                times=chance.choice((1, 1, 2, 5)),
            )


def _halt(chance: Random, salt: int, then: int, doubled: tuple[ServiceName, ...]) -> Step:
    service = chance.choice((*NAMES, *NAMES[1:3], "notifier"))
    point = chance.choice(POINTS_OF[service])
    return Halt(
        salt,
        then,
        service=service,
        replica=chance.randrange(2 if service in doubled else 1),
        point=point,
        nth=chance.choice((1, 1, 1, 2, 3, 6)),
        seconds=chance.choice((0.0, 0.0, 1.0, 20.0, 35.0, 120.0)),
        # Nobody stands still in a transaction: it would hold up all the others.
        freezes=point not in IN_A_TRANSACTION and chance.random() < SOMETIMES,
    )
