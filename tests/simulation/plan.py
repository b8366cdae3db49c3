"""A plan: what happens to the world, as small frozen steps that are written down as JSON."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal

SETTLE = -1  # Let everything follow before the next step.
ServiceName = Literal["incident-intake", "escalation", "notifier", "postmortem"]
Point = Literal[
    "before commit",
    "after commit",
    "after claim",
    "before a timer's commit",
    "before batch",
    "before offsets",
    "before publish",
    "after publish",
    "before call",
    "after call",
    "before append",
    "after append",
]
IN_A_TRANSACTION = ("before commit", "before a timer's commit")
Verb = Literal["acknowledge", "resolve", "snooze", "escalate", "note"]
Mood = Literal["refused", "gone", "lost", "hung", "slow", "accepted", "told twice", "lying"]


@dataclass(frozen=True, slots=True)
class Step:
    """`salt` keeps the step's own chances when others are taken away; `then` is how many things
    may happen before the next step."""

    salt: int
    then: int = SETTLE
    KIND: ClassVar[str] = ""


@dataclass(frozen=True, slots=True)
class Alert(Step):
    """A tool says something of one alert; asked again with a new key if it is `forgetful`."""

    service: str = "shop"
    key: str = "a"
    is_over: bool = False
    severity: str = "critical"
    forgetful: bool = False
    KIND: ClassVar[str] = "alert"


@dataclass(frozen=True, slots=True)
class Order(Step):
    """A person does something about one of the open incidents."""

    verb: Verb = "acknowledge"
    who: str = "ada"
    which: int = 0
    KIND: ClassVar[str] = "order"


@dataclass(frozen=True, slots=True)
class Press(Step):
    """A person presses the link of one of the messages on their phone."""

    who: str = "ada"
    which: int = 0
    KIND: ClassVar[str] = "press"


@dataclass(frozen=True, slots=True)
class Pass(Step):
    """Time passes."""

    seconds: float = 1.0
    KIND: ClassVar[str] = "pass"


@dataclass(frozen=True, slots=True)
class Halt(Step):
    """A process dies, or stops for a while, at a point; it is back after `seconds`."""

    service: ServiceName = "notifier"
    replica: int = 0
    point: Point = "before commit"
    nth: int = 1
    seconds: float = 0.0
    freezes: bool = False
    KIND: ClassVar[str] = "halt"


@dataclass(frozen=True, slots=True)
class Away(Step):
    """The broker is away."""

    seconds: float = 10.0
    KIND: ClassVar[str] = "away"


@dataclass(frozen=True, slots=True)
class Delay(Step):
    """A service hears nothing of a topic for a while."""

    consumer: str = "notifier.incidents"
    seconds: float = 10.0
    KIND: ClassVar[str] = "delay"


@dataclass(frozen=True, slots=True)
class Rebalance(Step):
    """The partitions of a service move; what was not committed comes again, `back` more as well."""

    service: ServiceName = "notifier"
    back: int = 0
    KIND: ClassVar[str] = "rebalance"


@dataclass(frozen=True, slots=True)
class Double(Step):
    """The broker keeps the last records of each partition of a topic twice."""

    topic: str = "pages"
    count: int = 1
    KIND: ClassVar[str] = "double"


@dataclass(frozen=True, slots=True)
class Jump(Step):
    """The clocks of all processes jump forward."""

    seconds: float = 60.0
    KIND: ClassVar[str] = "jump"


@dataclass(frozen=True, slots=True)
class Provider(Step):
    """The provider of one device answers like this for a few times."""

    address: str = "ada/phone"
    mood: Mood = "refused"
    times: int = 1
    KIND: ClassVar[str] = "provider"


KINDS: dict[str, type[Step]] = {
    kind.KIND: kind
    for kind in (
        Alert, Order, Press, Pass, Halt, Away, Delay, Rebalance, Double, Jump, Provider,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a run is made of. `doubled` are the services that run as two processes."""

    seed: int
    steps: tuple[Step, ...] = ()
    doubled: tuple[ServiceName, ...] = ()
    about: str = field(default="", compare=False)

    def text(self) -> str:
        """Return the plan as JSON, a step on each line."""
        head = {"about": self.about, "seed": self.seed, "doubled": list(self.doubled)}
        lines = [json.dumps({"kind": step.KIND, **asdict(step)}) for step in self.steps]
        body = ",\n    ".join(lines)
        return f'{json.dumps(head)[:-1]},\n  "steps": [\n    {body}\n  ]\n}}\n'

    @classmethod
    def of(cls, text: str) -> "Plan":
        """Read a plan."""
        found = json.loads(text)
        steps = tuple(_step(one) for one in found["steps"])
        return cls(found["seed"], steps, tuple(found["doubled"]), found["about"])


def _step(values: dict[str, Any]) -> Step:
    return KINDS[values.pop("kind")](**values)
