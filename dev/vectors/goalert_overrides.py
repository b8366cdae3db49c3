"""GoAlert: schedules with overrides, temporary schedules and a recorded past; whom a step pages."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from dev.vectors.cases import Ask, Json
from dev.vectors.goalert import at, rotation, rule_layer
from dev.vectors.lanes import joined, lanes
from escalation.domain.layer import FixedShift, Layer
from escalation.domain.override import Override
from escalation.domain.resolution import resolve
from escalation.domain.rotation import Rotation
from escalation.domain.schedule import Schedule
from tocsin.catalog import Catalog, EscalationPolicy, Target, User

UTC_ZONE = ZoneInfo("UTC")
FIRST, LAST = datetime(1, 1, 9, tzinfo=UTC), datetime(9999, 12, 9, tzinfo=UTC)
MARGIN = timedelta(days=31)
Temporary = tuple[datetime, datetime, Sequence[FixedShift]]


def schedule(config: Json) -> Ask:
    """Answer about a schedule of rules, overrides, temporary schedules and a recorded past."""
    zone = ZoneInfo(config["time_zone"])
    past = _past(config)
    overrides = [_override(one) for one in config["overrides"]]
    temporary = [_temporary(one) for one in config.get("temporary_schedules") or []]
    found = Schedule(
        "rules",
        tuple(rule_layer(one, zone) for one in config["rules"] or []),
        (*overrides, *_covers(temporary), *_covers(past)),
    )

    def ask(query: Json) -> Json:
        if "at" in query:
            return {"on_call": sorted(found.on_call(at(query["at"])).responders)}
        return {"shifts": _shifts(found, at(query["from"]), at(query["to"]))}

    return ask


def _shifts(found: Schedule, since: datetime, until: datetime) -> list[Json]:
    """Return each person's shifts: from when they really began, to the end of the window."""
    own = lanes(found.shifts(since - MARGIN, until))
    still = found.on_call(until).responders
    return [
        {
            "user": person,
            "start": begins,
            "end": ends,
            "truncated": ends == until and person in still,
        }
        for person, spans in own.items()
        for begins, ends in spans
        if ends > since
    ]


def _past(config: Json) -> list[Temporary]:
    """Return what is recorded: until now it stands in place of what the rules say."""
    if not config.get("now"):
        return []
    now = at(config["now"])
    shifts = [_fixed(one, ends=now, by_minute=True) for one in config["history"]]
    return [(FIRST, now, shifts)]


def _override(spec: Json) -> Override:
    added, removed = (
        (spec[name],) if spec.get(name) else () for name in ("add_user", "remove_user")
    )
    begins = at(spec["start"]) if spec.get("start") else FIRST
    return Override(spec["kind"], begins, at(spec["end"]), added, removed)


def _temporary(spec: Json) -> Temporary:
    shifts = [_fixed(one, ends=LAST) for one in spec["shifts"]]
    return at(spec["start"]), at(spec["end"]), shifts


def _fixed(spec: Json, ends: datetime, *, by_minute: bool = False) -> FixedShift:
    span = at(spec["start"]), at(spec["end"]) if spec["end"] else ends
    if by_minute:  # Their resolution.
        span = span[0].replace(second=0), span[1].replace(second=0)
    return FixedShift(*span, (spec["user"],))


def _covers(temporary: Sequence[Temporary]) -> Iterator[Override]:
    """Yield overrides that cover everybody, for each stretch with the same people."""
    edges = {edge for begins, ends, _ in temporary for edge in (begins, ends)}
    edges |= {edge for *_, shifts in temporary for one in shifts for edge in (one.begins, one.ends)}
    for begins, ends in pairwise(sorted(edges)):
        inside = [one for one in temporary if one[0] <= begins and ends <= one[1]]
        fixed = tuple(shift for *_, shifts in inside for shift in shifts)
        if inside:
            turn = Layer("", UTC_ZONE, fixed=fixed).turn_at(begins) if fixed else None
            yield Override("temporary", begins, ends, turn.people if turn else (), covers=True)


