"""What would have altered whom escalation paged, or that it paged nobody."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from tocsin import events as e

ANSWERS = frozenset({"acknowledged", "snoozed", "resolved", "merged"})
# What escalation says of a target that it cannot page, and with what it could have.
MISSED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"user (\S+) has no contact method"), "a contact method of {}"),
    (re.compile(r"user (\S+) is not in the catalog"), "{} and a contact method in the catalog"),
    (re.compile(r"team (\S+) has no members"), "members of team {}"),
    (re.compile(r"(team|schedule) (\S+) is not in the catalog"), "{} {} in the catalog"),
    (re.compile(r"schedule (\S+): nobody is on call"), "anybody on call for schedule {}"),
    (re.compile(r"(the level has no targets)|(it names nobody)"), "somebody to page on it"),
)


def _wanted(text: str) -> list[str]:
    """Return what was missing, each with its kind of remedy."""
    return [
        remedy.format(*found.groups())
        for pattern, remedy in MISSED
        for found in pattern.finditer(text)
    ]


def _no_policy(_event: e.EscalationStarted, _: str) -> str:
    return "With an escalation policy that has a level, those of its first level had been asked."


def _policy_taken(event: e.EscalationStarted, _: str) -> str:
    named = f"Had its service named another policy in catalog {event.catalog_version}"
    return f"{named}, that one would have been taken."


def _skipped(event: e.LevelSkipped, _: str) -> str:
    wanted = " or ".join(_wanted(event.reason))
    return f"With {wanted}, level {event.level} would not have been skipped." if wanted else ""


def _passed_over(event: e.LevelSkipped, _: str) -> str:
    return event.instead


def _not_paged(_event: e.PageRequested, sentence: str) -> str:
    wanted = " or ".join(_wanted(sentence))
    return f"With {wanted}, they would have been paged as well." if wanted else ""


def _paged(event: e.PageRequested, _: str) -> str:
    if event.named and not event.instead:
        return f"Had nobody asked for {event.responder} by name, this page would not have been."
    return event.instead or _led_elsewhere(event)


def _led_elsewhere(event: e.PageRequested) -> str:
    """Return which part of the chain would have led to somebody else, were it another."""
    level = f"level {event.level} of policy {event.policy}"
    for one in sorted(event.reason, key=_nearness):
        if one.endswith(" as a shadow"):
            return "Were they no shadow, they would not have been paged."
        if one.startswith("next on call, "):
            return f"Had {level} not asked for the next on call, they would not have been paged."
        if one.startswith("round robin: "):
            return f"At another's turn on {level}, somebody else would have been paged."
        if one.startswith("schedule "):
            return f"With an override of {one}, somebody else would have been paged."
        if one.startswith(("user ", "team ")):
            return f"Did {level} name somebody else, they would have been paged."
    return ""


def _nearness(one: str) -> int:
    """Return which links of a chain are looked at first: those about this person alone."""
    return 0 if one.endswith(" as a shadow") or one.startswith(("next on call", "round")) else 1


def _last_resort(event: e.PageRequested, _: str) -> str:
    return event.instead


def _withdrawn(event: e.PageWithdrawn, _: str) -> str:
    if event.reason not in ANSWERS | {"reassigned"}:
        return ""
    return f"Had the incident not been {event.reason}, the page would have stood."


def _exhausted(event: e.EscalationExhausted, _: str) -> str:
    found = [event.instead]
    if "no level has anybody to page" in event.reason:
        found = ["With anybody to page on one of its levels, it would not have been through."]
    elif "no level that takes part now has anybody to page" in event.reason:
        found = ["With anybody to page on a level that takes part, it would not have been through."]
    if not event.last_resort:
        found.append("With a last resort who can be paged, they would have been.")
    return " ".join(filter(None, found))


# Each takes the events that have its code alone: what the keys say, a type of the mapping cannot.
OF_PAGES: Mapping[str, Callable[[Any, str], str]] = {
    "no-policy": _no_policy,
    "policy-taken": _policy_taken,
    "level-skipped": _skipped,
    "level-passed-over": _passed_over,
    "paged": _paged,
    "not-paged": _not_paged,
    "last-resort": _last_resort,
    "page-withdrawn": _withdrawn,
    "exhausted": _exhausted,
}
