"""LinkedIn's oncall: a template of shifts in a week or more, from Sunday midnight."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dev.vectors.cases import Ask, Json
from dev.vectors.goalert import at
from escalation.domain.rotation import Rotation
from escalation.domain.turn_lengths import Uneven
from tocsin.wall_clock import start_instant, wall_time

WEEK = timedelta(weeks=1)
DAY = timedelta(days=1)
NOON = timedelta(hours=12)
SUNDAY = 6


def weekly_template(config: Json) -> Ask:
    """Answer about the shifts of a template, each a rotation of on and off."""
    zone = ZoneInfo(config["time_zone"])
    now = at(config["now"])
    starts = [timedelta(seconds=one["week_offset_s"]) for one in config["events"]]
    lengths = [timedelta(seconds=one["duration_s"]) for one in config["events"]]
    ends = max(start + length for start, length in zip(starts, lengths, strict=True))
    period = -(-(ends - min(starts)) // WEEK) * WEEK
    if config["last_epoch"]:
        epoch = _sunday(wall_time(at(config["last_epoch"]), zone) + NOON) + period
    else:
        epoch = _sunday(wall_time(now, zone))
    rotations = [
        _on_and_off(epoch + start, length, period, zone)
        for start, length in zip(starts, lengths, strict=True)
    ]
    number = 0
    limit = now + timedelta(days=config["auto_populate_days"])
    while start_instant(epoch + number * period, zone) < limit:
        number += 1

    def ask(query: Json) -> Json:
        if "at" not in query:
            return {"epochs": [[_shift(one, turn) for one in rotations] for turn in range(number)]}
        return _current(rotations, at(query["at"]))

    return ask


def _on_and_off(start: datetime, on: timedelta, period: timedelta, zone: ZoneInfo) -> Rotation:
    if on == period:
        return Rotation((("on",),), start, Uneven((on,)), zone)
    return Rotation((("on",), ()), start, Uneven((on, period - on)), zone)


def _shift(rotation: Rotation, number: int) -> Json:
    turn = number * len(rotation.participants)
    return {"start": rotation.handoff(turn), "end": rotation.handoff(turn + 1)}


def _current(rotations: list[Rotation], now: datetime) -> Json:
    for rotation in rotations:
        turn = rotation.turn_at(now)
        if turn is not None and rotation.holder(turn):
            return {
                "in_shift": True,
                "shift_start": rotation.handoff(turn),
                "shift_end": rotation.handoff(turn + 1),
            }
    return {"in_shift": False, "shift_start": None, "shift_end": None}


def _sunday(wall: datetime) -> datetime:
    """Return the midnight that begins the week."""
    day: date = wall.date() - (wall.weekday() - SUNDAY) % 7 * DAY
    return datetime.combine(day, time())
