"""The nearest change that would have altered a decision: for each code a sentence, or the reason why not."""

import ast
import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from escalation.domain.resolution import resolve
from postmortem.domain.instead import BY_CODE
from postmortem.domain.why import TAUGHT, why
from tests.unit.escalation.examples import NOW
from tests.unit.escalation.test_resolution import IN_FORCE, targets
from tests.unit.postmortem.stories import (
    ADA,
    BOB,
    INCIDENT,
    START,
    acknowledged,
    added,
    alert,
    alert_ended,
    envelope,
    notification,
    page,
    reopened,
    resolved,
    triggered,
)
from tests.unit.postmortem.test_announced import WITHDRAWN, asked
from tests.unit.postmortem.test_why import exhausted, paged, skipped, started
from tocsin import events as e
from tocsin.events import Event

# Codes that have no such sentence, each with why.
NONE = {
    "severity-changed": "it follows the alerts, and its tool decides what they are worth",
    "urgency-changed": "its reason is the clock or the catalog, and says so",
    "refused": "its reason says what the command lacked",
    "attempt-failed": "it is tried again: nothing was decided by it yet",
    "method-failed": "what the provider found wrong is in its sentence; no event says what is right",
    "uncertain": "nobody can know what happened, so nobody what would have",
    "dead-letter": "what could not be understood cannot be told as if it had been",
    "announcement-sent": "it is the outcome that was asked for",
    "announcement-delivered": "it is the outcome that was asked for",
    "announcement-failed": "it is tried again: nothing was decided by it yet",
    "announcement-given-up": "what was wrong is in its sentence; no event says what is right",
    "announcement-uncertain": "nobody can know what happened, so nobody what would have",
}
CODE = re.compile(r"[a-z]+(-[a-z]+)*-?")
SHUT = "With a last resort who can be paged, they would have been."
HELD_BACK = "A silence that matches the alert would have held it back: nobody had been told."


def about(kind: Any, **more: Any) -> Event:
    return kind(incident_id=INCIDENT, **more)  # type: ignore[no-any-return]


def by_name(kind: Any) -> Event:
    return about(kind, version=3, by=ADA, to=("bob",))


def again(reason: str, **more: Any) -> Event:
    return about(e.IncidentUnacknowledged, version=3, reason=reason, **more)


def unsent(reason: str) -> Event:
    return notification(e.NotificationWithdrawn, reason=reason)


def lost(reason: str) -> Event:
    return about(e.ResponderUnreachable, page_id="pg-ada", responder="ada", reason=reason)


def withdrawn(reason: str) -> Event:
    return about(e.PageWithdrawn, page_id="pg-ada", responder="ada", reason=reason)


def led(*chain: str, **more: Any) -> Event:
    return paged(reason=("level 1 of policy payments, loop 1", *chain), **more)


def over(instead: str = "") -> Event:
    more = {"passed_over": True, "instead": instead}
    return skipped("it is for low urgency").model_copy(update=more)


def missed(reason: str) -> Event:
    return led("user ada", f"not paged: {reason}")


def told(event: Event, code: str) -> str:
    """Return what would have altered the one decision with this code."""
    answer = why(INCIDENT, [envelope("e01", 0, event)])
    (found,) = [one.instead for one in answer.decisions if one.code == code]
    return found


