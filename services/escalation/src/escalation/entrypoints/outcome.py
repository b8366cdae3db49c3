"""What a plan means for people, as the API tells it."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from escalation.domain.effects import in_words, span_text
from escalation.domain.outlook import Move
from escalation.domain.rerouting import Group, Incidents, Paged, Rerouted
from escalation.handlers.planning import Outcome

MOST = 100  # Of one person, or of one service; the others are counted.


def people(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """Yield whose shifts move, by name, each in their own zone."""
    by_person: dict[str, list[Move]] = {}
    for move in outcome.moves:
        by_person.setdefault(move.person, []).append(move)
    for name, moved in sorted(by_person.items()):
        yield _person(outcome, name, moved)


def services(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """Yield which services page somebody else first, by name, when, and for which incidents."""
    for name, found in sorted(outcome.rerouted.items()):
        yield {
            "service": name,
            "spans": [_elsewhere(one) for one in found[:MOST]],
            "more": max(0, len(found) - MOST),
        }


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


def _elsewhere(one: Rerouted) -> dict[str, Any]:
    spans, of = one.spans, one.of
    when = span_text(spans.begins, spans.until, ZoneInfo("UTC")) + _incidents(of)
    return {
        "from": spans.begins,
        "until": spans.until,
        "before": list(spans.before.names),
        "after": list(spans.after.names),
        "before_turns": _turns(spans.before),
        "after_turns": _turns(spans.after),
        "urgencies": list(of.urgencies),
        "severities": list(of.severities),
        "text": f"{when}: pages {_paged(spans.after)} first, instead of {_paged(spans.before)}",
    }


def _incidents(of: Incidents) -> str:
    """Return which incidents are meant; nothing where all are."""
    said = [f"{' or '.join(of.urgencies)} urgency"] if of.urgencies else []
    said += [f"severity {' or '.join(of.severities)}"] if of.severities else []
    return f", for {' and '.join(said)}" if said else ""


def _turns(paged: Paged) -> list[list[str]]:
    """Return whose turn it may be; nothing where all are paged together."""
    in_turn = paged.groups if len(paged.groups) > 1 else ()
    return [[one.name for one in group] for group in in_turn]


def _paged(paged: Paged) -> str:
    if len(paged.groups) > 1:
        return " or ".join(_group(group, " and ") for group in paged.groups) + " (in turn)"
    return in_words(tuple(_group(group, ", ") for group in paged.groups))


def _group(group: Group, between: str) -> str:
    return between.join(f"{one.name} (shadow)" if one.is_shadow else one.name for one in group)
