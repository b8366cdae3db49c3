"""What notifier knows of an incident, and which pages an answer answers."""

from notifier.domain.incident import Incident
from tocsin.events import (
    Actor,
    AlertAdded,
    AlertSummary,
    IncidentAcknowledged,
    IncidentEvent,
    IncidentMerged,
    IncidentReassigned,
    IncidentReopened,
    IncidentResolved,
    IncidentSnoozed,
    IncidentTriggered,
    IncidentUnacknowledged,
    NoteAdded,
    SeverityChanged,
)
from tocsin.testing import START

BOB = Actor(kind="user", name="bob")


def alert(number: int) -> AlertSummary:
    return AlertSummary(
        alert_id=f"alert-{number}",
        dedup_key=str(number),
        title=f"Alert {number}",
        severity="error",
        source="generic",
    )


TRIGGERED = IncidentTriggered(
    incident_id="inc-1",
    version=1,
    number=7,
    title="Checkout is slow",
    service="checkout",
    severity="error",
    urgency="high",
    source="generic",
    alert=alert(1),
)


def after(*events: IncidentEvent) -> Incident:
    incident = Incident("inc-1")
    for event in events:
        incident = incident.apply(event)
    return incident


def test_a_triggered_incident_is_known_by_name() -> None:
    found = after(TRIGGERED)

    assert (found.number, found.title, found.status) == (7, "Checkout is slow", "triggered")
    assert found.alerts == (alert(1),)
    assert not found.has_answered(0)


def test_every_answer_answers_what_was_decided_before_it() -> None:
    answers: list[tuple[IncidentEvent, str]] = [
        (IncidentAcknowledged(incident_id="inc-1", version=2, by=BOB), "acknowledged by bob"),
        (
            IncidentSnoozed(incident_id="inc-1", version=2, by=BOB, until=START),
            "acknowledged by bob",
        ),
        (
            IncidentResolved(incident_id="inc-1", version=2, by=BOB, reason="command"),
            "resolved by bob",
        ),
        (IncidentMerged(incident_id="inc-1", version=2, by=BOB, into="inc-2"), "merged by bob"),
    ]
    for event, words in answers:
        found = after(TRIGGERED, event)
        assert found.answer == words
        assert found.has_answered(1)
        assert not found.has_answered(2)


def test_when_the_answer_ends_older_pages_stay_answered() -> None:
    found = after(
        TRIGGERED,
        IncidentAcknowledged(incident_id="inc-1", version=2, by=BOB),
        IncidentUnacknowledged(incident_id="inc-1", version=3, reason="acknowledgement-timeout"),
    )

    assert found.status == "triggered"
    assert found.has_answered(1)
    assert not found.has_answered(3)


def test_a_reassigned_incident_is_triggered_and_its_new_pages_are_not_answered() -> None:
    found = after(
        TRIGGERED,
        IncidentAcknowledged(incident_id="inc-1", version=2, by=BOB),
        IncidentReassigned(incident_id="inc-1", version=3, by=BOB, to=("ada",)),
    )

    assert found.status == "triggered"
    assert found.has_answered(1)
    assert not found.has_answered(3)


def test_events_that_are_known_change_nothing() -> None:
    found = after(
        TRIGGERED, IncidentResolved(incident_id="inc-1", version=5, by=BOB, reason="command")
    )

    assert found.apply(IncidentAcknowledged(incident_id="inc-1", version=5, by=BOB)) == found
    assert found.apply(TRIGGERED) == found


def test_a_reopened_incident_is_triggered() -> None:
    found = after(
        TRIGGERED,
        IncidentResolved(incident_id="inc-1", version=2, by=BOB, reason="command"),
        IncidentReopened(incident_id="inc-1", version=3, by=BOB),
    )

    assert found.status == "triggered"


def test_severity_and_version_follow() -> None:
    found = after(
        TRIGGERED,
        SeverityChanged(
            incident_id="inc-1", version=2, severity="critical", urgency="high", previous="error"
        ),
        NoteAdded(incident_id="inc-1", version=3, by=BOB, text="looking"),
    )

    assert (found.severity, found.version) == ("critical", 3)


def test_twenty_alerts_are_kept_and_the_rest_is_counted() -> None:
    found = after(
        TRIGGERED,
        *(AlertAdded(incident_id="inc-1", version=n, alert=alert(n)) for n in range(2, 31)),
    )

    assert len(found.alerts) == 20
    assert found.more == 10


def test_an_alert_that_fires_again_is_not_another() -> None:
    found = after(
        TRIGGERED, AlertAdded(incident_id="inc-1", version=2, alert=alert(1), reopened=True)
    )

    assert found.alerts == (alert(1),)
