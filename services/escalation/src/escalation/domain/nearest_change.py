"""The one thing that would have put somebody else on call: the schedule is asked without it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from escalation.domain.absence import Absences
from escalation.domain.override import IsReachable
from escalation.domain.schedule import OnCall, Schedule


def nearest_change(
    schedule: Schedule, at: datetime, is_reachable: IsReachable, responder: str
) -> str:
    """Return without what somebody would not be on call, and who then; empty: it is their turn."""
    for change, other in _others(schedule, at, is_reachable):
        if responder not in other.responders:
            who = ", ".join(other.responders) or "nobody"
            return f"{change}, {who} would have been on call for schedule {schedule.name}."
    return ""


def _others(
    schedule: Schedule, at: datetime, is_reachable: IsReachable
) -> Iterator[tuple[str, OnCall]]:
    """Yield the schedule's answers with one thing changed, the override that won first."""
    for one in reversed(schedule.overrides):
        if one.applies(at):
            others = tuple(other for other in schedule.overrides if other is not one)
            without = replace(schedule, overrides=others)
            yield f"Without the override {one.name}", without.on_call(at, is_reachable)
    for name in sorted(schedule.absences.away(at)):
        spans = {one: when for one, when in schedule.absences.spans.items() if one != name}
        there = replace(schedule, absences=Absences(spans))
        yield f"Had {name} not been away", there.on_call(at, is_reachable)
    yield "Could everybody of it be paged", schedule.on_call(at)
