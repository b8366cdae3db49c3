"""An escalation policy as a ladder: who is paged when, if nobody answers; where to draw it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from postmortem.domain.fitting import fitting
from tocsin import durations
from tocsin.catalog import Catalog, Condition, EscalationPolicy, Level, Restriction, Target

WIDTH = 640
LEFT = 8
BOX = 500
TITLE = 30
LINE = 22
ARROW = 44
MINUTE = timedelta(minutes=1)
NO_WAIT = timedelta(0)
UNREACHABLE = "nobody, without a contact method"

# Who is on call for each schedule now, as far as it was told.
OnCall = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Aim:
    """A target, and whom it means now (None: that was not told yet); maybe whoever is next too.

    A channel or webhook means nobody: it is told.
    """

    kind: str
    name: str
    people: tuple[str, ...] | None
    with_next: bool = False

    @property
    def is_told(self) -> bool:
        """Whether it is told, and wakes nobody."""
        return self.kind in {"channel", "webhook"}

    def __str__(self) -> str:
        """Say both in a line."""
        if self.is_told:
            return f"tells {self.kind} {self.name}, which wakes nobody"
        if self.kind == "user":
            return f"user {self.name}{'' if self.people else f': {UNREACHABLE}'}"
        also = ", and whoever is next" if self.with_next else ""
        if self.people is None:
            return f"{self.kind} {self.name}{also}"
        return f"{self.kind} {self.name}: {', '.join(self.people) or 'nobody'}{also}"


@dataclass(frozen=True, slots=True)
class Rung:
    """A level: when it is paged at the latest, counted from the trigger, and how long it waits.

    `notes` say when it takes part at all, and whether its targets take turns.
    """

    number: int
    after: timedelta
    waits: timedelta
    aims: tuple[Aim, ...]
    notes: tuple[str, ...] = ()

    @property
    def paged(self) -> tuple[Aim, ...]:
        """Those of its aims that are people."""
        return tuple(aim for aim in self.aims if not aim.is_told)

    @property
    def told(self) -> tuple[Aim, ...]:
        """The channels and webhooks among its aims."""
        return tuple(aim for aim in self.aims if aim.is_told)

    @property
    def is_empty(self) -> bool:
        """Whether it means nobody now, so that it is skipped at once."""
        return all(aim.people == () for aim in self.aims)


@dataclass(frozen=True, slots=True)
class Ladder:
    """Levels from the first, repeated; then the last resort, the policy's `own` or everybody's."""

    rungs: tuple[Rung, ...]
    repeat: int
    last_resort: Aim | None
    has_own: bool

    @property
    def ends_after(self) -> timedelta:
        """When the last resort is paged at the latest."""
        return (1 + self.repeat) * sum((one.waits for one in self.rungs), timedelta())


def ladder(policy: EscalationPolicy, catalog: Catalog, on_call: OnCall) -> Ladder:
    """Return what a policy does, with whom it would page now."""
    rungs: list[Rung] = []
    after = timedelta()
    for number, level in enumerate(policy.levels, 1):
        aims = tuple(_aim(target, catalog, on_call) for target in level.targets)
        waits = level.escalate_after if _is_waited_for(aims) else NO_WAIT
        rungs.append(Rung(number, after, waits, aims, tuple(_notes(level))))
        after += waits
    last = policy.last_resort or catalog.settings.last_resort
    return Ladder(
        rungs=tuple(rungs),
        repeat=policy.repeat,
        last_resort=_aim(last, catalog, on_call) if last else None,
        has_own=policy.last_resort is not None,
    )


def said(length: timedelta) -> str:
    """Return a delay in words."""
    seconds = int((length % MINUTE).total_seconds())
    minutes = [durations.spoken(length)] if length >= MINUTE or not seconds else []
    return " ".join([*minutes, *([f"{seconds} s"] if seconds else [])])


def _is_waited_for(aims: Sequence[Aim]) -> bool:
    """Return whether somebody may answer, now or at another time."""
    return not aims or any(not aim.is_told for aim in aims)


def _aim(target: Target, catalog: Catalog, on_call: OnCall) -> Aim:
    if target.user:
        return Aim("user", target.user, _able((target.user,), catalog))
    if target.team:
        team = catalog.team(target.team)
        return Aim("team", target.team, _able(team.members if team else (), catalog))
    if not target.is_somebody:
        kind, _, told = str(target).partition(" ")
        return Aim(kind, told, ())
    name = target.schedule or ""
    people = on_call.get(name) if catalog.schedule(name) else ()
    return Aim("schedule", name, people, target.with_next)


def _able(names: Iterable[str], catalog: Catalog) -> tuple[str, ...]:
    """Return those of these people who can be paged at all."""
    return tuple(one for one in names if (user := catalog.user(one)) and user.contact_methods)


def _notes(level: Level) -> Iterator[str]:
    if level.when is not None:
        yield from _conditions(level.when)
    if level.round_robin:
        yield "in turns: one of these for each page"


def _conditions(when: Condition) -> Iterator[str]:
    if when.urgency:
        yield f"only for {when.urgency} urgency"
    if when.severity:
        yield f"only for severity {' or '.join(when.severity)}"
    if when.hours:
        windows = "; ".join(map(_window, when.hours.windows))
        yield f"only at {windows} ({when.hours.time_zone})"
    for text in when.labels:
        yield f"only for services whose labels match {text}"


def _window(one: Restriction) -> str:
    until = f"{one.until_weekday} " if one.until_weekday else ""
    narrowed = ", on some dates" if one.months or one.days or one.years else ""
    return f"{', '.join(one.weekdays)} {one.from_:%H:%M} to {until}{one.until:%H:%M}{narrowed}"


@dataclass(frozen=True, slots=True)
class Box:
    """A level, or the last resort, as it is drawn; `arrow` is written above it."""

    y: int
    height: int
    title: str
    lines: tuple[str, ...]
    is_empty: bool
    arrow: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """Boxes from above to below. The loop goes from the level below back to the first."""

    boxes: tuple[Box, ...]
    loop: str
    loop_from: int
    height: int


def drawn(found: Ladder) -> Drawn:
    """Return where everything is drawn."""
    levels = tuple(_boxes(0, _levels(found.rungs)))
    end = levels[-1].y + levels[-1].height
    last = found.last_resort
    lines = [str(last)] if last else ["nobody: the catalog names none"]
    is_empty = last is None or last.people == ()
    arrow = f"{_arrow(found.rungs[-1])}, the last time"
    (resort,) = _boxes(end, [("Last resort, every 5 min", lines, is_empty, arrow)])
    more = "" if found.repeat == 1 else "s"
    return Drawn(
        boxes=(*levels, resort),
        loop=f"{found.repeat} more time{more}" if found.repeat else "",
        loop_from=levels[-1].y + levels[-1].height // 2,
        height=resort.y + resort.height + 2,
    )


Given = tuple[str, Sequence[str], bool, str]


def _levels(rungs: Iterable[Rung]) -> Iterator[Given]:
    before = ""
    for rung in rungs:
        paged = [str(aim) for aim in rung.paged] or ["nobody"]
        lines = [*rung.notes, *paged, *map(str, rung.told)]
        yield f"Level {rung.number}", lines, rung.is_empty, before
        before = _arrow(rung)


def _arrow(rung: Rung) -> str:
    return f"unanswered for {said(rung.waits)}" if rung.waits else "at once"


def _boxes(top: int, given: Iterable[Given]) -> Iterator[Box]:
    for title, lines, is_empty, arrow in given:
        top += ARROW if arrow else 2
        height = TITLE + LINE * len(lines)
        fit = tuple(fitting(line, BOX - 24) for line in lines)
        yield Box(top, height, title, fit, is_empty, arrow)
        top += height
