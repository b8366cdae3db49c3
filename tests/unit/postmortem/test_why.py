"""Why somebody was paged, or nobody: one test for each branch of the decisions."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortem.domain.saying import say
from postmortem.domain.why import Why, why
from tests.unit.postmortem.stories import (
    ADA,
    BOB,
    INCIDENT,
    START,
    acknowledged,
    added,
    alert,
    alert_ended,
    at,
    envelope,
    logs,
    night,
    notification,
    page,
    reopened,
    resolved,
    triggered,
)
from tocsin import events as e
from tocsin.events import Envelope, Event

REASON = (
    "level 1 of policy payments, loop 1",
    "schedule primary",
    "layer weekday, turn 12",
    "user ada",
)


def told(*events: Event) -> Why:
    """Return the answer after these events, one a second."""
    return why(INCIDENT, [envelope(f"e{n:02d}", n, one) for n, one in enumerate(events)])


def said(answer: Why, code: str) -> str:
    """Return the one sentence with this code."""
    (found,) = [one.sentence for one in answer.decisions if one.code == code]
    return found


def codes(answer: Why) -> list[str]:
    return [one.code for one in answer.decisions]


def started(levels: int = 2, policy: str = "payments") -> e.EscalationStarted:
    return e.EscalationStarted(
        incident_id=INCIDENT, policy=policy, catalog_version=3, levels=levels, repeat=1
    )


def exhausted(*last_resort: str, reason: str = "nobody answered") -> e.EscalationExhausted:
    return e.EscalationExhausted(
        incident_id=INCIDENT, policy="payments", loops=2, last_resort=last_resort, reason=reason
    )


def skipped(reason: str = "schedule primary: nobody is on call") -> e.LevelSkipped:
    return e.LevelSkipped(incident_id=INCIDENT, policy="payments", level=1, loop=1, reason=reason)


def paged(**more: Any) -> e.PageRequested:
    return page().model_copy(update={"reason": REASON, **more})


def test_why_was_ada_paged() -> None:
    answer = told(triggered(rule="grouped by cluster"), started(), paged())
    (sentence,) = answer.answer
    assert sentence == (
        "ada was paged at 2026-03-03 02:14:02 UTC because service checkout has policy payments;"
        " level 1 of policy payments, loop 1; schedule primary; layer weekday, turn 12; user ada."
    )
    decision = answer.decisions[-1]
    assert (decision.code, decision.rule, decision.catalog_version) == (
        "paged",
        "policy payments",
        3,
    )
    assert decision.inputs["chain"] == list(REASON)
    assert decision.event_id == "e02"
    assert "grouped by cluster" in said(answer, "incident-opened")


def test_why_nobody_grouped_into_an_incident_that_is_acknowledged() -> None:
    answer = told(triggered(), acknowledged(2, ADA), added(3, rule="grouped by cluster"))
    assert said(answer, "alert-grouped") == (
        "Alert SlowQueries joined the incident at 2026-03-03 02:14:02 UTC: grouped by cluster."
        " That alone pages nobody; ada acknowledged the incident at 2026-03-03 02:14:01 UTC."
    )
    assert answer.answer == (
        "Nobody was paged: ada acknowledged the incident at 2026-03-03 02:14:01 UTC.",
    )


def test_why_nobody_now_acknowledged_already() -> None:
    answer = told(triggered(), paged(), acknowledged(2, BOB, via="mail"))
    assert answer.answer[-1].startswith("Nobody is paged now: bob acknowledged")
    assert "by mail" in said(answer, "acknowledged")


def test_why_nobody_snoozed() -> None:
    until = START + timedelta(hours=2)
    snoozed = e.IncidentSnoozed(incident_id=INCIDENT, version=2, by=ADA, until=until)
    answer = told(triggered(), snoozed)
    assert answer.answer == (
        "Nobody was paged: ada snoozed the incident until 2026-03-03 04:14:00 UTC.",
    )


def test_why_again_after_an_acknowledgement_that_timed_out() -> None:
    again = e.IncidentUnacknowledged(
        incident_id=INCIDENT, version=3, reason="acknowledgement-timeout"
    )
    answer = told(triggered(), acknowledged(2), again, paged())
    assert "the acknowledgement timed out" in said(answer, "paging-again")
    assert len(answer.answer) == 1, "nobody has it any more"


def test_why_it_can_wait_low_urgency() -> None:
    answer = told(triggered(severity="warning", urgency="low"), paged(urgency="low"))
    assert "urgency is low, because its severity is warning" in said(answer, "low-urgency")
    assert answer.decisions[-1].inputs["urgency"] == "low"


def test_why_nobody_no_policy() -> None:
    reason = "service checkout has no escalation policy; no last resort is configured"
    answer = told(triggered(), started(0, "none"), exhausted(reason=reason))
    assert answer.answer == (f"Nobody was paged: {reason}.",)
    assert codes(answer)[1:] == ["no-policy", "exhausted"]


def test_why_the_next_level_an_empty_one_was_skipped() -> None:
    answer = told(triggered(), started(), skipped(), paged(level=2))
    assert "schedule primary: nobody is on call" in said(answer, "level-skipped")
    assert len(answer.answer) == 1
    assert answer.answer[0].startswith("ada was paged")


def test_why_the_next_level_one_was_passed_over() -> None:
    reason = "it is for high urgency, and the incident's is low"
    over = skipped(reason).model_copy(update={"passed_over": True})
    answer = told(triggered(), started(), over, paged(level=2))
    assert said(answer, "level-passed-over").endswith(f"its condition did not hold: {reason}.")
    assert "level-skipped" not in codes(answer)


def test_why_nobody_every_level_is_empty_and_there_is_no_last_resort() -> None:
    reason = "no level has anybody to page; no last resort is configured"
    answer = told(triggered(), started(), skipped(), exhausted(reason=reason))
    assert answer.answer == (f"Nobody was paged: {reason}.",)
    assert "there is no last resort either" in said(answer, "exhausted")


def test_why_the_last_resort() -> None:
    last = paged(level=0, reason=("last resort", "user ada"))
    answer = told(triggered(), started(), exhausted("ada"), last)
    assert "the last resort is ada" in said(answer, "exhausted")
    assert "last resort; user ada" in said(answer, "last-resort")


def test_why_not_bob_no_contact_method() -> None:
    answer = told(triggered(), paged(reason=(*REASON, "not paged: user bob has no contact method")))
    assert said(answer, "not-paged").endswith("user bob has no contact method.")
    assert "bob" not in answer.answer[0]


def test_why_another_method_the_first_failed() -> None:
    failed = notification(
        e.NotificationFailed, kind="target-gone", reason="410 Gone", contact_method="phone"
    )
    sent = notification(e.NotificationSent, rule="high after 5m")
    answer = told(triggered(), paged(), failed, sent)
    assert "410 Gone; the next contact method takes over" in said(answer, "method-failed")
    assert said(answer, "sent").endswith("by the rule high after 5m.")


def test_why_later_an_attempt_is_tried_again() -> None:
    failed = notification(e.NotificationFailed, kind="transient", reason="503", retry_at=at(60))
    assert "tried again at 2026-03-03 02:15:00 UTC" in said(told(failed), "attempt-failed")


def test_why_the_next_at_once_nobody_was_reached() -> None:
    gone = e.ResponderUnreachable(
        incident_id=INCIDENT, page_id="pg-ada", responder="ada", reason="every method failed"
    )
    assert "who is next is paged at once" in said(told(triggered(), paged(), gone), "unreachable")


def test_why_twice_nobody_can_know() -> None:
    unknown = notification(e.NotificationUncertain, reason="timeout")
    assert "sent again under the same identity" in said(told(paged(), unknown), "uncertain")


def test_why_not_told_the_page_was_withdrawn() -> None:
    gone = e.PageWithdrawn(
        incident_id=INCIDENT, page_id="pg-ada", responder="ada", reason="acknowledged"
    )
    unsent = notification(e.NotificationWithdrawn, reason="acknowledged")
    answer = told(triggered(), paged(), acknowledged(2), gone, unsent)
    assert codes(answer)[-2:] == ["page-withdrawn", "not-sent"]


def test_why_announced_again_an_obligation_was_overdue() -> None:
    answer = told(triggered(), triggered(again=True), paged())
    assert "no page was heard of within its time" in said(answer, "announced-again")


def test_why_late_an_outage_held_it_up() -> None:
    answer = told(triggered(), paged(due_at=at(-600)))
    assert answer.answer[0].endswith("It was due at 2026-03-03 02:04:00 UTC; an outage held it up.")


def test_why_nothing_a_record_was_poison() -> None:
    letter = e.DeadLettered(
        dead_letter_id="dl-1",
        consumer="escalation.incidents",
        topic="incidents",
        partition=0,
        offset=1,
        origin_key=INCIDENT,
        reason="not JSON",
        error="Undecodable",
        payload="",
        first_seen_at=START,
    )
    answer = told(triggered(), letter)
    assert "tocsin dead-letters show dl-1" in said(answer, "dead-letter")


def test_why_refused() -> None:
    refused = e.CommandRefused(
        incident_id=INCIDENT,
        command="tocsin.acknowledge-incident.v1",
        by=ADA,
        reason="it is resolved",
    )
    assert said(told(triggered(), refused), "refused").endswith("refused: it is resolved")


def test_why_is_somebody_paged_who_stands_on_no_level() -> None:
    theirs = e.IncidentReassigned(
        incident_id=INCIDENT, version=3, by=ADA, to=("team:web",), reason="they wrote it"
    )
    asked = e.IncidentEscalated(incident_id=INCIDENT, version=4, by=ADA, to=("bob",))
    named = paged(named=True, reason=("reassigned by ada: they wrote it", "team web", "user ada"))
    answer = told(triggered(), started(), acknowledged(2), theirs, named, asked)
    assert said(answer, "reassigned").endswith(
        "ada made it the business of team web: they wrote it."
    )
    assert said(answer, "escalated").endswith("ada asked for bob as well.")
    assert said(answer, "paged") == (
        "ada was paged at 2026-03-03 02:14:04 UTC:"
        " reassigned by ada: they wrote it; team web; user ada."
    )
    assert answer.decisions[-1].inputs == {"to": ["bob"], "by": "ada"}
    assert not any("Nobody is paged now" in one for one in answer.answer), "it was acknowledged"


def test_why_not_yet_before_anything_was_heard() -> None:
    assert told(triggered()).answer[0].endswith("see `tocsin status`.")
    assert "its first page is to come" in told(triggered(), started()).answer[0]


def test_the_whole_life_of_an_incident() -> None:
    answer = told(
        triggered(alert=alert()),
        e.SeverityChanged(
            incident_id=INCIDENT, version=2, severity="error", urgency="high", previous="critical"
        ),
        e.IncidentReassigned(incident_id=INCIDENT, version=3, by=ADA, to=("bob",)),
        alert_ended(4, "expired", times_received=17),
        resolved(5, ADA, "alerts-resolved"),
        reopened(6),
        e.IncidentMerged(incident_id=INCIDENT, version=7, by=ADA, into="inc-2"),
    )
    assert codes(answer) == [
        "incident-opened",
        "severity-changed",
        "reassigned",
        "alert-ended",
        "resolved",
        "reopened",
        "merged",
    ]
    assert answer.decisions[3].inputs["times_received"] == 17


@settings(deadline=None)
@given(logs(), st.randoms(use_true_random=False))
def test_the_answer_does_not_depend_on_the_order_of_arrival(
    log: list[Envelope[Event]], chance: Any
) -> None:
    shuffled = list(log)
    chance.shuffle(shuffled)
    assert why(INCIDENT, shuffled) == why(INCIDENT, log)


@pytest.mark.parametrize("kind", [one for one in e.ALL if one.TOPIC in {"incidents", "pages"}])
def test_every_decision_of_intake_and_escalation_has_a_sentence(kind: type[Event]) -> None:
    silent = {e.NoteAdded, e.AlertSuppressed, e.SilenceChanged, e.SilenceRefused}
    assert (say.dispatch(kind) is say.dispatch(object)) == (kind in silent)


def test_a_night_says_who_when_and_why() -> None:
    answer = why(INCIDENT, night())
    assert [one.partition(" was paged")[0] for one in answer.answer[:2]] == ["ada", "bob"]
    assert answer.answer[-1].startswith("Nobody is paged now: the incident was resolved")


def test_what_concerns_one_person_is_what_names_them() -> None:
    bob_missed = skipped("user bob has no contact method; user eve is not in the catalog")
    theirs = e.IncidentReassigned(incident_id=INCIDENT, version=2, by=ADA, to=("user:bob",))
    answer = told(
        triggered(title="bob"),
        started(),
        bob_missed,
        paged(level=2, reason=(*REASON, "not paged: user bob has no contact method")),
        notification(e.NotificationSent, "ada"),
        theirs,
        e.IncidentReassigned(incident_id=INCIDENT, version=3, by=ADA, to=("team:bob",)),
        acknowledged(4, BOB),
    )
    assert codes(answer.about("bob")) == [
        "level-skipped",
        "not-paged",
        "reassigned",
        "acknowledged",
    ]
    assert codes(answer.about("ada")) == ["paged", "sent", "reassigned", "reassigned"]
    assert codes(answer.about("eve")) == ["level-skipped"]
    assert answer.people == {"ada", "bob", "eve"}


def test_the_answer_about_one_person_tells_of_their_pages_alone() -> None:
    answer = told(triggered(), paged(), page("bob", 2), page("eve", 0), acknowledged(2, BOB))
    hers, his = answer.about("ada").answer, answer.about("bob").answer
    assert hers[0].startswith("ada was paged")
    assert his[0].startswith("bob was paged")
    assert hers[1:] == his[1:] == answer.answer[-1:]
    assert codes(answer.about("eve")) == ["last-resort"]
    assert answer.about("eve").answer[0].startswith("eve was paged")
    none, ended = answer.about("carol").answer
    assert none == "No page to carol is recorded for this incident."
    assert ended.startswith("Nobody is paged now: bob acknowledged")


def test_who_did_what_stands_in_its_inputs() -> None:
    refused = e.CommandRefused(incident_id=INCIDENT, command="x", by=ADA, reason="it is resolved")
    merged = e.IncidentMerged(incident_id=INCIDENT, version=4, by=ADA, into="inc-2")
    again = e.IncidentUnacknowledged(incident_id=INCIDENT, version=2, reason="command", by=ADA)
    answer = told(triggered(), again, reopened(3, ADA), merged, refused)
    assert codes(answer.about("ada")) == ["paging-again", "reopened", "merged", "refused"]
    assert codes(answer)[1:] == codes(answer.about("ada"))