PAGED: list[tuple[Event, str]] = [
    (
        led("schedule web", "layer weekly, turn 8", "user ada"),
        "With an override of schedule web, somebody else would have been paged.",
    ),
    (
        led("user ada"),
        "Did level 1 of policy payments name somebody else, they would have been paged.",
    ),
    (
        led("team web", "user ada"),
        "Did level 1 of policy payments name somebody else, they would have been paged.",
    ),
    (
        led("schedule web", "user ada as a shadow"),
        "Were they no shadow, they would not have been paged.",
    ),
    (
        led("schedule web", "next on call, from Mon 2026-03-09 08:00 UTC", "user ada"),
        (
            "Had level 1 of policy payments not asked for the next on call, they would not have been"
            " paged."
        ),
    ),
    (
        led("round robin: the turn of user ada", "user ada"),
        "At another's turn on level 1 of policy payments, somebody else would have been paged.",
    ),
    (led("requested again: nothing was heard of it"), ""),
    (
        led("schedule web", instead="Without the override swap, bob would have been on call."),
        "Without the override swap, bob would have been on call.",
    ),
    (
        led("user ada", named=True, instead="Acknowledged before then."),
        "Acknowledged before then.",
    ),
    (
        led("user ada", named=True),
        "Had nobody asked for ada by name, this page would not have been.",
    ),
]
CASES: list[tuple[str, Event, str]] = [
    ("incident-opened", triggered(alert=alert()), HELD_BACK),
    ("incident-opened", triggered(by=ADA), "Had ada not opened it, there would be none."),
    ("incident-opened", triggered(), ""),
    (
        "announced-again",
        triggered(again=True),
        "Had a page been heard of in time, it would have been announced once.",
    ),
    (
        "low-urgency",
        triggered(urgency="low"),
        "With urgency high, the high rules of each person had applied, and no quiet hours.",
    ),
    (
        "alert-grouped",
        added(2, rule="grouped by cluster"),
        (
            "After the incident was resolved, or with another cluster, it would have opened one of its"
            " own."
        ),
    ),
    (
        "alert-grouped",
        added(2),
        (
            "After the incident was resolved, or with another dedup key, it would have opened one of"
            " its own."
        ),
    ),
    (
        "alert-grouped",
        added(2, reopened=True),
        "After the incident was resolved, it would have opened a new one.",
    ),
    ("alert-ended", alert_ended(2), "Had its tool not said so, it would still have been firing."),
    (
        "alert-ended",
        alert_ended(2, "expired"),
        "Sent again in time, it would still have been firing.",
    ),
    (
        "acknowledged",
        acknowledged(2),
        "Had bob not acknowledged it, the climb would have gone on.",
    ),
    (
        "snoozed",
        about(e.IncidentSnoozed, version=2, by=BOB, until=START),
        "Snoozed until an earlier time, it would have been triggered again then.",
    ),
    (
        "paging-again",
        again("acknowledgement-timeout"),
        "Resolved before then, or snoozed for longer, it would have stayed quiet.",
    ),
    (
        "paging-again",
        again("command", by=BOB),
        "Had bob not asked for it, it would have stayed quiet.",
    ),
    ("resolved", resolved(2), "Had bob not resolved it, it would have stayed open."),
    (
        "resolved",
        resolved(2, reason="alerts-resolved"),
        "Had one of its alerts still been firing, it would have stayed open.",
    ),
    (
        "merged",
        about(e.IncidentMerged, version=2, by=BOB, into="inc-2"),
        "Had bob not merged it, its own climb would have gone on.",
    ),
    ("reopened", reopened(2), "Had ada not reopened it, nobody would have been paged anew."),
    (
        "reassigned",
        by_name(e.IncidentReassigned),
        "Had ada not reassigned it, it would have stayed with whom it was.",
    ),
    (
        "escalated",
        by_name(e.IncidentEscalated),
        "Had ada not asked for them, they would not have been paged for that.",
    ),
    (
        "no-policy",
        started(0),
        "With an escalation policy that has a level, those of its first level had been asked.",
    ),
    (
        "policy-taken",
        started(),
        "Had its service named another policy in catalog 3, that one would have been taken.",
    ),
    (
        "level-skipped",
        skipped("schedule web: nobody is on call; layer weekly, turn 8: ada cannot be reached"),
        "With anybody on call for schedule web, level 1 would not have been skipped.",
    ),
    (
        "level-skipped",
        skipped("user bob has no contact method; team empty has no members"),
        (
            "With a contact method of bob or members of team empty, level 1 would not have been"
            " skipped."
        ),
    ),
    ("level-skipped", skipped("something of a later release"), ""),
    (
        "level-passed-over",
        over("With urgency low, level 1 would have taken part."),
        "With urgency low, level 1 would have taken part.",
    ),
    ("level-passed-over", over(), ""),
    *(("paged", event, instead) for event, instead in PAGED),
    (
        "not-paged",
        missed("user bob has no contact method"),
        "With a contact method of bob, they would have been paged as well.",
    ),
    ("not-paged", missed("schedule web: nobody else is on call in the next month"), ""),
    (
        "last-resort",
        page(level=0).model_copy(update={"instead": "Acknowledged before then."}),
        "Acknowledged before then.",
    ),
    ("last-resort", page(level=0), ""),
    (
        "page-withdrawn",
        withdrawn("acknowledged"),
        "Had the incident not been acknowledged, the page would have stood.",
    ),
    ("page-withdrawn", withdrawn("replaced by later pages"), ""),
    (
        "exhausted",
        exhausted(reason="no level has anybody to page; no last resort is configured"),
        f"With anybody to page on one of its levels, it would not have been through. {SHUT}",
    ),
    (
        "exhausted",
        exhausted("ada", reason="no level that takes part now has anybody to page"),
        "With anybody to page on a level that takes part, it would not have been through.",
    ),
    (
        "exhausted",
        exhausted("ada").model_copy(update={"instead": "Acknowledged before then."}),
        "Acknowledged before then.",
    ),
    (
        "announced",
        asked(),
        ("Were it not named on level 2 of policy payments, channel ops would not have been told."),
    ),
    (
        "announcement-withdrawn",
        WITHDRAWN,
        "Had ada not acknowledged the incident, it would have been told.",
    ),
    (
        "sent",
        notification(e.NotificationSent, rule="low urgency: mail after 0s, held by quiet hours"),
        "With urgency high it would have gone at once, whatever the quiet hours.",
    ),
    (
        "delivered",
        notification(
            e.NotificationDelivered, rule="no rule for high urgency: every contact method at once"
        ),
        "With a notification rule for high urgency, that would have chosen the method.",
    ),
    ("sent", notification(e.NotificationSent, rule="high urgency: mail after 0s"), ""),
    (
        "not-sent",
        unsent("acknowledged by bob"),
        "Had bob not acknowledged the incident, it would have been sent.",
    ),
    (
        "not-sent",
        unsent("mail tells the same address at the same moment"),
        "With an address of its own, it would have been sent as well.",
    ),
    ("not-sent", unsent("acknowledged"), ""),
    ("not-sent", unsent("replaced by later pages"), ""),
    (
        "unreachable",
        lost("has no contact method"),
        "With a contact method, ada would have been told.",
    ),
    (
        "unreachable",
        lost("the catalog has no such person"),
        "With ada in the catalog, they would have been told.",
    ),
    (
        "unreachable",
        lost("mail: 410 Gone"),
        "Had one of their contact methods worked, the climb would have waited for them.",
    ),
]