def temporary_schedule(config: Json) -> Ask:
    """Answer about temporary schedules after an operation on them."""
    kept = _kept(config["op"])
    temporary = [_temporary(one) for one in config["input"]]
    covers = [
        Override("kept", max(one.begins, begins), min(one.ends, ends), one.added, covers=True)
        for one in _covers(temporary)
        for begins, ends in kept
        if max(one.begins, begins) < min(one.ends, ends)
    ]
    found = Schedule("temporary", (), tuple(covers))

    def ask(query: Json) -> Json:
        if "at" not in query:
            return {"temporary_schedules": list(_described(found))}
        now = at(query["at"])
        return {
            "temporary_active": any(one.applies(now) for one in covers),
            "on_call": sorted(found.on_call(now).responders),
        }

    return ask


def _kept(op: Json) -> list[tuple[datetime, datetime]]:
    if "trim_end" in op:
        return [(FIRST, at(op["trim_end"]))]
    if "trim_start" in op:
        return [(at(op["trim_start"]), LAST)]
    if "clear" in op:
        begins, ends = map(at, op["clear"])
        return [(FIRST, begins), (ends, LAST)]
    return [(FIRST, LAST)]


def _described(found: Schedule) -> Iterator[Json]:
    for begins, ends in joined(("", one.begins, one.ends) for one in found.overrides)[""]:
        shifts = lanes(found.shifts(begins, ends))
        yield {
            "start": begins,
            "end": ends,
            "shifts": [
                {"user": person, "start": span[0], "end": span[1]}
                for person, spans in shifts.items()
                for span in spans
            ],
        }


def override_mapping(config: Json) -> Ask:
    """Answer what overrides make of people who are on call all the time."""
    everybody = FixedShift(FIRST, LAST, tuple(config["scheduled"]))
    layer = Layer("scheduled", UTC_ZONE, fixed=(everybody,))
    found = Schedule("mapping", (layer,), tuple(_override(one) for one in config["overrides"]))

    def ask(query: Json) -> Json:
        return {"on_call": sorted(found.on_call(at(query["at"])).responders)}

    return ask


def delete_user(config: Json) -> Ask:
    """Answer who has the turn when somebody leaves a rotation in the middle of it."""

    def ask(query: Json) -> Json:
        now = at(query["at"])
        since = now - config["active_index"] * timedelta(days=1)
        daily = {"type": "daily", "shift_length": 1, "start": since.isoformat(), "time_zone": "UTC"}
        before: Rotation = rotation({**daily, "users": config["users"]})
        left = tuple((one,) for one in config["users"] if one != config["delete"])
        after = before.with_participants(left, before.turn_at(now) or 0)
        holder = after.holder(after.turn_at(now) or 0)
        return {"active_index": left.index(holder), "on_call": sorted(holder)}

    return ask


def step_on_call(config: Json) -> Ask:
    """Answer whom a step reaches: a person, the holder of a rotation, or a schedule."""
    if config["step_target"] == "schedule":
        return schedule(config)

    def ask(query: Json) -> Json:
        return {"on_call": _resolved(config["users"], at(query["at"]))}

    return ask


def first_step(config: Json) -> Ask:
    """Answer whom the first level pages, whatever the numbers of the steps."""
    steps = sorted(config["steps"], key=lambda step: step["step_number"])
    levels = [{"targets": [{"user": one} for one in step["users"]]} for step in steps]
    policy = EscalationPolicy.model_validate({"levels": levels})

    def ask(query: Json) -> Json:
        paged = [
            _resolved([target.user for target in level.targets if target.user], at(query["at"]))
            for level in policy.levels
        ]
        return {"paged_first": next((people for people in paged if people), [])}

    return ask


def _resolved(people: Sequence[str], now: datetime) -> list[str]:
    method = {"name": "phone", "channel": "webhook", "address": "https://push.example.org"}
    user = User.model_validate({"contact_methods": [method]})
    catalog = Catalog(1, {("User", one): user for one in people})
    found = resolve([Target(user=one) for one in people], catalog, now)
    return sorted(one.responder for one in found.found)
