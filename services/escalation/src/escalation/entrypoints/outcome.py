"""What a plan means for people, as the API tells it."""

from typing import Any
from zoneinfo import ZoneInfo

from escalation.domain.effects import in_words, span_text
from escalation.domain.outlook import Difference, Move
from escalation.handlers.planning import Outcome

MOST = 100  # Of one person, or of one service; the others are counted.


def people(outcome: Outcome) -> list[dict[str, Any]]:
    """Return whose shifts move, by name, each in their own zone."""
    by_person: dict[str, list[Move]] = {}
    for move in outcome.moves:
        by_person.setdefault(move.person, []).append(move)
    return [_person(outcome, name, moved) for name, moved in sorted(by_person.items())]


def services(outcome: Outcome) -> list[dict[str, Any]]:
    """Return which services page somebody else first, by name, and when."""
    return [
        {
            "service": name,
            "spans": [_elsewhere(one) for one in found[:MOST]],
            "more": max(0, len(found) - MOST),
        }
        for name, found in sorted(outcome.rerouted.items())
    ]


def _person(outcome: Outcome, name: str, moved: list[Move]) -> dict[str, Any]:
    known = outcome.after.user(name)
    zone = ZoneInfo(known.time_zone if known else "UTC")
    ordered = sorted(moved, key=lambda move: (move.begins, move.schedule, move.gains))
    return {
        "person": name,
        "time_zone": zone.key,
        "shifts": [_move(move, zone) for move in ordered[:MOST]],
        "more": max(0, len(ordered) - MOST),
    }


def _move(move: Move, zone: ZoneInfo) -> dict[str, Any]:
    span, others = span_text(move.begins, move.until, zone), in_words(move.others)
    if move.gains:
        text = f"{move.schedule}: on call {span}"
        text += f", instead of {others}" if move.others else ""
    else:
        text = f"{move.schedule}: no longer on call {span}"
        text += f", but {others}" if move.others else ""
    return {
        "schedule": move.schedule,
        "gains": move.gains,
        "from": move.begins,
        "until": move.until,
        "others": list(move.others),
        "text": text,
    }


def _elsewhere(one: Difference) -> dict[str, Any]:
    span = span_text(one.begins, one.until, ZoneInfo("UTC"))
    return {
        "from": one.begins,
        "until": one.until,
        "before": list(one.before),
        "after": list(one.after),
        "text": f"{span}: pages {in_words(one.after)} first, instead of {in_words(one.before)}",
    }