@pytest.mark.parametrize(("code", "event", "instead"), CASES)
def test_what_would_have_altered_it(code: str, event: Event, instead: str) -> None:
    assert told(event, code) == instead


def codes() -> set[str]:
    """Return every code that a decision can have, as the source has them."""
    found = {code for module in TAUGHT for code in _written_in(module)}
    outcomes = {"sent", "delivered", "failed", "uncertain"}
    spelt = {f"{code}{outcome}" for code in found if code.endswith("-") for outcome in outcomes}
    return {code for code in found if not code.endswith("-")} | spelt


def _written_in(module: ModuleType) -> Iterator[str]:
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        match node:
            case ast.Yield(value=ast.Tuple(elts=[code, *_])):
                yield from _words(code)
            case ast.Assign(targets=[ast.Name(id="code")], value=value):
                yield from _words(value)
            case ast.Assign(
                targets=[ast.Tuple(elts=[_, ast.Name(id="code")])],
                value=ast.Tuple(elts=[_, value]),
            ):
                yield from _words(value)


def _words(node: ast.expr) -> Iterator[str]:
    # Not what a code depends on: of a choice only what is chosen.
    parts = [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]
    for part in parts:
        for one in ast.walk(part):
            if isinstance(one, ast.Constant) and CODE.fullmatch(str(one.value)):
                yield str(one.value)


def test_every_code_has_a_sentence_or_a_reason_why_it_has_none() -> None:
    assert set(BY_CODE) | set(NONE) == codes()
    assert not set(BY_CODE) & set(NONE)
    assert {code for code, _, instead in CASES if instead} == set(BY_CODE)


@pytest.mark.parametrize("target", ["gone", "team:gone", "schedule:gone", "team:empty", "mute"])
def test_whatever_escalation_cannot_page_has_a_remedy(target: str) -> None:
    (reason,) = resolve(targets(target), IN_FORCE, NOW).missed
    assert told(missed(reason), "not-paged")
    assert told(skipped(reason), "level-skipped")
