"""Grafana OnCall's rolling shifts: a shift on some days, its people by day, week or month."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dev.vectors.cases import Ask, Json
from dev.vectors.goalert import at
from escalation.domain.schedule import Schedule
from tocsin import catalog
from tocsin.restriction import WEEKDAYS
from tocsin.wall_clock import wall_time

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY = timedelta(days=1)
TYPES = {"DAILY": "daily", "WEEKLY": "weekly", "MONTHLY": "monthly"}


def rolling_shift(config: Json) -> Ask:
    """Answer who has a rolling shift."""
    found = Schedule.of("rolling", catalog.Schedule.model_validate(_spec(config)))

    def ask(query: Json) -> Json:
        return {"on_call": sorted(found.on_call(at(query["at"])).responders)}

    return ask


def _spec(config: Json) -> Json:
    zone = ZoneInfo(config["time_zone"])
    start = wall_time(at(config["start"]), zone)
    ends = start + timedelta(seconds=config["duration_s"])
    if ends - start > DAY:
        raise ValueError("a shift of more than a day")
    days = [WEEKDAYS[DAYS.index(day)] for day in config["by_day"] or DAYS]
    layer = {
        "name": "shift",
        "from": config["rotation_start"],
        "until": config["until"],
        "rotation": _rotation(config, start),
        "restrictions": [
            {"weekdays": days, "from": f"{start:%H:%M:%S}", "until": f"{ends:%H:%M:%S}"}
        ],
    }
    return {"time_zone": zone.key, "layers": [layer]}


def _rotation(config: Json, start: datetime) -> dict[str, Any]:
    groups, interval = config["rolling_users"], config["interval"] or 1
    found = {"type": TYPES[config["frequency"]], "participants": groups}
    if config["frequency"] == "DAILY" and config["by_day"]:
        return {**found, "start": start, "length": interval, "rotate_on": "active"}
    # Every second week, say: in between nobody has a turn.
    spread = [one for group in groups for one in (group, *[[]] * (interval - 1))]
    first = {
        "DAILY": start,
        "WEEKLY": start - (start.weekday() - DAYS.index(config["week_start"])) % 7 * DAY,
        "MONTHLY": start.replace(day=1),
    }[config["frequency"]]
    return {**found, "start": first, "participants": spread}
