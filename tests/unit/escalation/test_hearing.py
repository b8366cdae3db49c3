"""What each event of an incident means for its climb, late, twice and out of the blue."""

from datetime import timedelta
from typing import Any

import pytest

from escalation.domain.escalation import Decision, Escalation
from escalation.domain.hearing import hear
from escalation.domain.status import Exhausted, Halted, Waiting
from tests.unit.escalation.examples import ADA, NOW, alert, minutes, triggered, two_levels
from tocsin.events import (
    AlertAdded,
    IncidentAcknowledged,
    IncidentEvent,
    IncidentMerged,
    IncidentReassigned,
    IncidentReopened,
    IncidentResolved,
    IncidentSnoozed,
    IncidentTriggered,
    IncidentUnacknowledged,
    PageRequested,
    SeverityChanged,
)

IN_FORCE = two_levels()


def ack(version: int) -> IncidentAcknowledged:
    return IncidentAcknowledged(incident_id="i1", version=version, by=ADA)


def unack(version: int) -> IncidentUnacknowledged:
    return IncidentUnacknowledged(
        incident_id="i1", version=version, reason="acknowledgement-timeout"
    )


def heard(*events: IncidentEvent, climb: Escalation | None = None) -> Decision:
    """Hear events a minute apart; return what followed from the last."""
    decision = Decision(climb or Escalation.unknown("i1"))
    for number, event in enumerate(events):
        at = NOW + number * timedelta(minutes=1)
        decision = hear(decision.escalation, event, at, IN_FORCE)
    return decision


def pages(decision: Decision) -> list[PageRequested]:
    return [fact for fact in decision.facts if isinstance(fact, PageRequested)]


def test_a_triggered_incident_is_paged() -> None:
    assert [page.responder for page in pages(heard(triggered()))] == ["ada"]


SETTLED: list[tuple[Any, str]] = [
    (ack(2), "acknowledged"),
    (IncidentSnoozed(incident_id="i1", version=2, by=ADA, until=NOW + minutes(60)), "snoozed"),
    (IncidentResolved(incident_id="i1", version=2, by=ADA, reason="command"), "resolved"),
    (IncidentMerged(incident_id="i1", version=2, by=ADA, into="i2"), "merged"),
]


@pytest.mark.parametrize(("event", "reason"), SETTLED)
def test_an_answer_halts_the_climb(event: IncidentEvent, reason: str) -> None:
    decision = heard(triggered(), event)
    assert decision.escalation.status == Halted(reason, 1, 1)  # type: ignore[arg-type]
    assert [type(fact).__name__ for fact in decision.facts] == ["PageWithdrawn"]


def test_a_trigger_replayed_after_its_acknowledgement_restarts_nothing() -> None:
    halted = heard(triggered(), ack(2))
    assert heard(triggered(), climb=halted.escalation) == Decision(halted.escalation)


def test_an_acknowledgement_replayed_after_its_timeout_halts_nothing() -> None:
    climbing = heard(triggered(), ack(2), unack(3))
    assert heard(ack(2), climb=climbing.escalation) == Decision(climbing.escalation)
    assert isinstance(climbing.escalation.status, Waiting)


def test_a_timeout_pages_again_from_the_first_level_for_that_version() -> None:
    decision = heard(triggered(), ack(2), unack(3))
    (page,) = pages(decision)
    assert (page.responder, page.level, page.loop, page.incident_version) == ("ada", 1, 1, 3)


def test_a_reopened_incident_starts_anew() -> None:
    over = heard(
        triggered(), IncidentResolved(incident_id="i1", version=2, by=ADA, reason="command")
    )
    decision = heard(IncidentReopened(incident_id="i1", version=3, by=ADA), climb=over.escalation)
    assert [type(fact).__name__ for fact in decision.facts] == [
        "EscalationStarted",
        "PageRequested",
    ]


def test_an_incident_that_becomes_urgent_pages_its_level_again_and_keeps_climbing() -> None:
    worse = SeverityChanged(
        incident_id="i1", version=2, severity="critical", urgency="high", previous="warning"
    )
    low = triggered(severity="warning", urgency="low")
    decision = heard(low, worse)
    (again,) = pages(decision)
    assert (again.urgency, again.incident_version) == ("high", 2)
    climb = decision.escalation  # It has its whole time from the urgent page on.
    assert climb.status == Waiting(1, 1, NOW + minutes(6))
    (page,) = pages(climb.advance(NOW + minutes(6), IN_FORCE))
    assert (page.severity, page.urgency, page.incident_version) == ("critical", "high", 2)


