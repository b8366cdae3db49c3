"""Channels and webhooks on the timeline and in the answer to why: told, and nobody was paged."""

from typing import Any

import pytest

from postmortem.domain.facts import facts
from postmortem.domain.metrics import metrics
from postmortem.domain.timeline import timeline
from postmortem.domain.why import why
from tests.unit.postmortem.stories import INCIDENT, at, envelope, notification, page, triggered
from tocsin import events as e
from tocsin.events import Event
from tocsin.why import NOBODY

BASE: dict[str, Any] = {
    "incident_id": INCIDENT,
    "announcement_id": "ann-1",
    "target": "channel ops",
    "channel": "slack",
    "delivery_id": "d-1",
}


def asked(**more: Any) -> e.AnnouncementRequested:
    given: dict[str, Any] = {
        "incident_id": INCIDENT,
        "announcement_id": "ann-1",
        "incident_version": 1,
        "number": 7,
        "title": "HighErrorRate",
        "service": "checkout",
        "severity": "critical",
        "urgency": "high",
        "target": "channel ops",
        "level": 2,
        "loop": 1,
        "policy": "payments",
        "catalog_version": 3,
    }
    return e.AnnouncementRequested(**(given | more))


def tried(outcome: Any, **more: Any) -> e.AnnouncementAttempted:
    return e.AnnouncementAttempted(**BASE, outcome=outcome, **more)


WITHDRAWN = e.AnnouncementWithdrawn(**BASE, reason="acknowledged by ada")
RETRIED = tried("failed", reason="HTTP 503", retry_at=at(30))
SKIPPED = e.LevelSkipped(
    incident_id=INCIDENT,
    policy="payments",
    level=1,
    loop=1,
    reason="it names nobody, and only tells channel ops",
)
WHEN = "2026-03-03 02:14:30 UTC"


@pytest.mark.parametrize(
    ("event", "line", "code", "sentence"),
    [
        (
            asked(),
            "channel ops to be told (level 2 of payments)",
            "announced",
            (
                "channel ops was to be told, because level 2 of policy payments names it;"
                " that wakes nobody, and nobody waits for its answer."
            ),
        ),
        (
            asked(due_at=at(30)),
            "channel ops to be told (level 2 of payments)",
            "announced",
            f" It was due at {WHEN}; an outage held it up.",
        ),
        (
            tried("sent"),
            "channel ops told by slack",
            "announcement-sent",
            "slack took the message to channel ops at ",
        ),
        (
            tried("delivered", late_seconds=300),
            "channel ops told by slack, 5 min late",
            "announcement-delivered",
            "The message reached channel ops by slack at ",
        ),
        (
            RETRIED,
            "telling channel ops by slack failed: HTTP 503",
            "announcement-failed",
            f": HTTP 503; it is tried again at {WHEN}.",
        ),
        (
            tried("failed", reason="HTTP 410"),
            "channel ops not told, and given up: HTTP 410",
            "announcement-given-up",
            ": HTTP 410; it is given up.",
        ),
        (
            tried("uncertain", reason="no answer", retry_at=at(30)),
            "unknown whether channel ops was told by slack: no answer",
            "announcement-uncertain",
            f": no answer; it is tried again at {WHEN}.",
        ),
        (
            WITHDRAWN,
            "telling channel ops by slack withdrawn: acknowledged by ada",
            "announcement-withdrawn",
            "channel ops was not told: withdrawn at ",
        ),
    ],
)
def test_each_event_has_a_line_and_a_reason(
    event: Event, line: str, code: str, sentence: str
) -> None:
    log = [envelope("e1", 0, event)]
    (entry,) = timeline(log)
    assert entry.text == line
    (decision,) = why(INCIDENT, log).decisions
    assert decision.code == code
    assert sentence in decision.sentence


def test_another_attempt_is_told_beside_the_line() -> None:
    (entry,) = timeline([envelope("e1", 0, RETRIED)])
    assert entry.detail == f"another attempt at {WHEN}"


def test_whoever_was_told_is_nobody_that_was_paged() -> None:
    log = [
        envelope("e1", 0, triggered()),
        envelope("e2", 1, SKIPPED),
        envelope("e3", 1, asked(level=1)),
        envelope("e4", 2, tried("delivered")),
    ]
    (answer,) = why(INCIDENT, log).answer
    assert answer == f"{NOBODY}: it names nobody, and only tells channel ops."
    first = {one.name: one.value for one in metrics([*log])}["time to first page"]
    assert first is None


def test_a_first_page_is_one_to_a_person() -> None:
    log = [
        envelope("e1", 0, triggered()),
        envelope("e2", 1, asked()),
        envelope("e3", 1, page("ada")),
        envelope("e4", 2, tried("delivered")),
        envelope("e5", 9, notification(e.NotificationSent, "ada")),
    ]
    known = facts(INCIDENT, log)
    (first,) = [one.value for one in known.metrics if one.name == "time to first page"]
    assert first == at(9) - at(0)
    assert [entry.event_id for entry in known.story] == ["e1", "e2", "e3", "e4", "e5"]
