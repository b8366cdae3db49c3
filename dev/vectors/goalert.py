"""GoAlert: rotations in both directions of time, rules that add up, overrides, its own minutes."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dev.vectors.cases import Ask, Json
from dev.vectors.lanes import stretches
from escalation.domain.layer import ALWAYS, Layer
from escalation.domain.rotation import Rotation
from escalation.domain.schedule import Schedule
from tocsin import catalog
from tocsin.restriction import WEEKDAYS, Restriction
from tocsin.wall_clock import end_instant, start_instant, wall_time

ROUNDS = 120  # Before its start a rotation of theirs runs backwards; so many rounds are enough.
NEAR = timedelta(days=15)
WEEK = timedelta(days=7)


def at(text: str) -> datetime:
    """Return the instant that a query names."""
    return datetime.fromisoformat(text).astimezone(UTC)


def rotation(config: Json) -> Rotation:
    """Return a rotation of theirs, begun long before."""
    spec = catalog.Rotation.model_validate(
        {
            "type": config["type"],
            "length": config["shift_length"],
            "start": config["start"],
            "participants": ["anybody"],
        }
    )
    found = Rotation.of(spec, ZoneInfo(config["time_zone"]))
    people = tuple((name,) for name in config.get("users") or ["anybody"])
    back = found.lengths.begins(found.start, -ROUNDS * len(people))
    return replace(found, participants=people, start=back)


def positioned(config: Json) -> Rotation:
    """Return a rotation whose position is stored: who had the turn at an instant."""
    found = rotation(config)
    if "current_index" not in config:
        return found
    turn = found.turn_at(at(config["current_start"])) or 0
    shift = (config["current_index"] - turn) % len(found.participants)
    return replace(found, participants=found.participants[shift:] + found.participants[:shift])


def rotation_shift(config: Json) -> Ask:
    """Answer about the shift of a rotation at an instant."""
    found = positioned(config)

    def ask(query: Json) -> Json:
        turn = found.turn_at(at(query["at"])) or 0
        return {
            "shift_start": found.handoff(turn),
            "shift_end": found.handoff(turn + 1),
            "on_call": sorted(found.holder(turn)),
        }

    return ask


def handoffs(config: Json) -> Ask:
    """Answer with the handoffs from the shift at one instant to the end of that at another."""
    found = rotation(config)

    def ask(query: Json) -> Json:
        first, until = found.turn_at(at(query["from"])) or 0, at(query["to"])
        own = [found.handoff(first)]
        while own[-1] < until:
            own.append(found.handoff(first + len(own)))
        return {"handoffs": list(dict.fromkeys(own))}

    return ask


def _restriction(rule: Json) -> Restriction:
    hours = {"weekdays": rule["days"], "from": rule["start"], "until": rule["end"]}
    return Restriction.of(catalog.Restriction.model_validate(hours))


def rule_layer(rule: Json, zone: ZoneInfo) -> Layer:
    """Return a rule, of a person or of a rotation, as a layer that adds to those below."""
    always = {"type": "daily", "shift_length": 1, "start": "2000-01-01T00:00:00"}
    own = rule.get("rotation") or {
        **always,
        "time_zone": zone.key,
        "users": [rule.get("target", "a")],
    }
    return Layer("rule", zone, ((ALWAYS, positioned(own)),), (_restriction(rule),), mode="add")


def daily_rule(config: Json) -> Ask:
    """Answer about hours on days of the week."""
    layer = rule_layer(config, ZoneInfo(config["time_zone"]))
    schedule = Schedule("hours", (layer,))

    def ask(query: Json) -> Json:
        if "from" in query:
            return {"spans": _open_ended(schedule, at(query["from"]), at(query["to"]))}
        now = at(query["at"])
        near = stretches(schedule.shifts(now - NEAR, now + NEAR))
        begins, ends = next((span for span in near if span[1] > now), (None, None))
        return {
            "active": layer.covers(now),
            "current_or_next_start": begins,
            "current_or_next_end": ends,
        }

    return ask


def _open_ended(schedule: Schedule, since: datetime, until: datetime) -> list[list[Any]]:
    found: list[list[Any]] = [list(span) for span in stretches(schedule.shifts(since, until))]
    if found and found[-1][1] == until and schedule.on_call(until).responders:
        found[-1][1] = None
    return found


def wall_clock(config: Json) -> Ask:
    """Answer with the first and the last instant of a wall-clock time."""
    zone = ZoneInfo(config["time_zone"])
    wall = datetime.combine(date.fromisoformat(config["date"]), time.fromisoformat(config["clock"]))

    def ask(_query: Json) -> Json:
        return {"first_instant": start_instant(wall, zone), "last_instant": end_instant(wall, zone)}

    return ask


def add_wall_clock(config: Json) -> Ask:
    """Answer with an instant so many minutes on, by the wall clock."""
    zone, minutes = ZoneInfo(config["time_zone"]), timedelta(minutes=config["clock_minutes"])

    def ask(query: Json) -> Json:
        return {"instant": start_instant(wall_time(at(query["at"]), zone) + minutes, zone)}

    return ask


def next_announcement(config: Json) -> Ask:
    """Answer with the next time of day on one of these days, after an instant."""
    zone = ZoneInfo(config["time_zone"])

    def ask(query: Json) -> Json:
        if not config["time"]:
            return {"next": None}
        days = WEEKDAYS if config["days"] is None else config["days"]
        clock = {"days": days, "start": config["time"], "end": config["time"]}
        today = wall_time(at(query["at"]), zone).date()
        windows = _restriction(clock).windows(today, today + WEEK, zone)
        return {"next": next((begins for begins, _ in windows if begins > at(query["at"])), None)}

    return ask