def test_alerts_that_join_are_told_by_later_pages() -> None:
    climb = heard(triggered(), AlertAdded(incident_id="i1", version=2, alert=alert(2))).escalation
    (page,) = pages(climb.advance(NOW + minutes(5), IN_FORCE))
    assert [one.alert_id for one in page.alerts] == ["alert-1", "alert-2"]


def test_a_reassigned_incident_pages_its_new_people() -> None:
    decision = heard(
        triggered(), IncidentReassigned(incident_id="i1", version=2, by=ADA, to=("bob",))
    )
    assert [page.responder for page in pages(decision)] == ["bob"]


def test_an_acknowledgement_out_of_the_blue_halts_and_keeps_an_old_trigger_from_paging() -> None:
    halted = heard(ack(2))
    assert halted.facts == ()
    late = heard(triggered(), climb=halted.escalation)
    assert late.facts == ()
    assert isinstance(late.escalation.status, Halted)
    assert late.escalation.incident.title == "Checkout is down"


def test_a_timeout_of_what_is_then_known_climbs_its_policy() -> None:
    halted = heard(ack(2))
    late = heard(triggered(), climb=halted.escalation)
    decision = heard(unack(3), climb=late.escalation)
    assert [page.responder for page in pages(decision)] == ["ada"]


@pytest.mark.parametrize(
    "event",
    [
        unack(3),
        AlertAdded(incident_id="i1", version=3, alert=alert(3)),
        SeverityChanged(
            incident_id="i1", version=3, severity="error", urgency="high", previous="warning"
        ),
    ],
)
def test_a_sign_of_life_of_an_unknown_incident_pages_the_last_resort(event: IncidentEvent) -> None:
    decision = heard(event)
    (page,) = pages(decision)
    assert (page.responder, page.level) == ("carol", 0)
    assert isinstance(decision.escalation.status, Exhausted)


def test_more_signs_of_life_page_nobody_again() -> None:
    first = heard(AlertAdded(incident_id="i1", version=3, alert=alert(3)))
    second = heard(AlertAdded(incident_id="i1", version=4, alert=alert(4)), climb=first.escalation)
    assert second.facts == ()


def test_a_trigger_that_comes_late_pages_whom_its_policy_names() -> None:
    last = heard(AlertAdded(incident_id="i1", version=3, alert=alert(3)))
    late = heard(triggered(), climb=last.escalation)
    assert [page.responder for page in pages(late)] == ["ada"]
    assert late.escalation.status == Waiting(1, 1, NOW + minutes(5))
    assert heard(triggered(), climb=late.escalation).facts == ()
    climb, seen = late.escalation, pages(last) + pages(late)
    for at in (5, 15):
        step = climb.advance(NOW + minutes(at), IN_FORCE)
        climb, seen = step.escalation, seen + pages(step)
    assert [page.responder for page in seen] == ["carol", "ada", "bob", "carol"]
    assert len({page.page_id for page in seen}) == len(seen)


def test_a_late_trigger_of_a_service_without_a_policy_pages_nobody_again() -> None:
    last = heard(AlertAdded(incident_id="i1", version=3, alert=alert(3)))
    late = heard(triggered(service="unheard-of"), climb=last.escalation)
    assert late.facts == ()
    assert late.escalation.incident.service == "unheard-of"


def test_a_trigger_after_help_was_called_for_starts_the_climb() -> None:
    asked = Escalation.unknown("i1").escalate_now(NOW, IN_FORCE)
    assert [page.responder for page in pages(asked)] == ["carol"]
    decision = heard(triggered(), climb=asked.escalation)
    assert [page.responder for page in pages(decision)] == ["ada"]
    assert {page.responder for page in decision.escalation.pages} == {"ada", "carol"}


def test_versions_are_remembered() -> None:
    assert heard(triggered(), ack(2), unack(3)).escalation.version == 3
    assert isinstance(triggered(), IncidentTriggered)
