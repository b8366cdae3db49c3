"""The nearest change that would have altered what intake decided: a sentence, from what is kept.

Nothing is judged anew. Where what is kept does not say, there is none.
"""

from collections.abc import Mapping
from datetime import datetime

from incident_intake.domain.alert import Alert
from incident_intake.domain.incident import Incident
from incident_intake.domain.judgement import Judgement
from incident_intake.domain.suppression import Silence

GROUPED_BY = "grouped by "
BY_HAND = "opened by hand"
HELD_BACK = "A silence that matches the alert would have held it back: nobody had been told."

# What was passed over, by the rule that is kept; each is a reason of `deduplication.py`.
PASSED_OVER: Mapping[str, str] = {
    "late: this episode has been resolved": "A message of a new episode would have fired again.",
    "no alert has this key": "Received after the message that opens it, it would have ended it.",
    "the alert had ended already": "While the alert was still firing, it would have ended it.",
    "late: it was received before what is known of the alert": (
        "Received after what is known of the alert, it would have ended it."
    ),
    "late: an earlier episode ended then": (
        "With an end after the present episode began, it would have ended it."
    ),
}


def told(at: datetime) -> str:
    """Return an instant as people read it: UTC, to the second."""
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def of_placing(alert: Alert, placed: Judgement, silence: Silence | None) -> str:
    """Return what would have placed an alert elsewhere."""
    match placed.code:
        case "opened":
            return of_opening(placed.rule)
        case "grouped":
            other = _other(placed.rule)
            return f"After that one was resolved, or {other}, it would have opened one of its own."
        case "fired-again":
            return "After that one was resolved, it would have opened a new one."
        case "silenced":
            about = f" (until {told(silence.ends_at)}, by {silence.created_by})" if silence else ""
            which = f"silence {alert.silence_id}" if alert.silence_id else placed.rule
            return (
                f"Without {which}{about}, or another that matches it, it would have"
                " opened an incident or joined an open one."
            )
        case "passed-over":
            return of_passing(placed)


def of_passing(passed: Judgement) -> str:
    """Return what would have made a message count; of an unknown rule, nothing."""
    return PASSED_OVER.get(passed.rule, "")


def of_repeating(alert: Alert) -> str:
    """Return what would have made a repeat news."""
    return (
        "After the alert had ended, or with another dedup key than"
        f" {alert.dedup_key}, it would have been news."
    )


def of_ending(alert: Alert) -> str:
    """Return what would have kept an alert firing."""
    match alert.ended_by:
        case "tool":
            return "Had its tool not said so, it would still have been firing."
        case "expired":
            when = f" before {told(alert.ended_at)}" if alert.ended_at else ""
            return f"Sent again{when}, it would still have been firing."
        case "person":
            return "Had its incident not been resolved, it would still have been firing."
        case None:
            return ""


def of_opening(rule: str) -> str:
    """Return what would have kept an incident from being opened by this rule."""
    if rule == BY_HAND:
        return "Had nobody opened it by hand, there would be none."
    if labels := _labels(rule):
        taken = f"An open incident with the same {labels} would have taken it in, within its window"
        return f"{taken}. {HELD_BACK}"
    return HELD_BACK


def of_state(incident: Incident, code: str) -> str:
    """Return what would have kept an incident paging, or open."""
    match code:
        case "resolved":
            return f"Had {incident.resolved_by} not resolved it, it would still be open."
        case "snoozed":
            return "Snoozed until an earlier time, it would have been triggered again then."
        case _:
            return f"Had {incident.acknowledged_by} not acknowledged it, the climb had gone on."


def _other(rule: str) -> str:
    labels = _labels(rule)
    return f"with another {labels}" if labels else "with another dedup key"


def _labels(rule: str) -> str:
    return rule.partition(GROUPED_BY)[2]
