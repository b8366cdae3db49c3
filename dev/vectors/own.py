"""Our own cases: a schedule as the catalog says it, overrides, and whoever cannot be reached."""

from typing import Any

from dev.vectors.cases import Ask, Json
from dev.vectors.goalert import at
from escalation.domain.override import Override
from escalation.domain.schedule import OnCall, Schedule
from tocsin import catalog


def schedule(config: Json) -> Ask:
    """Answer who is on call, the shifts of a window, and the next change."""
    overrides = tuple(_override(one) for one in config.get("overrides", ()))
    spec = catalog.Schedule.model_validate(config["schedule"])
    found = Schedule.of("own", spec, overrides)
    unreachable = config.get("unreachable", ())

    def is_reachable(name: str) -> bool:
        return name not in unreachable

    def ask(query: Json) -> Json:
        if "from" in query:
            shifts = found.shifts(at(query["from"]), at(query["to"]), is_reachable)
            return {"shifts": [[one.begins, one.until, *_people(one.on_call)] for one in shifts]}
        now = at(query["at"])
        change = found.next_change(now, is_reachable)
        return {
            "on_call": _people(found.on_call(now, is_reachable)),
            "next_change": change.begins if change else None,
        }

    return ask


def _people(answer: OnCall) -> list[Any]:
    return sorted(answer.responders)


def _override(spec: Json) -> Override:
    return Override(
        spec.get("name", "override"),
        at(spec["from"]),
        at(spec["until"]),
        tuple(spec.get("add", ())),
        tuple(spec.get("remove", ())),
        covers=spec.get("covers", False),
    )
