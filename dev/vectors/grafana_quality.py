"""Grafana OnCall's score of a schedule: how much of it is covered, and how evenly."""

from collections.abc import Callable
from datetime import timedelta
from itertools import combinations
from typing import Any

from dev.vectors.lanes import Span
from escalation.domain.schedule import Schedule

EVEN = 0.8
Durations = dict[str, timedelta]


def quality(
    schedule: Schedule, length: timedelta, is_person: Callable[[str], bool]
) -> dict[str, Any]:
    """Return the score, what is said about it, and who has more than the average."""
    # Theirs: shifts count whole, each by itself; people with the same hours share one.
    own: Durations = {}
    hours: set[Span] = set()
    for shift in (one for layer in schedule.layers for one in layer.fixed):
        for person in filter(is_person, shift.people):
            own[person] = own.get(person, timedelta()) + shift.ends - shift.begins
            hours.add((shift.begins, shift.ends))
    if not own:
        said = [_comment("Schedule is empty", is_warning=True)]
        return {"total_score": 0, "comments": said, "overloaded_users": []}
    covered = min(sum((ends - begins for begins, ends in hours), timedelta()) / length, 1)
    balance = _balance(own)
    return {
        "total_score": round((covered + balance) / 2 * 100),
        "comments": [_coverage(covered), _evenness(balance)],
        "overloaded_users": _overloaded(own),
    }


def _balance(own: Durations) -> float:
    pairs = [min(pair) / max(pair) for pair in combinations(own.values(), 2)]
    return sum(pairs) / len(pairs) if pairs else 1


def _coverage(covered: float) -> dict[str, str]:
    if covered >= 1:
        return _comment("Schedule has no gaps")
    return _comment(
        f"Schedule has gaps ({round((1 - covered) * 100)}% not covered)", is_warning=True
    )


def _evenness(balance: float) -> dict[str, str]:
    if balance < EVEN:
        return _comment("Schedule has balance issues (see overloaded users)", is_warning=True)
    if balance < 1:
        return _comment("Schedule is well-balanced, but still can be improved")
    return _comment("Schedule is perfectly balanced")


def _comment(text: str, *, is_warning: bool = False) -> dict[str, str]:
    return {"type": "warning" if is_warning else "info", "text": text}


def _overloaded(own: Durations) -> list[dict[str, Any]]:
    average = sum(own.values(), timedelta()) / len(own)
    return [
        {"id": name, "username": name, "score": round(duration / average * 100) - 100}
        for name, duration in own.items()
        if duration > average
    ]
